-- Functions that read settings, the environment or the session, or that work on the engine's own states.

-- case: getenv
-- expect: refused function
select getenv('HOME')
-- case: current_setting
-- expect: refused function
select current_setting('allowed_paths')
-- case: current_setting of a secret folder
-- expect: refused function
select current_setting('secret_directory')
-- case: current_setting as a method
-- expect: refused
select 'home_directory'.current_setting()
-- case: current_setting in capitals
-- expect: refused function
select CURRENT_SETTING('threads')
-- case: current_setting of a schema
-- expect: refused function
select main.current_setting('threads')
-- case: current_setting in a where that is never true
-- expect: refused function
select 1 where false and current_setting('threads') = 1
-- case: current_setting in a lambda
-- expect: refused function
select list_transform(['threads'], lambda x: current_setting(x))
-- case: current_setting in an old lambda
-- expect: refused function
select list_transform(['threads'], x -> current_setting(x))
-- case: current_setting in a comprehension
-- expect: refused function
select [current_setting(x) for x in ['threads']]
-- case: getvariable
-- expect: refused function
select getvariable('a')
-- case: nextval
-- expect: refused function
select nextval('a')
-- case: currval
-- expect: refused function
select currval('a')
-- case: setseed
-- expect: refused function
select setseed(0.5)
-- case: write_log
-- expect: refused function
select write_log('x')
-- case: write_log with a scope
-- expect: refused function
select write_log('x', scope := 'database')
-- case: parse_duckdb_log_message
-- expect: refused function
select parse_duckdb_log_message('FileSystem', 'x')
-- case: sleep_ms
-- expect: refused function
select sleep_ms(100000)
-- case: pg_sleep
-- expect: refused function
select pg_sleep(100)
-- case: current_query
-- expect: refused function
select current_query()
-- case: current_schemas
-- expect: refused function
select current_schemas(true)
-- case: current_database
-- expect: refused function
select current_database()
-- case: in_search_path
-- expect: refused function
select in_search_path('a', 'b')
-- case: txid_current
-- expect: refused function
select txid_current()
-- case: a view's definition
-- expect: refused function
select pg_get_viewdef(1)
-- case: the address of the server
-- expect: refused function
select inet_server_addr()
-- case: json_serialize_sql
-- expect: refused function
select json_serialize_sql('select 1')
-- case: json_deserialize_sql
-- expect: refused function
select json_deserialize_sql('{}')
-- case: json_serialize_plan
-- expect: refused function
select json_serialize_plan('select * from lake_file')
-- case: create_sort_key, which ends a process
-- expect: refused function
select create_sort_key('a', 'x')
-- case: an aggregate's state made up
-- expect: refused function
select finalize('abc'::blob)
-- case: aggregate states combined
-- expect: refused function
select combine(1, 2)
-- case: the engine's compressor
-- expect: refused function
select __internal_compress_string_hugeint('a')
-- case: the engine's decompressor of a number made up
-- expect: refused function
select __internal_decompress_string(170141183460469231731687303715884105727::hugeint)
-- case: stats of a column
-- expect: refused function
select stats(site_code) from site
-- case: vector_type
-- expect: refused function
select vector_type(1)
-- case: cast_to_type
-- expect: refused function
select cast_to_type('1', null::integer)
-- case: a collation's function
-- expect: refused function
select icu_collate_zh('a')
-- case: geometry out of bytes
-- expect: refused function
select st_geomfromwkb('\x00'::blob)
-- case: a function nobody has
-- expect: refused function
select system('id')
-- case: a function of an extension
-- expect: refused function
select sha3('a')
-- case: an exported state of an aggregate
-- expect: error
select sum(1) export_state
-- case: an aggregate by name that is none
-- expect: error
select list_aggregate([1], 'current_setting')
