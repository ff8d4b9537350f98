-- A long file is taken in parts, each committed for itself: one row per part. A file is done when its last part is there;
-- until then a restart goes on after last_line_no. Files taken before were taken whole.
alter table ingest_file add column part_no integer default 0;      -- key: with file_sha256 and file_name
alter table ingest_file add column last_line_no bigint;            -- null: the whole file
alter table ingest_file add column is_last boolean;                -- null: true, of a file taken before there were parts

-- A site withdraws a row by its key, before or after the row itself comes; whatever lines the key has, it then counts
-- nowhere. A withdrawal's other columns are null, but for the site's own grid and the round open there.
alter table registration_version add column is_withdrawn boolean;   -- null: false, of a line taken before there were withdrawals

drop view first_seen;
drop view registration;
create view registration as
select
    site_code, person_token, registered_at,
    max(sampled_at) as sampled_at, max(unit_no) as unit_no, max(household_code) as household_code,
    max(grid_code) as grid_code, coalesce(max(channel), 'self') as channel, max(tube_code) as tube_code,
    max(round_code) as round_code, max(feed_code) as feed_code
from registration_version
group by site_code, person_token, registered_at
having not coalesce(bool_or(is_withdrawn), false);

create view withdrawal as
select
    site_code, person_token, registered_at, min(feed_code) as feed_code, min(received_at) as received_at
from registration_version
where is_withdrawn
group by site_code, person_token, registered_at;

create view first_seen as
select
    r.round_code, r.person_token,
    arg_min(r.grid_code, (r.registered_at, r.site_code)) as grid_code,
    min(r.registered_at) as registered_at,
    min(case when s.is_sampling_reported then r.sampled_at else coalesce(r.sampled_at, r.registered_at) end) as covered_at,
    arg_min(r.household_code, (r.registered_at, r.site_code)) as household_code
from registration as r
inner join site as s on s.site_code = r.site_code
where r.round_code is not null
group by r.round_code, r.person_token;
