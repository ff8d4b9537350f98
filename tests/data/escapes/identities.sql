-- Whoever asks shall not learn who a person is. What answers holds no name, number or telephone: a test looks.

-- case: columns that the raw logs have
-- expect: error
select name from registration_version
-- case: identity numbers
-- expect: error
select id_number from registration
-- case: telephones
-- expect: error
select phone from registration
-- case: every column of every registration
-- expect: answer
select * from registration_version
-- case: every masked value set aside
-- expect: answer
select * from quarantine
-- case: every file that was taken
-- expect: answer
select * from ingest_file
-- case: every household
-- expect: answer
select * from household
-- case: every member of staff
-- expect: answer
select * from staff
-- case: a number guessed and hashed
-- expect: answer
select count(*) from registration where person_token = unhex(left(sha256('440703199001011234'), 32))
-- case: the key of tokens
-- expect: refused table function
from read_blob('keys/pseudonym.key')
-- case: a sealed line
-- expect: refused table function
select content from read_blob('quarantine/' || (select any_value(masked_value) from quarantine))
-- case: the hash of a file, to try a line against
-- expect: error
select file_sha256 from ingest_file
-- case: the name that a site gave its file
-- expect: error
select file_name from ingest_file
-- case: the same by way of what is set aside
-- expect: error
select file_sha256, file_name from open_quarantine
-- case: where sealed lines lie
-- expect: error
select sealed_file from quarantine
-- case: the same by any name
-- expect: error
select columns('sealed.*') from open_quarantine
-- case: what is set aside and waits
-- expect: answer
from open_quarantine
-- case: people by where they sleep and when they came
-- expect: answer
select household_code, registered_at, person_token from registration join household using (household_code) where resident_count = 1
-- case: a raw log
-- expect: refused table function
from read_csv('inbox/done/*')
