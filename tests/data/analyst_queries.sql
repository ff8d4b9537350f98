-- What analysts write, each under a name: all of it must be answered. Refusing too much is a failure as well.
-- Over the small district of the tests; `-- gives:` is what must be found in the answer.

-- asks: a table
-- gives: S1
select * from site
-- asks: a table without select
-- gives: S2
from site
-- asks: a semicolon at the end
-- gives: S1
select site_code from site;
-- asks: semicolons, blank lines and comments around
-- gives: S1

-- which sites?
/* all of /* them */ */
select site_code -- the code
from site /* here */ ;
;

-- asks: capitals and line ends of Windows
-- gives: S1
SELECT SITE_CODE
FROM SITE
-- asks: Chinese names for columns and parts
-- gives: 东华名岸
with 站点 as (select site_name as 名称, unit_count as "采样台（个）" from site) select 名称, "采样台（个）" from 站点
-- asks: a full-width space and comma in a text
-- gives: ，
select '东华　名岸，' as t
-- asks: in full, by its schema
-- gives: S1
select situation.main.site.site_code from situation.main.site
-- asks: a column called as a keyword
-- gives: 3
select 3 as "select", 4 as "order"
-- asks: all columns but one
-- gives: site_name
select * exclude (lon, lat) from site
-- asks: a column in place of another
-- gives: s1
select * replace (lower(site_code) as site_code) from site
-- asks: columns renamed
-- gives: code
select * rename (site_code as code) from site
-- asks: columns by a pattern
-- gives: site_name_en
select columns('site_.*') from site
-- asks: the same of many columns
-- gives: 2
select count(columns(* exclude (lon, lat))) from site
-- asks: columns by a function
-- gives: lon
select columns(c -> c like 'l%') from site
-- asks: columns like a pattern
-- gives: grid_code
select * like 'grid%' from site
-- asks: group by all, order by all
-- gives: S1
select site_code, channel, count(*) as n from registration group by all order by all
-- asks: group by a place, order by a place
-- gives: 7
select site_code, count(*) from registration group by 1 order by 2 desc
-- asks: an alias in where, group by and having
-- gives: S1
select site_code as s, count(*) as n from registration where s <> 'S9' group by s having n > 2
-- asks: the alias before the value
-- gives: twice
select twice: unit_count * 2, from site
-- asks: a column's value used again
-- gives: 12
select 3 as a, a * 4 as b
-- asks: rollup
-- gives: None
select site_code, count(*) as n from registration group by rollup (site_code) order by all
-- asks: cube and grouping
-- gives: 9
select site_code, channel, grouping(site_code, channel) as level, count(*) as n from registration group by cube (site_code, channel) order by all
-- asks: grouping sets
-- gives: S2
select site_code, channel, count(*) from registration group by grouping sets ((site_code), (channel), ()) order by all
-- asks: a filter of an aggregate
-- gives: assisted_count
select count(*) filter (where channel = 'assisted') as assisted_count, count(*) filter (channel <> 'assisted') as others from registration
-- asks: people by token
-- gives: people
select count(distinct person_token) as people from registration
-- asks: a token as text
-- gives: 32
select distinct length(hex(person_token)) as digits from registration
-- asks: times of a token
-- gives: times
select person_token, count(*) as times from registration group by all having times > 1
-- asks: a token compared with a literal
-- gives: 0
select count(*) as n from registration where person_token = from_hex('00ff00ff00ff00ff00ff00ff00ff00ff') or person_token = '\x00\xFF'::blob
-- asks: percentiles
-- gives: p90
select median(unit_count) as m, quantile_cont(unit_count, [0.5, 0.9]) as p90, mode(grid_code) as most from site
-- asks: waits in minutes
-- gives: wait_min
select site_code, avg(date_diff('second', registered_at, sampled_at)) / 60.0 as wait_min from registration where sampled_at is not null group by all
-- asks: an interval
-- gives: 0:45
select max(sampled_at - registered_at)::varchar as wait, interval '4 minutes' as four, interval 1 day as d from registration
-- asks: quarter hours
-- gives: 2022
select time_bucket(interval '15 minutes', registered_at) as quarter, count(*) as n from registration group by all order by all
-- asks: quarter hours that begin elsewhere
-- gives: 2022
select time_bucket(interval '1 day', registered_at, timestamptz '2022-07-14 06:00:00+08') as from_six, count(*) from registration group by all
-- asks: by day and hour
-- gives: 14
select date_trunc('hour', registered_at) as h, extract(hour from registered_at) as hour, dayofweek(registered_at) as d, registered_at::date as day from registration
-- asks: a moment in Beijing's and in the world's time
-- gives: 22
select registered_at at time zone 'UTC' as utc, registered_at at time zone 'Asia/Shanghai' as here from registration order by 1 limit 1
-- asks: a moment as text
-- gives: 07-14
select strftime(registered_at, '%m-%d %H:%M') as at, strptime('2022-07-14 08:40', '%Y-%m-%d %H:%M') as read from registration limit 1
-- asks: between two moments
-- gives: 9
select count(*) as n from registration where registered_at between '2022-07-14 00:00:00+08' and timestamptz '2022-07-15 00:00:00+08'
-- asks: today, by the clock of the situation
-- gives: as_of
select as_of, as_of - interval 1 hour as hour_ago, published_at from meta
-- asks: now
-- gives: True
select now() > '2022-01-01'::timestamptz as is_later, current_date > '2022-01-01' as b, current_timestamp is not null as c, today() is not null
-- asks: every hour, also those without rows
-- gives: 2022
with hours as (select unnest(generate_series(timestamptz '2022-07-14 06:00:00+08', timestamptz '2022-07-14 10:00:00+08', interval 1 hour)) as h)
select h, count(r.site_code) as n from hours left join registration as r on r.registered_at >= h and r.registered_at < h + interval 1 hour group by all order by all
-- asks: generate_series in place of a table
-- gives: 4
select * from generate_series(1, 10, 3) as t(i)
-- asks: moments in place of a table
-- gives: 2022
from range(timestamp '2022-07-14', timestamp '2022-07-15', interval 6 hours)
-- asks: a window that runs
-- gives: running
select registered_at, sum(1) over (partition by site_code order by registered_at rows unbounded preceding) as running from registration
-- asks: a window by name, with a frame of time
-- gives: n
select site_code, count(*) over w as n from registration window w as (order by registered_at range between interval 30 minutes preceding and current row)
-- asks: lag, lead, rank and share
-- gives: share
select site_code, lag(site_code) over (order by site_code) as before, rank() over (order by unit_count desc) as place, unit_count / sum(unit_count) over () as share from site
-- asks: a frame that excludes, first and last, nulls ignored
-- gives: l
select first_value(unit_count) over (order by site_code groups between 1 preceding and 1 following exclude current row) as f, last_value(leader_staff_code ignore nulls) over (order by site_code) as l from site
-- asks: the newest of each
-- gives: newest
select site_code, registered_at as newest from registration qualify row_number() over (partition by site_code order by registered_at desc) = 1
-- asks: the newest of each, with distinct on
-- gives: S1
select distinct on (site_code) site_code, registered_at from registration order by site_code, registered_at desc
-- asks: the newest of each, with arg_max
-- gives: last_channel
select site_code, arg_max(channel, registered_at) as last_channel, max_by(channel, registered_at, 2) as two from registration group by all
-- asks: joins of every kind
-- gives: grid_name
select s.site_name, g.grid_name, c.community_name from site as s join grid as g using (grid_code) left join community as c on c.community_code = g.community_code full outer join town as t on t.town_code = g.town_code cross join meta
-- asks: a natural join
-- gives: 2
select count(*) as n from site natural join (select grid_code from grid)
-- asks: what is not there
-- gives: G2
select grid_code from grid anti join site using (grid_code) order by 1
-- asks: what is there
-- gives: G1
select grid_code from grid semi join site using (grid_code) order by 1
-- asks: the last before, with asof
-- gives: D
select round_code from site_bucket as b asof left join round as r on b.bucket_start_at >= r.starts_at
-- asks: side by side
-- gives: 1
select * from (select 1 as a) positional join (select 2 as b)
-- asks: lateral
-- gives: first_at
select s.site_code, l.first_at from site as s, lateral (select min(registered_at) as first_at from registration as r where r.site_code = s.site_code) as l
-- asks: lateral without the word
-- gives: 2
select s.site_code, u.n from site as s, unnest(range(s.unit_count)) as u(n) order by all
-- asks: subqueries everywhere
-- gives: share
select site_code, count(*) / (select count(*) from registration) as share from registration r where site_code in (select site_code from site) and exists (select 1 from site s where s.site_code = r.site_code) group by all having count(*) > all (select 0) order by (select 1)
-- asks: two parts of a query
-- gives: S1
with a as (select site_code, count(*) as n from registration group by all), b as materialized (select * from a where n > 1) select * from a join b using (site_code)
-- asks: a part with named columns
-- gives: code
with a(code, n) as not materialized (select site_code, unit_count from site) from a select code, n
-- asks: a recursion
-- gives: 55
with recursive f(i, a, b) as (select 1, 1, 1 union all select i + 1, b, a + b from f where i < 9) select max(b) as fib from f
-- asks: a recursion that replaces by key
-- gives: 3
with recursive t(a, b) using key (a) as (select 1, 1 union select a, b + 1 from t where b < 3) table t
-- asks: the levels of a place
-- gives: G1
with recursive up as (select grid_code as code, community_code as parent, 1 as level from grid union all select community_code, town_code, level + 1 from up join community on community_code = parent where level < 3) select * from up
-- asks: unions
-- gives: grid
select 'site' as kind, count(*) as n from site union all select 'grid', count(*) from grid
-- asks: a union by name
-- gives: b
select 1 as a union all by name select 2 as b
-- asks: what both have, what one has
-- gives: S1
(select site_code from site intersect select site_code from registration) except all select 'S9'
-- asks: values
-- gives: two
select * from (values (1, 'one'), (2, 'two')) as t(i, word)
-- asks: values alone
-- gives: 4
values (1, 2), (3, 4)
-- asks: the word table
-- gives: S1
table site
-- asks: nothing to read from
-- gives: 2
select 1 + 1
-- asks: limits
-- gives: S2
select site_code from site order by site_code limit 1 offset 1
-- asks: a share of the rows
-- gives: S
select site_code from site order by 1 limit 50%
-- asks: fetch first
-- gives: S1
select site_code from site order by 1 fetch first 1 rows only
-- asks: a sample
-- gives: n
select count(*) as n from registration using sample 50 percent (bernoulli, 7)
-- asks: a sample of so many rows
-- gives: S
from registration using sample reservoir(3 rows) repeatable (42)
-- asks: a sample of a table
-- gives: n
select count(*) as n from registration tablesample system(90%)
-- asks: order with nulls first
-- gives: None
select leader_staff_code from site order by leader_staff_code desc nulls first, site_code collate nocase
-- asks: lists
-- gives: S2
select list(site_code order by site_code) as codes, codes[1] as first_code, codes[-1:] as rest, len(codes) as n from site
-- asks: lambdas
-- gives: 6
select list_transform([1, 2, 3], x -> x * 2) as a, list_filter([1, 2, 3], lambda x: x > 1) as b, list_reduce([1, 2, 3], (a, b) -> a + b) as c, [x + 1 for x in [1, 2] if x > 1] as d
-- asks: structs and maps
-- gives: inner
select {'inner': unit_count, 'name': site_name} as s, map {'a': 1}['a'] as m, struct_pack(x := 1).x, struct_extract(row(1, 'x'), 2) from site
-- asks: a struct's parts as columns
-- gives: unit_count
select unnest(s) from (select {'code': site_code, 'unit_count': unit_count} as s from site)
-- asks: lists taken apart
-- gives: b
select unnest(['a', 'b']) as letter, unnest([1, 2]) as number
-- asks: lists taken apart as deep as they go
-- gives: 4
select unnest([[1, 2], [3, 4]], recursive := true) as n
-- asks: a union of types, an array, an enum
-- gives: b
select union_value(k := 1) as u, [1, 2, 3]::integer[3] as a, 'b'::enum('a', 'b') as e
-- asks: numbers of every kind
-- gives: 1.50
select 1.5::decimal(4, 2) as d, 7 // 2 as whole, 7 % 2 as rest, 2 ** 10 as power, 1e3 as e, 1_000_000 as million, round(2.567, 2) as r, 99999999999999999999::hugeint as h
-- asks: case, coalesce, nullif, if
-- gives: many
select case when unit_count >= 3 then 'many' else 'few' end as size, case unit_count when 2 then 'two' end, coalesce(leader_staff_code, '—') as l, nullif(1, 1), if(true, 1, 2), ifnull(null, 3) from site
-- asks: between, in, like, ilike, similar to, is distinct from
-- gives: S1
select site_code from site where unit_count between 1 and 9 and site_code in ('S1', 'S2') and site_code like 'S_' and site_code ilike 's%' and site_code similar to 'S[0-9]' and site_code is distinct from 'S2' and site_name not like '%x%'
-- asks: any of a list
-- gives: S2
select site_code from site where site_code = any(['S2']) and unit_count >= some (select 1) and list_contains(['S1', 'S2'], site_code)
-- asks: regular expressions
-- gives: 002
select regexp_extract('440703002101', '(\d{6})(\d{3})', 2) as street, regexp_replace(site_name, '[东西]', '') as n, regexp_matches(site_code, '^S\d+$') as m, site_code ~ 'S.' as t, regexp_extract_all('a1b2', '\d') as d from site
-- asks: texts
-- gives: 440703
select left('440703002101001', 6) as division, substr(grid_code, 1, 12) as community, split_part('a-b', '-', 2), concat_ws('/', 'a', 'b'), upper('a') || lower('B'), trim('  x '), lpad('1', 3, '0'), printf('%05.1f', 2.25), format('{:,}', 1234567), string_agg(site_code, ', ' order by site_code), replace('a', 'a', 'b'), position('b' in 'abc'), substring('abc' from 2 for 1), 'abc'[2:3] from site group by all
-- asks: texts as methods
-- gives: DONGHUA
select ('donghua').upper() as u, ('a,b').string_split(',') as l, site_code.lower() as s from site
-- asks: texts near each other
-- gives: True
select levenshtein('东华', '东花') as d, jaro_winkler_similarity('abc', 'abd') > 0.5 as j, strip_accents('é'), contains('abc', 'b'), starts_with('abc', 'a')
-- asks: JSON of its own
-- gives: deep
select json_extract_string('{"a": {"b": "deep"}}', '$.a.b') as v, '{"a": [1, 2]}'::json -> 'a' ->> 0 as first_of, json_keys('{"k": 1}') as k, json_object('site', site_code) as o, to_json(struct_pack(a := 1)) as j, json_valid('{') as is_valid from site
-- asks: JSON taken apart
-- gives: b
select key, value from json_each('{"a": 1, "b": 2}') union all select fullkey, value from json_tree('[1]')
-- asks: JSON gathered
-- gives: S1
select json_group_array(site_code) as codes, json_group_object(site_code, unit_count) as counts from site
-- asks: the corners of a grid
-- gives: lon
select code, (point ->> 0)::double as lon, (point ->> 1)::double as lat from (select code, unnest(from_json(json_extract(geojson, '$.coordinates[0]'), '["JSON"]')) as point from geometry where kind = 'grid') limit 3
-- asks: the distance of sites
-- gives: distance_m
select a.site_code, b.site_code as other, 6371008.8 * 2 * asin(sqrt(power(sin(radians(b.lat - a.lat) / 2), 2) + cos(radians(a.lat)) * cos(radians(b.lat)) * power(sin(radians(b.lon - a.lon) / 2), 2))) as distance_m from site as a join site as b on a.site_code < b.site_code
-- asks: metres between places
-- gives: 111195
select round(distance_m(113, 22, 113, 23)) as metres, distance_m(lon, lat, lon, lat) as nothing from site
-- asks: statistics
-- gives: slope
select corr(lon, lat), regr_slope(lat, lon) as slope, stddev(unit_count), var_pop(unit_count), histogram(unit_count), approx_count_distinct(site_code), entropy(unit_count), skewness(unit_count), bool_and(unit_count > 0), any_value(site_name), approx_top_k(site_code, 2), product(unit_count) from site
-- asks: bins
-- gives: bin
select equi_width_bins(0, 10, 2, true) as bin, width from (select 5 as width)
-- asks: hashes
-- gives: 900150983cd24fb0d6963f7d28e17f72
select md5('abc') as m, sha256('abc') as s, hash(1) is not null as h
-- asks: bits and bytes
-- gives: YWJj
select base64('abc'::blob) as b, encode('abc') as e, decode('abc'::blob) as d, bit_count(7) as n, 5 & 3 as a, xor(5, 3), '101'::bit as bits, hex('abc')
-- asks: a random number
-- gives: True
select random() between 0 and 1 as r, length(uuid()::varchar) = 36 as u
-- asks: try to read
-- gives: None
select try_cast('x' as integer) as a, try(ln(-1)) as b, try_strptime('x', '%Y') as c, error_free from (select 1 as error_free)
-- asks: constants of types
-- gives: 2022
select date '2022-07-14' as d, time '08:40' as t, timestamp '2022-07-14 08:40' as ts, make_date(2022, 7, 14) as m, epoch(timestamp '2022-07-14 00:00') as e, to_timestamp(0) as z, age(date '2022-07-14', date '2022-07-09') as a, last_day(date '2022-07-14') as l, monthname(date '2022-07-14'), date_part('week', date '2022-07-14'), '2022-07-14'::date + 1 as next_day, date_add(date '2022-07-14', interval 1 month)
-- asks: a table's columns
-- gives: site_name
describe site
-- asks: a table's columns, by another word
-- gives: site_name
desc site
-- asks: a table's columns, in a third way
-- gives: site_name
show site
-- asks: a table's columns, in full
-- gives: grid_code
describe situation.main.site;
-- asks: a query's columns
-- gives: n
describe select site_code, count(*) as n from registration group by all
-- asks: a query's columns, in a from
-- gives: BIGINT
select column_name, column_type from (describe select count(*) as n from site)
-- asks: a table summed up
-- gives: approx_unique
summarize site
-- asks: a query summed up
-- gives: approx_unique
summarize select unit_count from site;
-- asks: the summing up, in a from
-- gives: max
select column_name, max from (summarize site)
-- asks: what tables there are
-- gives: registration_version
show tables;
-- asks: what tables there are, with a comment
-- gives: registration_version
-- what is there?
show tables
-- asks: what tables there are, with their columns
-- gives: registration_version
show all tables
-- asks: a plan
-- gives: GROUP_BY
explain select count(*) from registration
-- asks: a plan, with times
-- gives: Total Time
explain analyze select count(*) from registration;
-- asks: a plan of a plain from
-- gives: PARQUET
explain from registration_version
-- asks: pivot with its values named
-- gives: assisted
pivot registration on channel in ('self', 'assisted') using count(*) group by site_code
-- asks: pivot
-- gives: assisted
pivot registration on channel using count(*) group by site_code order by site_code
-- asks: pivot with comments, a semicolon and in capitals
-- gives: assisted
-- channels beside each other
PIVOT registration /* all */ ON channel -- every one
USING count(*);
-- asks: pivot by its other name
-- gives: assisted
pivot_wider registration on channel using count(*)
-- asks: pivot without using
-- gives: assisted
pivot (select site_code, channel from registration) on channel
-- asks: pivot of a query
-- gives: 2022-07-14 08:00:00+08
pivot (select site_code, date_trunc('hour', registered_at) as h from registration) on h using count(*) as n group by site_code
-- asks: pivot of a query with a list worked out in it
-- gives: assisted
pivot (select [c for c in [channel]][1] as one from registration) on one using count(*)
-- asks: pivot on what is worked out
-- gives: 6_assisted_n
pivot registration on extract(hour from registered_at), channel using count(*) as n, max(unit_no) as most group by site_code
-- asks: pivot on two columns, one with its values
-- gives: self_6
pivot registration on channel in ('self'), hour(registered_at) using count(*)
-- asks: pivot on values of a query
-- gives: S1
pivot registration on site_code in (select site_code from site where unit_count > 1) using count(*)
-- asks: pivot of a part of the query
-- gives: assisted
with a as (select site_code, channel from registration where site_code = 'S1') pivot a on channel using count(*) order by all limit 10
-- asks: pivot in a part of the query
-- gives: S1
with a as (pivot registration on site_code using count(*)) select * from a
-- asks: pivot in a from, joined
-- gives: site_name
select s.site_name, p.* from (pivot registration on channel using count(*) group by site_code) as p join site as s using (site_code)
-- asks: pivot of a pivot
-- gives: S1
pivot (pivot registration on channel using count(*) group by site_code) on site_code using sum(assisted)
-- asks: pivot of joined tables
-- gives: 会龙
pivot registration as r join site as s on s.site_code = r.site_code on site_name using count(*) group by channel
-- asks: pivot beside a column called pivot
-- gives: S1
select p.pivot, q.S1 from (select 1 as pivot) as p, (pivot (select site_code from registration) on site_code) as q
-- asks: pivot as SQL's standard writes it
-- gives: G3
from site pivot (count(*) for grid_code in ('G1', 'G3'))
-- asks: pivot, its columns described
-- gives: assisted
describe pivot registration on channel using count(*)
-- asks: pivot, its plan
-- gives: HASH_GROUP_BY
explain pivot registration on channel using count(*) group by site_code
-- asks: pivot, summed up
-- gives: assisted
summarize pivot registration on channel using count(*) group by site_code
-- asks: pivot of values with quotes and of none
-- gives: it's
pivot (values ('it''s', 1), (null, 2), ('', 3)) as t(word, n) on word using sum(n)
-- asks: unpivot
-- gives: lat
unpivot site on lon, lat into name what value number
-- asks: unpivot of all but some
-- gives: unit_count
unpivot (select site_code, unit_count, lon::integer as lon from site) on columns(* exclude (site_code)) into name what value number
-- asks: unpivot by its other name
-- gives: lat
pivot_longer site on lon, lat
-- asks: unpivot as SQL's standard writes it
-- gives: lon
from site unpivot include nulls (number for what in (lon, lat))
-- asks: pivot without values in the standard's way, of an enum's
-- gives: G1
select * from (select grid_code from site) pivot (count(*) for grid_code in ('G1')) as p
-- asks: households of a building
-- gives: building_code
select b.building_code, count(*) as households from household as h join building as b using (building_code) group by all order by all
-- asks: missing households of a grid
-- gives: household_code
select h.household_code from household as h where not exists (select 1 from registration as r where r.household_code = h.household_code and r.site_code = 'S2') order by 1
-- asks: the versions of a row
-- gives: received_at
select site_code, registered_at, count(*) as versions, max(received_at) as received_at from registration_version group by all order by versions desc
-- asks: the versions of a file, by its place
-- gives: ingest_no
select ingest_no, count(*) as n from registration_version group by all
