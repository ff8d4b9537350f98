-- Statements that are no single reading one.

-- case: copy to a file
-- expect: refused statement
copy site to 'x.csv'
-- case: copy a query to a file
-- expect: refused statement
copy (select * from site) to '/tmp/x.parquet' (format parquet)
-- case: copy to the output
-- expect: refused statement
copy site to '/dev/stdout'
-- case: copy from a file
-- expect: refused statement
copy site from '/etc/passwd'
-- case: copy partitioned
-- expect: refused statement
copy site to 'x' (format parquet, partition_by (site_code), overwrite)
-- case: copy a database
-- expect: refused statement
copy from database situation to memory
-- case: export a database
-- expect: refused statement
export database 'x'
-- case: import a database
-- expect: refused
import database 'x'
-- case: attach a file
-- expect: refused statement
attach 'x.duckdb'
-- case: attach the catalogue
-- expect: refused statement
attach 'lake/catalogue.sqlite' as c (type sqlite)
-- case: attach the lake
-- expect: refused statement
attach 'ducklake:sqlite:lake/catalogue.sqlite' as lake
-- case: attach a server
-- expect: refused statement
attach 'host=localhost' as p (type postgres)
-- case: attach another memory
-- expect: refused statement
attach ':memory:' as m
-- case: detach the situation
-- expect: refused statement
detach situation
-- case: use another database
-- expect: refused statement
use memory
-- case: install
-- expect: refused statement
install httpfs
-- case: install from a community
-- expect: refused statement
install shellfs from community
-- case: install from an address
-- expect: refused statement
install httpfs from 'http://127.0.0.1/'
-- case: force install
-- expect: refused statement
force install httpfs
-- case: load
-- expect: refused statement
load sqlite
-- case: load a file
-- expect: refused statement
load '/tmp/x.duckdb_extension'
-- case: update extensions
-- expect: refused statement
update extensions
-- case: set the memory
-- expect: refused statement
set memory_limit = '100GB'
-- case: set threads
-- expect: refused statement
set threads = 64
-- case: set external access
-- expect: refused statement
set enable_external_access = true
-- case: set globally
-- expect: refused statement
set global temp_directory = '/tmp'
-- case: set the lock
-- expect: refused statement
set lock_configuration = false
-- case: set allowed paths
-- expect: refused statement
set allowed_paths = ['/etc/passwd']
-- case: set the search path
-- expect: refused statement
set search_path = 'memory'
-- case: set the home of files
-- expect: refused statement
set file_search_path = '/etc'
-- case: set a log
-- expect: refused statement
set log_query_path = '/tmp/log'
-- case: set the profile's output
-- expect: refused statement
set profiling_output = '/tmp/p.json'
-- case: set a variable
-- expect: refused statement
set variable a = (select content from read_text('/etc/passwd'))
-- case: set the depth of expressions
-- expect: refused statement
set max_expression_depth = 1000000
-- case: set names found in Python
-- expect: refused statement
set python_enable_replacements = true
-- case: reset
-- expect: refused statement
reset memory_limit
-- case: pragma version
-- expect: refused statement
pragma version
-- case: pragma database_list
-- expect: refused
pragma database_list
-- case: pragma table_info
-- expect: refused
pragma table_info('site')
-- case: pragma storage_info
-- expect: refused
pragma storage_info('site')
-- case: pragma enable_profiling
-- expect: refused statement
pragma enable_profiling
-- case: pragma that sets
-- expect: refused statement
pragma memory_limit = '100GB'
-- case: pragma that imports
-- expect: refused
pragma import_database('/tmp')
-- case: pragma that adds a key
-- expect: refused statement
pragma add_parquet_key('k', '0123456789112345')
-- case: call a table function
-- expect: refused statement
call pragma_version()
-- case: call a reading function
-- expect: refused statement
call read_text('/etc/passwd')
-- case: call the logger
-- expect: refused statement
call enable_logging(storage = 'file', storage_path = '/tmp/log')
-- case: call checkpoint
-- expect: refused statement
call force_checkpoint()
-- case: checkpoint
-- expect: refused statement
checkpoint
-- case: force checkpoint
-- expect: refused statement
force checkpoint situation
-- case: vacuum
-- expect: refused statement
vacuum
-- case: analyze
-- expect: refused statement
analyze
-- case: create a table
-- expect: refused statement
create table a (b integer)
-- case: create a table from a file
-- expect: refused statement
create table a as from read_text('/etc/passwd')
-- case: create a temporary table
-- expect: refused statement
create temp table a as select 1
-- case: create a view
-- expect: refused statement
create view a as from read_text('/etc/passwd')
-- case: create a temporary view over a table
-- expect: refused statement
create or replace temp view site as select 1
-- case: create a macro
-- expect: refused statement
create macro a(x) as (select content from read_text(x))
-- case: create a macro of tables
-- expect: refused statement
create function a(x) as table from read_text(x)
-- case: create a macro that hides a function
-- expect: refused statement
create or replace temp macro lower(x) as getenv(x)
-- case: create a schema
-- expect: refused statement
create schema a
-- case: create a sequence
-- expect: refused statement
create sequence a
-- case: create a type
-- expect: refused statement
create type a as enum ('b')
-- case: create a type from a file
-- expect: refused statement
create type a as enum (select content from read_text('/etc/passwd'))
-- case: create an index
-- expect: refused statement
create index a on site (site_code)
-- case: create a secret
-- expect: refused statement
create secret a (type s3, key_id 'b', secret 'c')
-- case: create a lasting secret
-- expect: refused statement
create persistent secret a (type http)
-- case: drop a secret
-- expect: refused statement
drop secret a
-- case: drop a table
-- expect: refused statement
drop table site
-- case: drop a schema with all in it
-- expect: refused statement
drop schema main cascade
-- case: insert
-- expect: refused statement
insert into site (site_code) values ('x')
-- case: insert by name
-- expect: refused statement
insert into site by name select 'x' as site_code
-- case: update
-- expect: refused statement
update site set site_name = 'x'
-- case: update from a subquery
-- expect: refused statement
update site set site_name = (select content from read_text('/etc/passwd'))
-- case: delete
-- expect: refused statement
delete from site
-- case: truncate
-- expect: refused statement
truncate site
-- case: merge
-- expect: refused statement
merge into site using grid on true when matched then delete
-- case: delete within a part of the query
-- expect: refused
with a as (delete from site returning *) select * from a
-- case: insert within a part of the query
-- expect: refused
with a as (insert into site (site_code) values ('x') returning *) select * from a
-- case: alter
-- expect: refused statement
alter table site add column a integer
-- case: comment on
-- expect: refused statement
comment on table site is 'x'
-- case: begin
-- expect: refused statement
begin
-- case: commit
-- expect: refused statement
commit
-- case: rollback
-- expect: refused statement
rollback
-- case: prepare
-- expect: refused statement
prepare a as select * from read_text('/etc/passwd')
-- case: execute
-- expect: refused statement
execute a
-- case: execute with values
-- expect: refused statement
execute a('x')
-- case: deallocate
-- expect: refused statement
deallocate a
-- case: explain a copy
-- expect: refused statement
explain copy site to 'x'
-- case: explain and run a copy
-- expect: refused statement
explain analyze copy site to 'x'
-- case: explain and run an insert
-- expect: refused statement
explain analyze insert into site (site_code) values ('x')
-- case: explain an explain
-- expect: refused statement
explain explain select 1
-- case: explain in a format
-- expect: refused
explain (format json) copy site to 'x'
-- case: describe a copy
-- expect: refused
describe copy site to 'x'
-- case: select into
-- expect: refused
select * into a from site
-- case: two statements
-- expect: refused several
select 1; select 2
-- case: a reading statement, then another
-- expect: refused
select 1; drop table site
-- case: a writing statement behind a comment
-- expect: refused
select 1; /* ; */ attach 'x'
-- case: two statements with an empty one between
-- expect: refused several
select 1;; select 2
-- case: many statements
-- expect: refused several
«select 1;»×500
-- case: a semicolon at the end is one statement
-- expect: answer
select 1;
-- case: nothing
-- expect: refused empty
-- case: semicolons alone
-- expect: refused empty
;;;
-- case: a comment alone
-- expect: refused empty
/* nothing */
-- case: an export over a snapshot
-- expect: refused
export snapshot
-- case: a listener
-- expect: refused
listen a
-- case: a load over a shell command
-- expect: refused
.shell ls
-- case: a block of procedures
-- expect: refused
do $$ begin end $$
-- case: a lock
-- expect: refused
lock table site
-- case: a grant
-- expect: refused
grant all on site to public
