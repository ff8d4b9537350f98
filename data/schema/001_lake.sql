-- The lake's first shape. DuckLake keeps no primary keys: each key named here is kept by the one writer.
-- Times are TIMESTAMPTZ. Codes are strings. No table holds a name, an ID number or a telephone number.

create table writer_lease (holder varchar, epoch bigint, renewed_at timestamptz);

-- reference -----------------------------------------------------------------------------------------
create table feed (
    feed_code varchar,            -- key; also the inbox sub-folder
    feed_name varchar, feed_name_en varchar,
    kind varchar,                 -- registrations | staff | orders
    town_code varchar,            -- the town whose figures rest on this feed; null: the whole district
    silent_after_min double,      -- silence that deserves a warning; null: never
    sort_order integer
);
create table town (town_code varchar, town_name varchar, town_name_en varchar);
create table community (community_code varchar, community_name varchar, community_name_en varchar, town_code varchar);
create table grid (
    grid_code varchar, grid_name varchar, grid_name_en varchar, community_code varchar,
    has_party_organisation boolean,
    area_km2 double,
    label_lon double, label_lat double,   -- a point inside, for labels
    geometry_wkb blob,                    -- EPSG:4326, lon first
    is_synthetic boolean                  -- true: the shape is a guess; the situation is synthetic if any grid is
);
create table building (
    building_code varchar, building_name varchar, building_name_en varchar, grid_code varchar,
    lon double, lat double, radius_m double  -- half the side of its footprint
);
create table household (
    household_code varchar, building_code varchar, grid_code varchar,
    resident_count integer, vulnerable_count integer
);
create table site (
    site_code varchar, site_name varchar, site_name_en varchar, grid_code varchar, lon double, lat double,
    feed_code varchar, unit_count integer,
    is_sampling_reported boolean,         -- false: the site never sends sampled_at
    leader_staff_code varchar, party_branch_name varchar
);
create table staff (
    staff_code varchar,
    role varchar,                 -- street_leader | community_cadre | grid_leader | full_time | part_time | volunteer | commando | medic
    origin varchar,               -- community | new_recruit | private_firm | retired_cadre | city | district | hospital
    town_code varchar, community_code varchar, grid_code varchar,   -- home; null above the level at which one serves
    stand_in_staff_code varchar   -- A/B roles
);
create table round (
    round_code varchar, round_name varchar, round_name_en varchar,
    scope varchar,                -- district | community
    starts_at timestamptz, deadline_at timestamptz, closes_at timestamptz
);
create table round_community (round_code varchar, community_code varchar);   -- empty for a district round
create table zone_order (
    order_code varchar, zone_code varchar, zone_name varchar, zone_name_en varchar,
    level varchar,                -- high | medium | low
    extent_kind varchar,          -- building | community | grid
    issued_at timestamptz, effective_at timestamptz, ends_at timestamptz,
    party_branch_name varchar, sort_order integer
);
create table zone_extent (order_code varchar, member_code varchar);

-- logs ----------------------------------------------------------------------------------------------
create table ingest_file (
    file_sha256 varchar, file_name varchar,  -- key: both
    ingest_no bigint,                        -- rises with every file taken
    feed_code varchar,
    log_kind varchar,                        -- registration | staff_event | whistle | unit_event
    byte_count bigint, row_count bigint,
    accepted_count bigint, duplicate_count bigint, corrected_count bigint, quarantined_count bigint,
    first_event_at timestamptz, last_event_at timestamptz, received_at timestamptz
);
create table quarantine (
    ingest_no bigint, feed_code varchar, log_kind varchar,
    line_no bigint, reason varchar, column_name varchar, masked_value varchar, received_at timestamptz
);

-- Every accepted line, append-only. The registration is the merge of its versions: the key is (site_code,
-- person_token, registered_at), every other column the greatest value any version gives it. So the order of
-- arrival cannot matter, and a correction costs an insert, not a rewrite.
create table registration_version (
    site_code varchar, person_token blob, registered_at timestamptz,
    sampled_at timestamptz, unit_no integer, household_code varchar, grid_code varchar,
    channel varchar, tube_code varchar,
    round_code varchar,           -- null outside every round
    feed_code varchar, ingest_no bigint, received_at timestamptz
);
create table staff_event (
    staff_code varchar, event varchar,      -- check_in | check_out
    event_at timestamptz,
    post_kind varchar,                      -- site | grid | building | zone | checkpoint | vehicle
    post_code varchar, whistle_code varchar,
    feed_code varchar, ingest_no bigint, received_at timestamptz
);
create table whistle_version (
    whistle_code varchar, raised_at timestamptz, due_at timestamptz, closed_at timestamptz,
    place_kind varchar,                     -- site | grid | community | place
    place_code varchar, place_name varchar, place_name_en varchar,
    role varchar, needed_count integer,
    feed_code varchar, ingest_no bigint, received_at timestamptz
);
create table unit_event (
    site_code varchar, unit_no integer, event varchar,   -- open | close
    event_at timestamptz,
    feed_code varchar, ingest_no bigint, received_at timestamptz
);

-- roll-ups: append-only deltas; a figure is their sum ------------------------------------------------
create table site_bucket_delta (
    bucket_start_at timestamptz,            -- five minutes
    site_code varchar, channel varchar,
    registered_count bigint, sampled_count bigint,
    waited_count bigint, wait_s_sum double  -- people sampled in this bucket and the sum of their waits
);
create table round_unit_delta (
    round_code varchar, site_code varchar, unit_no integer, channel varchar,
    registered_count bigint, sampled_count bigint
);
create table grid_bucket_delta (
    bucket_start_at timestamptz, grid_code varchar, round_code varchar,
    registered_person_count bigint,         -- people first registered in the round
    covered_person_count bigint,            -- people first sampled in the round (first registered, where the site never reports sampling)
    seen_household_count bigint             -- households that a registration of the round names for the first time (their own grid)
);
create table feed_bucket_delta (feed_code varchar, bucket_start_at timestamptz, row_count bigint);

-- what the versions say ---------------------------------------------------------------------------------
create view registration as
select
    site_code, person_token, registered_at,
    max(sampled_at) as sampled_at, max(unit_no) as unit_no, max(household_code) as household_code,
    max(grid_code) as grid_code, coalesce(max(channel), 'self') as channel, max(tube_code) as tube_code,
    max(round_code) as round_code, max(feed_code) as feed_code
from registration_version
group by site_code, person_token, registered_at;

create view whistle as
select
    whistle_code, max(raised_at) as raised_at, max(due_at) as due_at, max(closed_at) as closed_at,
    max(place_kind) as place_kind, max(place_code) as place_code, max(place_name) as place_name,
    max(place_name_en) as place_name_en, max(role) as role, max(needed_count) as needed_count
from whistle_version
group by whistle_code;

-- A person belongs to the grid of the earliest registration in the round, ties by site. Derived, never stored: a late
-- earlier row or a correction moves the person by itself, and two copies of one fact cannot disagree.
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
