-- Comments, Unicode, quoting, prepared values, names out of Python, and other ways round a gate.

-- case: a comment within a name
-- expect: refused
select * from read_/**/text('/etc/passwd')
-- case: a comment between name and bracket
-- expect: refused table function
select * from read_text/* x */('/etc/passwd')
-- case: a line comment between name and bracket
-- expect: refused table function
select * from read_text -- x
('/etc/passwd')
-- case: comments one in another
-- expect: refused
/* /* */ select 1 */ ; attach 'x'
-- case: a comment that never ends
-- expect: refused
select 1 /* attach 'x'
-- case: a comment before a statement that writes
-- expect: refused statement
/* select 1 */ attach 'x'
-- case: explain behind comments
-- expect: refused table function
/* a */ -- b
explain /* c */ analyze from read_text('/etc/passwd')
-- case: a no-break space
-- expect: refused table function
select * from read_text('/etc/passwd')
-- case: an ideographic space
-- expect: refused table function
select　*　from　read_text('/etc/passwd')
-- case: a zero-width space within a name
-- expect: refused
from read​_text('/etc/passwd')
-- case: a Cyrillic letter within a name
-- expect: refused table function
from rеad_text('/etc/passwd')
-- case: full-width letters
-- expect: refused table function
from ｒｅａｄ＿ｔｅｘｔ('/etc/passwd')
-- case: full-width brackets
-- expect: refused
select getenv（'HOME'）
-- case: a mark of direction
-- expect: refused
from ‮read_text('/etc/passwd')
-- case: a Turkish dotless letter
-- expect: refused
select * from sıte
-- case: letters as their numbers
-- expect: refused
from U&"read\005Ftext"('/etc/passwd')
-- case: text between dollars
-- expect: refused table function
from read_text($$/etc/passwd$$)
-- case: text between named dollars
-- expect: refused table function
from read_text($a$/etc/passwd$a$)
-- case: text with escapes
-- expect: refused table function
from read_text(e'\x2fetc\x2fpasswd')
-- case: a parameter by name
-- expect: refused parameter
select $path
-- case: a parameter by number
-- expect: refused parameter
select $1
-- case: a parameter by place
-- expect: refused parameter
select ?
-- case: a parameter as a table
-- expect: refused
select * from $1
-- case: two kinds of parameters
-- expect: refused parameter
select $a, ?
-- case: a Python variable as a table
-- expect: refused
select * from snapshot
-- case: a Python variable of the caller as a table
-- expect: refused
select * from connection
-- case: a Python module as a table
-- expect: refused
select * from pa
-- case: a Python variable behind a part of the query
-- expect: refused
with a as (select 1) select * from order_, a
-- case: a part of the query seen from outside itself
-- expect: refused
select * from (with secret as (select 1) select * from secret) a, secret
-- case: a part that sees one defined later
-- expect: refused
with a as (select * from b), b as (select 1) select * from a
-- case: a part called as a file
-- expect: refused catalogue
with "/etc/passwd" as (select 1) select * from "/etc/passwd"
-- case: a part called as a catalogue
-- expect: refused catalogue
with duckdb_views as (select 1) select * from duckdb_views
-- case: a part called as a table of the situation is that part
-- expect: answer
with site as (select 1 as a) select * from site
-- case: a part called as a function
-- expect: refused table function
with read_text as (select 1) select * from read_text('/etc/passwd')
-- case: a recursive part that nobody stops
-- expect: contained time processor memory
with recursive a as (select 1 as n union all select n + 1 from a) select count(*) from a
-- case: a type out of nowhere
-- expect: error
select 'a'::secret_type
-- case: a type of another catalogue
-- expect: error
select 'a'::system.main.nothing
-- case: the name of a table as a type
-- expect: answer
select 'site'::varchar
-- case: an alias called as a function
-- expect: refused function
select 'a' as getenv, getenv('HOME')
-- case: functions in a chain
-- expect: refused
select 'HOME'.upper().getenv()
-- case: a window over a function that is none
-- expect: refused function
select getenv('HOME') over ()
-- case: a star over a hidden table
-- expect: refused catalogue
select lake_file.* from lake_file
-- case: from first, nothing else
-- expect: refused catalogue
from lake_file
-- case: table and its name
-- expect: refused catalogue
table lake_file
-- case: a natural join with a hidden table
-- expect: refused catalogue
select * from site natural join lake_file
-- case: a positional join with a hidden table
-- expect: refused catalogue
select * from site positional join lake_file
-- case: a semi join with a hidden table
-- expect: refused catalogue
select * from site semi join lake_file on true
-- case: a column of a hidden table, guessed letter by letter
-- expect: refused catalogue
select count(*) from site where exists (select 1 from lake_file where path like '/w%')
-- case: a union with a hidden table
-- expect: refused catalogue
select site_code from site union select path from lake_file
-- case: an intersection with a hidden table
-- expect: refused catalogue
select site_code from site intersect select path from lake_file
-- case: NUL within the text
-- expect: refused text
«\0»×1
-- case: NUL behind a reading statement
-- expect: refused text
select 1 «\0»×1; attach 'x'
-- case: half a character
-- expect: refused text
select '«\ud800»×1'
-- case: a text that is too long
-- expect: refused text
select '«x»×70000'
-- case: a mark of byte order
-- expect: answer
﻿select 1
-- case: a bell and other control characters
-- expect: refused
select «\a»×3 from site
