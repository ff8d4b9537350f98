-- PIVOT whose values are found first: a statement more, and a text that is written anew before it is run.

-- case: a pivot of a file
-- expect: refused table function
pivot (from read_text('/etc/passwd')) on size using count(*)
-- case: a pivot of a file by its name
-- expect: refused file
pivot '/etc/passwd' on a using count(*)
-- case: a pivot of the table that names files
-- expect: refused catalogue
pivot lake_file on path using count(*)
-- case: a pivot of settings
-- expect: refused table function
pivot duckdb_settings() on name using max(value)
-- case: a pivot on a file's content
-- expect: error
pivot site on site_code || (select content from read_text('/etc/passwd')) using count(*)
-- case: a pivot on a function that is not allowed
-- expect: refused function
pivot site on site_code || current_setting('threads') using count(*)
-- case: a pivot on values out of a file
-- expect: refused table function
pivot site on site_code in (select content from read_text('/etc/passwd')) using count(*)
-- case: a pivot on values of the table that names files
-- expect: refused catalogue
pivot site on site_code in (from lake_file select path) using count(*)
-- case: a pivot on values out of a bracket that closes early
-- expect: refused
pivot site on site_code in (select 1) as t(x); select content from read_text('/etc/passwd'); --) using count(*)
-- case: a pivot on values that close the bracket put around them
-- expect: refused
pivot site on site_code in (select path from (select 1) as t(path)) as t(x), lake_file where (true) using count(*)
-- case: a pivot that uses a file
-- expect: refused table function
pivot site on site_code using max((select content from read_text('/etc/passwd')))
-- case: a pivot in a part of the query, of a file
-- expect: refused table function
with a as (pivot (from read_csv('/etc/passwd')) on column0 using count(*)) select * from a
-- case: a pivot of a part of the query that reads a file
-- expect: refused table function
with a as (from glob('/*')) pivot a on file using count(*)
-- case: a pivot of a part of the query called as the table that names files
-- expect: refused catalogue
with lake_file as (select 1 as x) pivot lake_file on x using count(*)
-- case: a pivot in a subquery in a pivot, of a file
-- expect: refused table function
pivot (pivot (from read_text('/etc/passwd')) on size using count(*) group by filename) on filename using count(*)
-- case: a pivot explained
-- expect: refused catalogue
explain analyze pivot lake_file on path using count(*)
-- case: a pivot described
-- expect: refused catalogue
describe pivot lake_file on path using count(*)
-- case: a table made of a pivot
-- expect: refused statement
create table a as pivot site on site_code using count(*)
-- case: a pivot copied
-- expect: refused statement
copy (pivot site on site_code using count(*)) to 'a.csv'
-- case: a pivot, then another statement
-- expect: refused several
pivot site on site_code using count(*); from site
-- case: another statement, then a pivot
-- expect: refused statement
install httpfs; pivot site on site_code using count(*)
-- case: a pivot over an enum
-- expect: error
pivot site on site_code in no_such_enum using count(*)
-- case: a pivot with parameters
-- expect: refused
pivot site on $column using count(*)
-- case: a pivot with a mark of ours
-- expect: answer
pivot site on site_code in ('⟨values 0⟩'), grid_code using count(*)
-- case: a pivot of values that hold quotes and SQL
-- expect: answer
pivot (select 'x'') using count(*); copy site to ''a'' --' as a, 1 as b) on a using sum(b)
-- case: a pivot that is cut off
-- expect: error
pivot site on
-- case: a pivot without anything
-- expect: error
pivot
-- case: a pivot within a comment that never ends
-- expect: error
pivot site on site_code /*
-- case: a pivot within a quote that never ends
-- expect: error
pivot site on 'site_code
-- case: a pivot that is none
-- expect: refused
select 1 as pivot on a; (pivot
-- case: a pivot on more values than columns may be
-- expect: error
pivot (select range as n from range(100000)) on n using count(*)
-- case: pivots that multiply
-- expect: error
pivot (select range % 900 as a, range % 899 as b from range(10000)) on a, b using count(*)
-- case: a pivot of endless values
-- expect: contained time processor memory
pivot (select hash(a.range) as n from range(1000000) a, range(1000000) b) on n using count(*)
-- case: a pivot of a recursion
-- expect: contained time processor memory
with recursive a as (select 1 as n union all select n + 1 from a) pivot a on n using count(*)
-- case: pivots one in another
-- expect: contained
«pivot (»×2000 select 1 as n «) on n using count(*)»×2000
-- case: pivots one beside another
-- expect: contained
select * from «(pivot site on site_code using count(*)), »×500 site
-- case: a pivot on a column that is nowhere
-- expect: error
pivot site on no_such using count(*)
-- case: pivots that never close
-- expect: contained
«(pivot »×8000
-- case: a pivot of long values
-- expect: contained
pivot (select repeat('x', 1000000) || range as n from range(900)) on n using count(*)
