-- Reading files, in every way that DuckDB has. `expect` says how a case ends: refused and with which word, or stopped by which limit.

-- case: read_csv
-- expect: refused table function
select * from read_csv('/etc/passwd')
-- case: read_csv_auto
-- expect: refused table function
from read_csv_auto('/etc/passwd')
-- case: read_csv with every option
-- expect: refused table function
from read_csv('/etc/passwd', header = false, delim = ':', columns = {'a': 'varchar'}, ignore_errors = true)
-- case: read_csv of a list
-- expect: refused table function
from read_csv(['/etc/passwd', '/etc/group'])
-- case: read_csv of a pattern
-- expect: refused table function
from read_csv('/etc/*')
-- case: read_csv in capitals
-- expect: refused table function
FROM READ_CSV('/etc/passwd')
-- case: read_csv between quotes
-- expect: refused table function
from "read_csv"('/etc/passwd')
-- case: read_csv of a schema
-- expect: refused table function
from main.read_csv('/etc/passwd')
-- case: read_csv of the system's catalogue
-- expect: refused table function
from system.main.read_csv('/etc/passwd')
-- case: read_text
-- expect: refused table function
select content from read_text('/etc/passwd')
-- case: read_text of the environment
-- expect: refused table function
select content from read_text('/proc/self/environ')
-- case: read_text of the parent's memory map
-- expect: refused table function
select content from read_text('/proc/self/maps')
-- case: read_text of a handle
-- expect: refused table function
select content from read_text('/proc/self/fd/3')
-- case: read_text of a device
-- expect: refused table function
select content from read_text('/dev/stdin')
-- case: read_blob
-- expect: refused table function
select content from read_blob('/etc/shadow')
-- case: read_blob of the key of tokens
-- expect: refused table function
select content from read_blob('keys/pseudonym.key')
-- case: read_json
-- expect: refused table function
from read_json('/etc/passwd')
-- case: read_json_auto
-- expect: refused table function
from read_json_auto('settings.json')
-- case: read_json_objects
-- expect: refused table function
from read_json_objects('/etc/passwd')
-- case: read_json_objects_auto
-- expect: refused table function
from read_json_objects_auto('/etc/passwd')
-- case: read_ndjson
-- expect: refused table function
from read_ndjson('/etc/passwd')
-- case: read_ndjson_auto
-- expect: refused table function
from read_ndjson_auto('/etc/passwd')
-- case: read_ndjson_objects
-- expect: refused table function
from read_ndjson_objects('/etc/passwd')
-- case: read_parquet
-- expect: refused table function
from read_parquet('lake/data/main/registration_version/*.parquet')
-- case: read_parquet with the name of the file
-- expect: refused table function
select filename from read_parquet('*.parquet', filename = true)
-- case: parquet_scan
-- expect: refused table function
from parquet_scan('x.parquet')
-- case: parquet_metadata
-- expect: refused table function
from parquet_metadata('x.parquet')
-- case: parquet_schema
-- expect: refused table function
from parquet_schema('x.parquet')
-- case: parquet_file_metadata
-- expect: refused table function
from parquet_file_metadata('x.parquet')
-- case: parquet_full_metadata
-- expect: refused table function
from parquet_full_metadata('x.parquet')
-- case: parquet_kv_metadata
-- expect: refused table function
from parquet_kv_metadata('x.parquet')
-- case: parquet_bloom_probe
-- expect: refused table function
from parquet_bloom_probe('x.parquet', 'a', 1)
-- case: read_duckdb
-- expect: refused table function
from read_duckdb('situation.duckdb')
-- case: sniff_csv
-- expect: refused table function
from sniff_csv('/etc/passwd')
-- case: glob
-- expect: refused table function
from glob('/**')
-- case: glob of the home
-- expect: refused table function
from glob('*')
-- case: the operator glob is no reading
-- expect: answer
select 'abc' glob 'a*'
-- case: arrow_scan of an address in memory
-- expect: refused table function
from arrow_scan(1, 2, 3)
-- case: arrow_scan_dumb
-- expect: refused table function
from arrow_scan_dumb(1, 2, 3)
-- case: pandas_scan of an address in memory
-- expect: refused table function
from pandas_scan(94123123)
-- case: python_map_function
-- expect: refused table function
from python_map_function(1, 2)
-- case: seq_scan
-- expect: refused table function
from seq_scan('site')
-- case: sqlite_scan of the catalogue
-- expect: refused table function
from sqlite_scan('lake/catalogue.sqlite', 'ducklake_data_file')
-- case: postgres_scan
-- expect: refused table function
from postgres_scan('host=localhost', 'public', 'a')
-- case: mysql_query
-- expect: refused table function
from mysql_query('db', 'select 1')
-- case: iceberg_scan
-- expect: refused table function
from iceberg_scan('x')
-- case: delta_scan
-- expect: refused table function
from delta_scan('x')
-- case: st_read
-- expect: refused table function
from st_read('/etc/passwd')
-- case: read_xlsx
-- expect: refused table function
from read_xlsx('x.xlsx')
-- case: ducklake_snapshots
-- expect: refused table function
from ducklake_snapshots('lake')
-- case: a file as a table
-- expect: refused file
select * from '/etc/passwd'
-- case: a CSV file as a table
-- expect: refused file
select * from 'registrations.csv'
-- case: a compressed file as a table
-- expect: refused file
from 'a.csv.gz'
-- case: a Parquet file as a table
-- expect: refused file
from 'lake/data/main/household/a.parquet'
-- case: a pattern as a table
-- expect: refused file
from '*.parquet'
-- case: a JSON file as a table
-- expect: refused file
from 'settings.json'
-- case: a database file as a table
-- expect: refused file
from 'situation.duckdb'
-- case: a Windows path as a table
-- expect: refused file
from 'C:\keys\a.csv'
-- case: a file between double quotes
-- expect: refused file
from "/etc/passwd"
-- case: the situation file by its schema
-- expect: refused catalogue
from "situation.duckdb".main.site
-- case: an address on the web as a table
-- expect: refused file
from 'https://example.com/a.csv'
-- case: an address in object storage as a table
-- expect: refused file
from 's3://bucket/a.parquet'
-- case: a share of another machine as a table
-- expect: refused file
from '\\server\share\a.csv'
-- case: a file that pretends to be a table of the situation
-- expect: refused file
from './site'
-- case: read_csv from the web
-- expect: refused table function
from read_csv('http://127.0.0.1:8501/api/live')
-- case: read_text in a join
-- expect: refused table function
select * from site cross join read_text('/etc/passwd')
-- case: read_text behind lateral
-- expect: refused table function
select * from site s, lateral (select content from read_text('/etc/' || s.site_code)) t
-- case: read_text in a part of the query
-- expect: refused table function
with a as (select * from read_text('/etc/passwd')) select * from a
-- case: read_text in a part that nobody reads
-- expect: refused table function
with a as materialized (from read_text('/etc/passwd')) select 1
-- case: read_text in a subquery
-- expect: refused table function
select (select content from read_text('/etc/passwd'))
-- case: read_text within exists
-- expect: refused table function
select 1 where exists (from read_text('/etc/passwd'))
-- case: read_text within in
-- expect: refused table function
select 1 where 'root' in (select content from read_text('/etc/passwd'))
-- case: read_text in order by
-- expect: refused table function
select 1 order by (select content from read_text('/etc/passwd'))
-- case: read_text in limit
-- expect: refused table function
select 1 limit (select 1 from read_text('/etc/passwd'))
-- case: read_text in offset
-- expect: refused table function
select 1 offset (select 1 from read_text('/etc/passwd'))
-- case: read_text in having
-- expect: refused table function
select 1 having (select true from read_text('/etc/passwd'))
-- case: read_text in qualify
-- expect: refused table function
select code from geometry qualify row_number() over () = (select 1 from read_text('/etc/passwd'))
-- case: read_text in a window
-- expect: refused table function
select sum(1) over (partition by (select content from read_text('/etc/passwd')))
-- case: read_text in a window's frame
-- expect: refused table function
select sum(1) over (order by 1 rows between (select 1 from read_text('/etc/passwd')) preceding and current row)
-- case: read_text in a filter
-- expect: refused table function
select count(*) filter (where exists (from read_text('/etc/passwd')))
-- case: read_text in an aggregate's order
-- expect: refused table function
select list(1 order by (select content from read_text('/etc/passwd')))
-- case: read_text in a lambda
-- expect: refused table function
select list_transform([1], lambda x: (select content from read_text('/etc/passwd')))
-- case: read_text in a case
-- expect: refused table function
select case when true then (select content from read_text('/etc/passwd')) end
-- case: read_text in a cast
-- expect: refused table function
select (select content from read_text('/etc/passwd'))::varchar
-- case: read_text in a struct
-- expect: refused table function
select {'a': (select content from read_text('/etc/passwd'))}
-- case: read_text in values
-- expect: refused table function
values ((select content from read_text('/etc/passwd')))
-- case: read_text in a union
-- expect: refused table function
select 1 union all select 2 from read_text('/etc/passwd')
-- case: read_text in a recursive part
-- expect: refused table function
with recursive a as (select 1 as n union all select n + 1 from a, read_text('/etc/passwd')) from a
-- case: read_text in a join's condition
-- expect: refused table function
select * from site a join site b on exists (from read_text('/etc/passwd'))
-- case: read_text in a pivot
-- expect: refused table function
pivot (from read_text('/etc/passwd')) on size in (1, 2) using count(*)
-- case: read_text in an unpivot
-- expect: refused table function
unpivot (from read_text('/etc/passwd')) on content
-- case: read_text described
-- expect: refused table function
describe from read_text('/etc/passwd')
-- case: read_text summarised
-- expect: refused table function
summarize from read_text('/etc/passwd')
-- case: read_text explained
-- expect: refused table function
explain from read_text('/etc/passwd')
-- case: read_text explained and run
-- expect: refused table function
explain analyze from read_text('/etc/passwd')
-- case: read_text in the arguments of an allowed function of tables
-- expect: refused table function
from range((select size from read_text('/etc/passwd')))
-- case: read_text sampled
-- expect: refused table function
from read_text('/etc/passwd') using sample 1
-- case: read_text replaced in a star
-- expect: refused table function
select * replace ((select content from read_text('/etc/passwd')) as site_name) from site
-- case: read_text in columns
-- expect: refused table function
select columns(lambda c: exists (from read_text('/etc/passwd'))) from site
-- case: read_text in grouping sets
-- expect: refused table function
select 1 group by grouping sets ((select content from read_text('/etc/passwd')))
-- case: read_text in distinct on
-- expect: refused table function
select distinct on ((select content from read_text('/etc/passwd'))) 1
