-- The situation file: all that ticks, and all reference data the pages need. Written aside after a commit and
-- renamed over the last one. Every question with `reads: situation` reads these tables and nothing else.

create table meta (
    schema_version integer, sequence bigint,   -- rises with every publication
    published_at timestamptz,
    as_of timestamptz,                         -- the newest event known; null while nothing was ingested
    geometry_hash varchar,                     -- changes when a shape, a site or a name on the map changes
    district_name varchar, district_name_en varchar, timezone varchar, is_synthetic boolean
);

create table feed (
    feed_code varchar, feed_name varchar, feed_name_en varchar, kind varchar, town_code varchar,
    silent_after_min double, sort_order integer
);
create table feed_state (
    feed_code varchar, last_event_at timestamptz, last_received_at timestamptz,
    file_count bigint, row_count bigint,
    accepted_count bigint, duplicate_count bigint, corrected_count bigint, quarantined_count bigint
);
create table feed_bucket (feed_code varchar, bucket_start_at timestamptz, row_count bigint);
create table quarantine_count (feed_code varchar, log_kind varchar, reason varchar, row_count bigint);

create table town (town_code varchar, town_name varchar, town_name_en varchar, label_lon double, label_lat double);
create table community (
    community_code varchar, community_name varchar, community_name_en varchar, town_code varchar,
    label_lon double, label_lat double
);
create table grid (
    grid_code varchar, grid_name varchar, grid_name_en varchar, community_code varchar, town_code varchar,
    has_party_organisation boolean, area_km2 double, label_lon double, label_lat double,
    resident_count bigint, household_count bigint, building_count bigint, vulnerable_count bigint
);
create table geometry (
    kind varchar,        -- grid | community | town | district | grid_ranks (no shape: see data/outline.py)
    code varchar,        -- district: ''
    geojson varchar      -- EPSG:4326, lon first, six decimals; neighbours share their vertices exactly
);
create table building (
    building_code varchar, building_name varchar, building_name_en varchar, grid_code varchar,
    lon double, lat double, radius_m double,
    household_count bigint, resident_count bigint, vulnerable_count bigint
);
create table site (
    site_code varchar, site_name varchar, site_name_en varchar, grid_code varchar, lon double, lat double,
    feed_code varchar, unit_count integer, is_sampling_reported boolean,
    leader_staff_code varchar, party_branch_name varchar
);
create table staff (
    staff_code varchar, role varchar, origin varchar, town_code varchar, community_code varchar, grid_code varchar,
    stand_in_staff_code varchar, organisation_name varchar
);
create table round (
    round_code varchar, round_name varchar, round_name_en varchar, scope varchar,
    starts_at timestamptz, deadline_at timestamptz, closes_at timestamptz,
    target_count bigint
);
create table round_grid (round_code varchar, grid_code varchar, target_count bigint, household_count bigint);
-- Every version of every order: corrections and withdrawals are versions too. The questions `zones/…` say which of them count.
create table zone_order (
    order_code varchar, version_no integer,    -- key: both; 1 is what was believed first
    recorded_at timestamptz, recorded_by varchar, is_withdrawn boolean,
    zone_code varchar, zone_name varchar, zone_name_en varchar,
    level varchar,             -- high | medium | low | lifted
    extent_no integer,         -- null: a withdrawal, or an order that lifts
    replaces_order_code varchar, issued_at timestamptz, effective_at timestamptz, ends_at timestamptz,
    party_branch_name varchar,
    sort_order integer         -- of its zone: by when it was first ordered, then by code
);
create table zone_extent (     -- versions that say the same about where share one
    extent_no integer, extent_kind varchar,    -- building | community | grid | polygon
    radius_m double,
    geojson varchar,           -- of a polygon; what else there is has its members' shapes
    member_count bigint,       -- members that the lake knows; a polygon is one
    building_count bigint, household_count bigint, resident_count bigint, vulnerable_count bigint, site_count bigint
);
create table zone_member (     -- what an extent names; a polygon names nothing
    extent_no integer, member_code varchar,
    geojson varchar            -- a building's ground; a community's or a grid's is in geometry
);
create table zone_place (      -- what lies in an extent of buildings or in a polygon; in others it follows from the hierarchy
    extent_no integer, place_kind varchar,     -- building | site | grid
    place_code varchar,
    is_whole boolean           -- of a grid: all of it lies within
);
create table zone_rule (     -- the district's own rule sets, else those of data/reference/zone_rules.csv
    rule_set_code varchar, rule_set_name varchar, rule_set_name_en varchar, valid_from timestamptz,
    level varchar, came_from_level varchar, clear_days integer, round_days integer[], day_one varchar,
    next_level varchar, source varchar, source_en varchar, sort_order integer
);
create table infection (
    infection_code varchar, found_at timestamptz, reported_at timestamptz, place_kind varchar, place_code varchar,
    building_code varchar, grid_code varchar, community_code varchar   -- as deep as the place is known
);
create table round_result (round_code varchar, place_kind varchar, place_code varchar, is_all_negative boolean, reported_at timestamptz);

create table staff_event (
    staff_code varchar, role varchar, event varchar, event_at timestamptz,
    post_kind varchar, post_code varchar, whistle_code varchar,
    grid_code varchar    -- that of the site, building or grid one is posted at; elsewhere the home grid
);
create table whistle (
    whistle_code varchar, raised_at timestamptz, due_at timestamptz, closed_at timestamptz,
    place_kind varchar, place_code varchar, place_name varchar, place_name_en varchar, role varchar, needed_count integer
);
create table unit_event (site_code varchar, unit_no integer, event varchar, event_at timestamptz);

create table site_bucket (
    bucket_start_at timestamptz, site_code varchar, channel varchar,
    registered_count bigint, sampled_count bigint, waited_count bigint, wait_s_sum double
);
create table round_unit (
    round_code varchar, site_code varchar, unit_no integer, channel varchar,
    registered_count bigint, sampled_count bigint
);
create table grid_bucket (
    bucket_start_at timestamptz, grid_code varchar, round_code varchar,
    registered_person_count bigint, covered_person_count bigint, seen_household_count bigint
);

create table erasure (       -- whose single registrations were destroyed, and when; the totals above still hold them
    erasure_no bigint, scope varchar, round_code varchar, from_at timestamptz, until_at timestamptz,
    erased_at timestamptz, certificate varchar, version_count bigint
);
create table erased_round (round_code varchar);   -- rounds of which registrations are gone, all or some

create table lake_file (     -- the Parquet files that hold a lake table at the snapshot this situation was made from
    table_name varchar, path varchar
);
