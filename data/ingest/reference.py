"""What the checks look codes up in: reference tables of the lake, mirrored in the engine's memory with small numbers.

Numbers follow the order of the codes, so that the greatest number is the greatest code: versions of one registration
are merged on numbers exactly as the lake's views merge them on codes. About 30 MB for 300,000 households.
"""

from __future__ import annotations

import duckdb

from data.ingest.columns import read_words

LOAD_REFERENCE = """
create or replace table mirror.ref_grid as
select row_number() over (order by g.grid_code)::integer as grid_no, g.grid_code, g.community_code,
    coalesce(h.resident_count, 0) as resident_count
from lake.grid as g
left join (select grid_code, sum(resident_count) as resident_count from lake.household group by grid_code) as h
    on h.grid_code = g.grid_code;
create or replace table mirror.ref_site as
select row_number() over (order by s.site_code)::integer as site_no, s.site_code, s.unit_count, s.is_sampling_reported, g.grid_no
from lake.site as s left join mirror.ref_grid as g on g.grid_code = s.grid_code;
create or replace table mirror.ref_household as
select row_number() over (order by h.household_code)::integer as household_no, h.household_code, g.grid_no
from lake.household as h left join mirror.ref_grid as g on g.grid_code = h.grid_code;
create or replace table mirror.ref_round as
select row_number() over (order by round_code)::integer as round_no, round_code, starts_at, closes_at, scope = 'district' as is_district
from lake.round;
create or replace table mirror.ref_channel as
select unnest([1, 2, 3]) as channel_no, unnest(['assisted', 'green', 'self']) as channel;
create or replace table mirror.ref_feed as select feed_code from lake.feed where kind != 'orders';
create or replace table mirror.ref_staff as select staff_code from lake.staff;
create or replace table mirror.ref_post as
select 'site' as post_kind, site_code as post_code from lake.site
union all select 'grid', grid_code from lake.grid
union all select 'building', building_code from lake.building
union all select distinct 'zone', zone_code from lake.zone_order_version where zone_code is not null
union all select 'community', community_code from lake.community;
create or replace table mirror.round_area as
select r.round_no, r.round_code, r.starts_at, r.closes_at, g.grid_no,
    sum(g.resident_count) over (partition by r.round_no) as area_resident_count
from mirror.ref_round as r
cross join mirror.ref_grid as g
where r.is_district
    or exists (select 1 from lake.round_community as c where c.round_code = r.round_code and c.community_code = g.community_code);
-- The narrowest round that is open in a grid, from one moment at which any round starts or closes to the next.
create or replace table mirror.round_point as
select row_number() over (order by point_at)::integer as interval_no, point_at
from (select starts_at as point_at from mirror.ref_round union select closes_at from mirror.ref_round);
create or replace table mirror.round_span as
select p.interval_no, a.grid_no, arg_min(a.round_no, (a.area_resident_count, a.round_code)) as round_no
from mirror.round_point as p
inner join mirror.round_area as a on a.starts_at <= p.point_at and a.closes_at > p.point_at
group by p.interval_no, a.grid_no;
"""


def load_reference(connection: duckdb.DuckDBPyConnection) -> None:
    """Mirrors the reference tables and the closed vocabularies; call it again after an import."""
    connection.execute("create schema if not exists mirror")
    connection.execute(LOAD_REFERENCE)
    triples = [(vocabulary, word, code) for vocabulary, words in read_words().items() for word, code in words.items()]
    columns = [list(column) for column in zip(*triples, strict=True)]
    connection.execute(
        "create or replace table mirror.word as select unnest(?) as vocabulary, unnest(?) as word, unnest(?) as code",
        columns,
    )


def note_zones(connection: duckdb.DuckDBPyConnection) -> None:
    """Zones that were ordered since the mirror was made are posts too."""
    connection.execute(
        """
        insert into mirror.ref_post
        select distinct 'zone', zone_code from lake.zone_order_version
        where zone_code is not null and zone_code not in (select post_code from mirror.ref_post where post_kind = 'zone')
        """
    )


def has_reference(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is a site or a worker at all: without either, every line would be quarantined for nothing."""
    row = connection.execute(
        "select (select count(*) from mirror.ref_site) + (select count(*) from mirror.ref_staff)"
    ).fetchone()
    return bool(row and row[0])
