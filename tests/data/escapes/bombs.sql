-- What would take all of something. Run with small limits, see the test.

-- case: a cross join that never ends
-- expect: contained time processor
select count(*) from range(1000000) a, range(1000000) b where (a.range * b.range) % 7 = 8
-- case: a sum over a hundred billion
-- expect: contained time processor
select sum(range * 2) from range(100000000000)
-- case: a hash chain
-- expect: contained time processor
select max(sha256(sha256(sha256(range::varchar)))) from range(10000000000)
-- case: a pattern that looks back
-- expect: contained time processor memory error
select count(*) from range(1000000000) where regexp_matches(repeat('a', 30) || range::varchar, '^(a+)+$')
-- case: a distance of long texts
-- expect: contained time processor memory
select levenshtein(repeat('a', 1000000), repeat('b', 1000000))
-- case: a recursion that grows
-- expect: contained time processor memory
with recursive a as (select 'x' as t union all select t || t from a) select max(len(t)) from a
-- case: a text of ten gigabytes
-- expect: contained memory error
select length(repeat('x', 10000000000))
-- case: texts that the engine does not count
-- expect: contained memory error lost
select max(len(repeat('x', 100000000) || range::varchar)) from range(100)
-- case: a list of a billion
-- expect: contained memory error
select len(range(1000000000))
-- case: a list of lists
-- expect: contained memory error
select len(list_transform(range(20000), lambda x: range(100000)))
-- case: padding without end
-- expect: contained memory error time processor
select len(lpad('x', 2000000000, 'y'))
-- case: a sort of everything
-- expect: contained memory time processor
select * from range(1000000000) order by hash(range)
-- case: a group of everything
-- expect: contained memory time processor
select range, count(*) from range(1000000000) group by all order by 2 limit 1
-- case: a window over everything
-- expect: contained memory time processor
select sum(range) over (order by hash(range)) from range(1000000000)
-- case: a join of everything
-- expect: contained memory time processor
select count(*) from range(100000000) a join range(100000000) b on hash(a.range) = hash(b.range)
-- case: a list of all values
-- expect: contained memory time processor error
select list(range) from range(1000000000)
-- case: a text of all values
-- expect: contained memory time processor error
select len(string_agg(range::varchar, ',')) from range(1000000000)
-- case: a map of all values
-- expect: contained memory time processor error
select histogram(range) from range(1000000000)
-- case: a JSON of all values
-- expect: contained memory time processor error
select len(to_json(list(range))) from range(100000000)
-- case: doubled again and again
-- expect: contained memory error
with a as (select repeat('x', 1000000) as t), b as (select repeat(t, 1000) as t from a) select repeat(t, 1000) from b
-- case: rows without end
-- expect: cut rows
select * from range(1000000000000)
-- case: rows without end, out of a table
-- expect: cut rows
select a.range from range(1000) a, range(1000) b, range(1000) c, range(1000) d
-- case: rows without end, repeated
-- expect: cut rows
from repeat_row('x', 1, num_rows = 100000000000)
-- case: long rows
-- expect: contained memory bytes
select repeat('x', 1000000) from range(1000000)
-- case: one row too long
-- expect: contained memory bytes time
select repeat('x', 50000000)
-- case: many columns
-- expect: contained answer error lost memory processor depth
select «1,»×5000 2
-- case: brackets one in another
-- expect: contained answer error lost memory processor depth
select «(»×5000 1 «)»×5000
-- case: brackets one in another, as many as fit
-- expect: contained
select «(»×32000 1 «)»×32000
-- case: lists one in another
-- expect: contained
select «[»×20000 1 «]»×20000
-- case: casts one behind another
-- expect: contained
select 1 «::int»×12000
-- case: signs one before another
-- expect: contained
select «- »×30000 1
-- case: not, again and again
-- expect: contained
select «not »×15000 true
-- case: a sum of many terms
-- expect: contained answer error lost memory processor depth
select 1 «+ 1»×10000
-- case: conditions one beside another
-- expect: contained answer error lost memory processor depth
select 1 where true «or true »×6000
-- case: subqueries one in another
-- expect: contained
select «(select »×6000 1 «)»×6000
-- case: queries one in another
-- expect: contained
«select * from (»×3000 select 1 «)»×3000
-- case: unions one behind another
-- expect: contained answer error lost memory processor depth
select 1 «union all select 1 »×2500
-- case: parts that double
-- expect: contained answer cut time processor memory
with a as (select 1), b as (from a, a x, a y, a z), c as (from b, b x, b y, b z), d as (from c, c x, c y, c z), e as (from d, d x, d y, d z), f as (from e, e x, e y, e z), g as (from f, f x, f y, f z), h as (from g, g x, g y, g z) select count(*) from h, h x, h y
-- case: cases one in another
-- expect: contained
select «case when true then »×2500 1 «end »×2500
-- case: functions one in another
-- expect: contained
select «abs(»×10000 1 «)»×10000
-- case: lambdas one in another
-- expect: contained
select «list_transform([1], lambda x: »×1500 1 «)»×1500
-- case: comments without number
-- expect: contained answer error lost memory processor depth time
«/**/»×15000 select 1
-- case: comments before nothing
-- expect: contained empty time processor
«/**/»×15000
-- case: joins without number
-- expect: contained answer error lost memory processor depth
select count(*) from site «, (select 1) »×2000
-- case: a grouping of many sets
-- expect: contained answer error lost memory processor depth
select count(*) from site group by cube (site_code, site_name, site_name_en, grid_code, lon, lat, feed_code, unit_count, leader_staff_code, party_branch_name)
-- case: a number of a hundred thousand digits
-- expect: contained answer error lost memory processor depth
select «9»×60000
-- case: a factorial
-- expect: contained error
select factorial(100000)
-- case: a sample of too much
-- expect: contained answer cut memory
select * from range(100000000) using sample 50 percent (bernoulli)
-- case: spilling to the disk
-- expect: contained memory time processor
select count(*) from (select distinct range, repeat(range::varchar, 20) from range(100000000))
