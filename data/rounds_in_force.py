"""Registrations follow their rounds: after an import that moves rounds, each is in the round that holds it now.

A line's round is decided when it is taken, by its grid and time, and stored with it. An import that changes rounds, or
what decides between them (grids, their communities and people), therefore looks for the times and grids that another
round holds now, and puts the versions there into it: in the import's own transaction, and with the change that this
makes to each roll-up, so that rows, figures and rounds agree at every moment. So rounds and logs may come in any order.

Files of the lake are rewritten whole, for questions read them as they lie there. Rows that were destroyed stay in the
totals of the round they were in.
"""

from __future__ import annotations

import duckdb

from data.lake import BUCKET

DECIDING_KINDS = {"rounds", "grids", "communities", "buildings", "households"}
"""Kinds of reference data that decide which round holds a place and a time."""

# The narrowest round open in a grid, from one moment at which any starts or closes to the next: as ingest decides it.
_SPANS = """
create or replace temp table {name} as
with people as (
    select g.grid_code, g.community_code, coalesce(sum(h.resident_count), 0) as resident_count
    from lake.grid as g left join lake.household as h on h.grid_code = g.grid_code group by all
),
area as (
    select r.round_code, r.starts_at, r.closes_at, p.grid_code,
        sum(p.resident_count) over (partition by r.round_code) as area_resident_count
    from lake.round as r cross join people as p
    where r.scope = 'district'
        or exists (select 1 from lake.round_community as c where c.round_code = r.round_code and c.community_code = p.community_code)
),
point as (
    select point_at as from_at, lead(point_at) over (order by point_at) as until_at
    from (select starts_at as point_at from lake.round union select closes_at from lake.round)
)
select p.from_at, p.until_at, a.grid_code, arg_min(a.round_code, (a.area_resident_count, a.round_code)) as round_code
from point as p inner join area as a on a.starts_at <= p.from_at and a.closes_at > p.from_at
group by all
"""
_MOVED_SPANS = """
create or replace temp table moved_span as
with point as (
    select point_at as from_at, lead(point_at) over (order by point_at) as until_at
    from (
        select from_at as point_at from span_before union select until_at from span_before
        union select from_at from span_after union select until_at from span_after
    )
),
before as (
    select p.from_at, p.until_at, s.grid_code, s.round_code
    from point as p inner join span_before as s on s.from_at <= p.from_at and s.until_at > p.from_at
),
after as (
    select p.from_at, p.until_at, s.grid_code, s.round_code
    from point as p inner join span_after as s on s.from_at <= p.from_at and s.until_at > p.from_at
)
select coalesce(a.from_at, b.from_at) as from_at, coalesce(a.until_at, b.until_at) as until_at,
    coalesce(a.grid_code, b.grid_code) as grid_code, a.round_code
from after as a full join before as b on b.from_at = a.from_at and b.grid_code = a.grid_code
where a.round_code is distinct from b.round_code
"""
_IN_MOVED_SPAN = "m.grid_code = v.grid_code and v.registered_at >= m.from_at and v.registered_at < m.until_at"
_FIND_LINES = f"""
create or replace temp table moved_line as
select v.filename as file, v.site_code, v.person_token, v.registered_at, v.household_code, v.round_code as old_round,
    m.round_code as new_round
from lake.registration_version as v inner join moved_span as m on {_IN_MOVED_SPAN}
where v.registered_at >= $from_at and v.registered_at < $until_at and v.round_code is distinct from m.round_code
"""
# A row is in the greatest round of its lines: when one of them moves, the row may fall into the round of another.
_FIND_BOUNDS = """
with touched as (
    select old_round as round_code from moved_line union select new_round from moved_line
    union select v.round_code from lake.registration_version as v
    semi join moved_line as l
        on l.site_code = v.site_code and l.person_token = v.person_token and l.registered_at = v.registered_at
    where v.registered_at >= $from_at and v.registered_at < $until_at
)
select min(from_at), max(until_at)
from (
    select from_at, until_at from span_before semi join touched using (round_code)
    union all select from_at, until_at from span_after semi join touched using (round_code)
    union all select min(registered_at), max(registered_at) + interval 1 microsecond from moved_line
)
"""
# Every version, as it was and as it is to be, of the people whom a moved line is of, and of those who name a household
# that a moved line names, in the rounds that lose or gain a line. All of a person's: one of them may withdraw the others.
_FIND_VERSIONS = f"""
create or replace temp table concerned as
select v.*, case when m.grid_code is null then v.round_code else m.round_code end as new_round
from (
    select * from lake.registration_version
    where registered_at >= $from_at and registered_at < $until_at
        and person_token in (
            select person_token from moved_line
            union all select person_token from lake.registration_version
            where registered_at >= $from_at and registered_at < $until_at
                and household_code in (select household_code from moved_line)
        )
) as v
left join moved_span as m on {_IN_MOVED_SPAN}
"""
_MERGE = """
create or replace temp table concerned_row as
select site_code, person_token, registered_at, max(sampled_at) as sampled_at, max(unit_no) as unit_no, max(grid_code) as grid_code,
    coalesce(max(channel), 'self') as channel, max(round_code) as old_round, max(new_round) as new_round
from concerned group by site_code, person_token, registered_at
having not coalesce(bool_or(is_withdrawn), false);
create or replace temp table signed_row as
select *, -1 as sign, old_round as round_code from concerned_row where old_round is not null
union all select *, 1, new_round from concerned_row where new_round is not null
"""
_MOVE_UNITS = """
insert into lake.round_unit_delta by name
select round_code, site_code, unit_no, channel, sum(sign)::bigint as registered_count,
    sum(case when sampled_at is null then 0 else sign end)::bigint as sampled_count
from signed_row where old_round is distinct from new_round
group by all having sum(sign) != 0 or sum(case when sampled_at is null then 0 else sign end) != 0
"""
_MOVE_GRIDS = f"""
insert into lake.grid_bucket_delta by name
with person as (
    select r.round_code, r.sign, arg_min(r.grid_code, (r.registered_at, r.site_code)) as grid_code,
        min(r.registered_at) as registered_at,
        min(case when s.is_sampling_reported then r.sampled_at else coalesce(r.sampled_at, r.registered_at) end) as covered_at
    from signed_row as r inner join lake.site as s on s.site_code = r.site_code
    semi join moved_line as l on l.person_token = r.person_token
    group by r.round_code, r.sign, r.person_token
),
named as (
    select c.household_code, c.registered_at, c.round_code, c.new_round
    from concerned as c
    semi join concerned_row as k
        on k.site_code = c.site_code and k.person_token = c.person_token and k.registered_at = c.registered_at
    semi join moved_line as l on l.household_code = c.household_code
),
household as (
    select household_code, -1 as sign, round_code, min(registered_at) as seen_at from named where round_code is not null group by all
    union all
    select household_code, 1, new_round, min(registered_at) from named where new_round is not null group by all
)
select d.bucket_start_at, d.grid_code, d.round_code, sum(d.registered)::bigint as registered_person_count,
    sum(d.covered)::bigint as covered_person_count, sum(d.seen)::bigint as seen_household_count
from (
    select {BUCKET.format(moment="registered_at")} as bucket_start_at, grid_code, round_code, sign as registered, 0 as covered, 0 as seen
    from person
    union all
    select {BUCKET.format(moment="covered_at")}, grid_code, round_code, 0, sign, 0 from person where covered_at is not null
    union all
    select {BUCKET.format(moment="h.seen_at")}, o.grid_code, h.round_code, 0, 0, h.sign
    from household as h inner join lake.household as o on o.household_code = h.household_code
) as d
where d.grid_code is not null
group by all having sum(d.registered) != 0 or sum(d.covered) != 0 or sum(d.seen) != 0
"""
_REWRITE = f"""
create or replace temp table rewritten as
select v.* replace (case when m.grid_code is null then v.round_code else m.round_code end as round_code)
from lake.registration_version as v left join moved_span as m on {_IN_MOVED_SPAN}
where v.filename in (select file from moved_line);
delete from lake.registration_version where filename in (select file from moved_line);
insert into lake.registration_version by name select * from rewritten order by registered_at
"""
_DROPPED = (
    "span_before", "span_after", "moved_span", "moved_line", "concerned", "concerned_row", "signed_row", "rewritten",
)  # fmt: skip


def note_rounds(connection: duckdb.DuckDBPyConnection) -> None:
    """Notes which round holds which grid when, before reference data changes; within the same transaction."""
    connection.execute(_SPANS.format(name="span_before"))


def follow_rounds(connection: duckdb.DuckDBPyConnection) -> int:
    """Puts registrations into the rounds that hold them since the change, roll-ups with them; gives how many lines moved.

    To be called after `note_rounds` and the change, within the same transaction. What is read and rewritten follows the
    times and rounds that changed, not the history.
    """
    try:
        connection.execute(_SPANS.format(name="span_after"))
        connection.execute(_MOVED_SPANS)
        bounds = connection.execute("select min(from_at), max(until_at) from moved_span").fetchone()
        if bounds is None or bounds[0] is None:
            return 0
        connection.execute(_FIND_LINES, {"from_at": bounds[0], "until_at": bounds[1]})
        row = connection.execute("select count(*) from moved_line").fetchone()
        count = int(row[0]) if row else 0
        if count:
            bounds = connection.execute(_FIND_BOUNDS, {"from_at": bounds[0], "until_at": bounds[1]}).fetchone()
            assert bounds is not None
            connection.execute(_FIND_VERSIONS, {"from_at": bounds[0], "until_at": bounds[1]})
            for statement in (_MERGE, _MOVE_UNITS, _MOVE_GRIDS, _REWRITE):
                connection.execute(statement)
        return count
    finally:
        for table in _DROPPED:
            connection.execute(f"drop table if exists temp.{table}")
