"""What other kinds name that an import takes away: refused beforehand, or told afterwards with what to import next."""

from __future__ import annotations

import duckdb

from data.reference_import.kinds import KINDS, Kind
from data.reference_import.problems import Problem
from data.reference_import.store import TABLES_OF_KIND

_SHOWN = 5
_REFERENCES = """
select 'buildings' as kind, 'grid' as named, grid_code as code from lake.building
union all select 'sites', 'grid', grid_code from lake.site
union all select 'staff', 'grid', grid_code from lake.staff
union all select 'staff', 'community', community_code from lake.staff
union all select 'staff', 'town', town_code from lake.staff
union all select 'rounds', 'community', community_code from lake.round_community
union all select 'infections', place_kind, place_code from lake.infection
union all select 'zones', extent_kind, member_code from lake.zone_member
"""
# what is named now, exists now, and would be gone after the import
_ORPHANS = f"""
with reference as ({_REFERENCES}),
existing as (
    select 'grid' as named, grid_code as code from lake.grid
    union all select 'community', community_code from lake.community
    union all select 'town', town_code from lake.town
),
coming as (
    select 'grid' as named, grid_code as code from staged.typed
    union all select 'community', community_code from staged.community
    union all select 'town', town_code from staged.town
)
select r.kind, r.named, count(*), count(distinct r.code), list(distinct r.code order by r.code)[:{_SHOWN}]
from reference as r
semi join existing as e on e.named = r.named and e.code = r.code
anti join coming as c on c.named = r.named and c.code = r.code
group by r.kind, r.named order by r.kind, r.named
"""


def find_orphans(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Grids, communities and towns that are named elsewhere and that the staged grids leave out, by kind and code."""
    return [
        Problem(
            "",
            f"{named}_code",
            None,
            f"{count:,} {kind} name {code_count:,} {named} codes that this file leaves out: "
            f"{', '.join(codes)}{' …' if code_count > len(codes) else ''}; keep them, or take it with --replace and import {kind} next",
        )
        for kind, named, count, code_count, codes in connection.execute(_ORPHANS).fetchall()
    ]


def describe_orphans(connection: duckdb.DuckDBPyConnection, kind: Kind) -> tuple[str, ...]:
    """What other kinds refer to that is no longer there; one sentence each, with what to import next."""
    notes = []
    for other in KINDS.values():
        for field in other.fields:
            table, _, column = (field.refers_to or "").partition(".")
            if table not in TABLES_OF_KIND.get(kind.name, (kind.table,)) or field.name == "community_codes":
                continue
            row = connection.execute(
                f"""
                select count(*), min(o.{field.name}) from lake.{other.table} as o
                anti join (select {column} as {field.name} from lake.{table}) as t using ({field.name})
                where o.{field.name} is not null
                """
            ).fetchone()
            if row and row[0]:
                notes.append(
                    f"{row[0]:,} {other.name} name a {table} that is gone, such as {row[1]}: import {other.name} next."
                )
    return tuple(notes)
