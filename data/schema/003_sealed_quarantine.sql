-- A line in quarantine names the sealed file that holds its cells, so that it can be checked again; one that never became
-- cells has none. Quarantine is append-only: a line is open until a release names it. The key of both is (ingest_no, line_no).
alter table quarantine add column sealed_file varchar;     -- below quarantine/ in the home folder
alter table quarantine add column sealed_no integer;       -- its place there, from 0
alter table quarantine add column due_at timestamptz;      -- of a line from the future: the moment that it tells of

create table quarantine_release (
    ingest_no bigint, line_no bigint, feed_code varchar, log_kind varchar, reason varchar,
    is_taken boolean,                -- false: set aside again, for another reason
    release_no bigint,               -- the row of ingest_file that took it: of the same file, with part_no -1 and row_count 0
    released_at timestamptz
);

-- Lines that name a household nobody imported: kept without it.
alter table ingest_file add column unknown_household_count bigint;   -- null: taken before it was counted

create view open_quarantine as
select
    q.ingest_no, q.line_no, q.feed_code, q.log_kind, f.file_name, f.file_sha256, q.reason, q.column_name, q.masked_value,
    q.received_at, q.due_at, q.sealed_file, q.sealed_no
from quarantine as q
left join ingest_file as f on f.ingest_no = q.ingest_no
anti join quarantine_release as r on r.ingest_no = q.ingest_no and r.line_no = q.line_no;
