-- What would show paths, settings, keys, other snapshots or the engine's own state.

-- case: duckdb_settings
-- expect: refused table function
from duckdb_settings()
-- case: duckdb_secrets
-- expect: refused table function
from duckdb_secrets()
-- case: which_secret
-- expect: refused table function
from which_secret('s3://a', 's3')
-- case: duckdb_databases
-- expect: refused table function
select path from duckdb_databases()
-- case: duckdb_databases as a view
-- expect: refused catalogue
select path from duckdb_databases
-- case: duckdb_views, whose text names files
-- expect: refused table function
select sql from duckdb_views()
-- case: duckdb_views as a view
-- expect: refused catalogue
select sql from duckdb_views
-- case: duckdb_tables
-- expect: refused table function
from duckdb_tables()
-- case: duckdb_columns
-- expect: refused table function
from duckdb_columns()
-- case: duckdb_functions
-- expect: refused table function
from duckdb_functions()
-- case: duckdb_extensions
-- expect: refused table function
select install_path from duckdb_extensions()
-- case: duckdb_external_file_cache
-- expect: refused table function
select path from duckdb_external_file_cache()
-- case: duckdb_temporary_files
-- expect: refused table function
from duckdb_temporary_files()
-- case: duckdb_memory
-- expect: refused table function
from duckdb_memory()
-- case: duckdb_logs
-- expect: refused table function
from duckdb_logs()
-- case: duckdb_logs as a view
-- expect: refused catalogue
from duckdb_logs
-- case: duckdb_log_contexts
-- expect: refused table function
from duckdb_log_contexts()
-- case: duckdb_logs_parsed
-- expect: refused table function
from duckdb_logs_parsed('FileSystem')
-- case: duckdb_variables
-- expect: refused table function
from duckdb_variables()
-- case: duckdb_prepared_statements
-- expect: refused table function
from duckdb_prepared_statements()
-- case: duckdb_connection_count
-- expect: refused table function
from duckdb_connection_count()
-- case: duckdb_table_sample
-- expect: refused table function
from duckdb_table_sample('site')
-- case: duckdb_profiling_settings
-- expect: refused table function
from duckdb_profiling_settings()
-- case: enable_logging
-- expect: refused table function
from enable_logging('FileSystem')
-- case: enable_logging to a file
-- expect: refused table function
from enable_logging(storage = 'file', storage_config = {'path': '/tmp'})
-- case: disable_logging
-- expect: refused table function
from disable_logging()
-- case: truncate_duckdb_logs
-- expect: refused table function
from truncate_duckdb_logs()
-- case: enable_profiling
-- expect: refused table function
from enable_profiling('json')
-- case: checkpoint as a table
-- expect: refused table function
from checkpoint('situation')
-- case: force_checkpoint as a table
-- expect: refused table function
from force_checkpoint()
-- case: pragma_storage_info
-- expect: refused table function
from pragma_storage_info('site')
-- case: pragma_table_info of a hidden table
-- expect: refused table function
from pragma_table_info('lake_file')
-- case: pragma_database_size
-- expect: refused table function
from pragma_database_size()
-- case: pragma_show of a file
-- expect: refused table function
from pragma_show('/etc/passwd')
-- case: pragma_version
-- expect: refused table function
from pragma_version()
-- case: pragma_user_agent
-- expect: refused table function
from pragma_user_agent()
-- case: information_schema
-- expect: refused catalogue
from information_schema.tables
-- case: information_schema of the system
-- expect: refused catalogue
from system.information_schema.columns
-- case: sqlite_master
-- expect: refused catalogue
select sql from sqlite_master
-- case: pg_class
-- expect: refused catalogue
from pg_catalog.pg_class
-- case: pg_views
-- expect: refused catalogue
from pg_views
-- case: pragma_database_list as a view
-- expect: refused catalogue
from pragma_database_list
-- case: the table that names files
-- expect: refused catalogue
from lake_file
-- case: the table that names files, between quotes and in capitals
-- expect: refused catalogue
from "LAKE_FILE"
-- case: the table that names files, by its schema
-- expect: refused catalogue
from main.lake_file
-- case: the table that names files, in full
-- expect: refused catalogue
from situation.main.lake_file
-- case: the table that names files, as a list of columns
-- expect: refused catalogue
describe lake_file
-- case: the table that names files, summed up
-- expect: refused catalogue
summarize lake_file
-- case: a part of the query called as the table that names files
-- expect: refused catalogue
select * from (with lake_file as (select 1) select 1), lake_file
-- case: a part that reads the table before its own name hides it
-- expect: refused catalogue
with a as (select * from lake_file), b as (select 1) select * from a
-- case: the table that names files, by name as a text
-- expect: refused table function
from query_table('lake_file')
-- case: a query out of a text
-- expect: refused table function
from query('select * from lake_file')
-- case: a serialised query run
-- expect: refused table function
from json_execute_serialized_sql(json_serialize_sql('select * from lake_file'))
-- case: a histogram of the table that names files
-- expect: refused table function
from histogram('lake_file', path)
-- case: values of a histogram
-- expect: refused table function
from histogram_values('lake_file', path)
-- case: another schema's table
-- expect: refused catalogue
from memory.main.site
-- case: a schema that is not there
-- expect: refused catalogue
from lake.main.registration_version
-- case: all tables
-- expect: answer
show all tables
-- case: databases
-- expect: refused catalogue
show databases
-- case: variables
-- expect: refused catalogue
show variables
-- case: tables of another schema
-- expect: refused catalogue
from (show all tables)
-- case: tables, out of a query
-- expect: refused catalogue
select * from (show tables)
-- case: a moment before
-- expect: refused syntax
from site at (version => 1)
-- case: a moment before, by time
-- expect: refused syntax
from site at (timestamp => now())
-- case: the name of the file, of a row
-- expect: error
select filename from registration_version
-- case: the place in the file, of a row
-- expect: error
select file_row_number from registration_version
-- case: the number of the file, of a row
-- expect: error
select file_index from registration_version
-- case: test_all_types
-- expect: refused table function
from test_all_types()
-- case: summary
-- expect: refused table function
from summary((select 1))
