-- Every version of every order, append-only: what an order says may be corrected, and an order given by mistake be withdrawn;
-- what was believed before stays. A version is known by all that it says: taken twice it is one. Of an order's versions the
-- one recorded last counts; of those recorded at one moment a withdrawal, then the greatest.
create table zone_order_version (
    order_code varchar, recorded_at timestamptz,
    is_withdrawn boolean,         -- true: given by mistake; every column from here to party_branch_name is null then
    zone_code varchar, zone_name varchar, zone_name_en varchar,
    level varchar,                -- high | medium | low | lifted
    extent_kind varchar,          -- building | community | grid | polygon; null: an order that lifts
    extent_codes varchar[],       -- sorted; null of a polygon and of an order that lifts
    radius_m double,              -- around each building; null: the buildings' own ground
    polygon_wkb blob,             -- EPSG:4326, lon first
    replaces_order_code varchar,  -- an order that this one ends, of whatever zone; the zone's own need not be named
    issued_at timestamptz, effective_at timestamptz, ends_at timestamptz, party_branch_name varchar,
    recorded_by varchar           -- who gave it on a page; null: a file
);
-- An older lake does not know when it learned of an order: it is taken to have known it since it was issued.
insert into zone_order_version
select
    o.order_code, o.issued_at, false, o.zone_code, o.zone_name, o.zone_name_en, o.level, o.extent_kind,
    list_sort(e.extent_codes), null, null, null, o.issued_at, o.effective_at, o.ends_at, o.party_branch_name, null
from zone_order as o
left join (select order_code, list(distinct member_code) as extent_codes from zone_extent group by order_code) as e
    on e.order_code = o.order_code;
drop table zone_extent;
drop table zone_order;

-- The versions of each order in the order in which they came to be believed.
create view zone_order_history as
select
    v.*,
    row_number() over (
        partition by order_code
        order by
            recorded_at, is_withdrawn, effective_at, issued_at, ends_at, level, zone_code, extent_kind, extent_codes, radius_m,
            polygon_wkb, replaces_order_code, zone_name, zone_name_en, party_branch_name, recorded_by
    )::integer as version_no,
    count(*) over (partition by order_code)::integer as version_count
from zone_order_version as v;

-- What is believed now.
create view zone_order as
select * exclude (version_count) from zone_order_history where version_no = version_count and not is_withdrawn;

create view zone_member as
select distinct order_code, extent_kind, unnest(extent_codes) as member_code from zone_order;
