"""Whether the tables of a bundle tell the same sums: asked of what was written, by a plain engine, before it is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

Outcome = Literal["agrees", "differs", "not compared"]
BUCKET = "to_timestamp(floor(epoch({column}) / 300) * 300)"


@dataclass(frozen=True)
class Compared:
    """What one comparison found."""

    name: str
    outcome: Outcome
    compared_count: int = 0
    differing_count: int = 0
    why: str = ""


@dataclass(frozen=True)
class Scope:
    """What the bundle was cut to: some comparisons hold of a whole only."""

    from_at: datetime | None
    until_at: datetime | None
    has_rounds: bool
    has_erasures: bool


@dataclass(frozen=True)
class _Check:
    name: str
    needs: Mapping[str, str]
    """The columns that it needs, by table."""
    sides: str
    """A statement with the columns `one` and `other`, a row for each pair that must be equal."""
    is_of_all_rounds: bool = False
    is_from_the_start: bool = False
    survives_erasure: bool = False


_WHOLE_ROUNDS = """
    select round_code from "round" where ($from_at is null or starts_at >= $from_at)
"""
_CHECKS = (
    _Check(
        "registrations against five-minute sums, by site",
        {"registration": "site_code registered_at", "site_bucket": "site_code bucket_start_at registered_count"},
        f"""
        select r.n as one, b.n as other
        from (select site_code, {BUCKET.format(column="registered_at")} as at, count(*) as n from registration group by all) as r
        full join (select site_code, bucket_start_at as at, sum(registered_count) as n from site_bucket group by all having n != 0) as b
            on r.site_code = b.site_code and r.at = b.at
        """,
        is_of_all_rounds=True,
    ),
    _Check(
        "samplings against five-minute sums, by site",
        {"registration": "site_code sampled_at", "site_bucket": "site_code bucket_start_at sampled_count"},
        f"""
        select r.n as one, b.n as other
        from (
            select site_code, {BUCKET.format(column="sampled_at")} as at, count(*) as n from registration
            where sampled_at is not null and ($until_at is null or sampled_at < $until_at) group by all
        ) as r
        full join (select site_code, bucket_start_at as at, sum(sampled_count) as n from site_bucket group by all having n != 0) as b
            on r.site_code = b.site_code and r.at = b.at
        """,
        is_of_all_rounds=True,
        is_from_the_start=True,
    ),
    _Check(
        "people registered and covered against five-minute sums, by round and grid",
        {
            "registration": "site_code person_token registered_at sampled_at grid_code round_code",
            "site": "site_code is_sampling_reported", "round": "round_code starts_at",
            "grid_bucket": "grid_code round_code registered_person_count covered_person_count",
        },
        f"""
        with whole as ({_WHOLE_ROUNDS}),
        people as (
            select
                r.round_code, arg_min(r.grid_code, (r.registered_at, r.site_code)) as grid_code,
                min(case when s.is_sampling_reported then r.sampled_at else coalesce(r.sampled_at, r.registered_at) end) as covered_at
            from registration as r inner join site as s on s.site_code = r.site_code
            where r.round_code in (from whole) group by r.round_code, r.person_token
        ),
        by_rows as (
            select round_code, grid_code, count(*) as registered,
                count(*) filter (covered_at < coalesce($until_at, timestamptz 'infinity')) as covered
            from people group by all
        ),
        by_sums as (
            select round_code, grid_code, sum(registered_person_count) as registered, sum(covered_person_count) as covered
            from grid_bucket where round_code in (from whole) group by all having registered != 0 or covered != 0
        )
        select (r.registered, r.covered) as one, (b.registered::bigint, b.covered::bigint) as other
        from by_rows as r full join by_sums as b on r.round_code = b.round_code and r.grid_code is not distinct from b.grid_code
        """,
    ),
    _Check(
        "registrations and samplings against the units' sums, by round and site",
        {
            "registration": "site_code sampled_at round_code", "round": "round_code starts_at closes_at",
            "round_unit": "round_code site_code registered_count sampled_count",
        },
        f"""
        with whole as ({_WHOLE_ROUNDS} and ($until_at is null or closes_at <= $until_at)),
        by_rows as (
            select round_code, site_code, count(*) as registered, count(sampled_at) as sampled
            from registration where round_code in (from whole) group by all
        ),
        by_sums as (
            select round_code, site_code, sum(registered_count) as registered, sum(sampled_count) as sampled
            from round_unit where round_code in (from whole) group by all having registered != 0 or sampled != 0
        )
        select (r.registered, r.sampled) as one, (b.registered::bigint, b.sampled::bigint) as other
        from by_rows as r full join by_sums as b on r.round_code = b.round_code and r.site_code = b.site_code
        """,
    ),
    _Check(
        "sites of registrations are known",
        {"registration": "site_code", "site": "site_code"},
        "select r.site_code as one, s.site_code as other from (select distinct site_code from registration) as r"
        " left join site as s on s.site_code = r.site_code",
        survives_erasure=True,
    ),
    _Check(
        "grids of registrations are known",
        {"registration": "grid_code", "grid": "grid_code"},
        "select r.grid_code as one, g.grid_code as other"
        " from (select distinct grid_code from registration where grid_code is not null) as r"
        " left join grid as g on g.grid_code = r.grid_code",
        survives_erasure=True,
    ),
    _Check(
        "residents of buildings against their grid's",
        {"building": "grid_code resident_count", "grid": "grid_code resident_count"},
        "select g.resident_count as one, coalesce(b.n, 0)::bigint as other from grid as g"
        " left join (select grid_code, sum(resident_count) as n from building group by all) as b on b.grid_code = g.grid_code",
        survives_erasure=True,
    ),
    _Check(
        "households and residents against their grid's",
        {"household": "grid_code resident_count", "grid": "grid_code household_count resident_count"},
        "select (g.household_count, g.resident_count) as one, (coalesce(h.n, 0), coalesce(h.people, 0)::bigint) as other"
        " from grid as g left join (select grid_code, count(*) as n, sum(resident_count) as people from household group by all)"
        " as h on h.grid_code = g.grid_code",
        survives_erasure=True,
    ),
    _Check(
        "rounds' targets against their grids'",
        {"round": "round_code target_count", "round_grid": "round_code target_count"},
        "select r.target_count as one, coalesce(g.n, 0)::bigint as other from \"round\" as r"
        " left join (select round_code, sum(target_count) as n from round_grid group by all) as g on g.round_code = r.round_code",
        survives_erasure=True,
    ),
)  # fmt: skip


def compare_tables(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Sequence[str]], scope: Scope
) -> list[Compared]:
    """What every comparison found of the tables with these columns; those that cannot be made say why."""
    return [_compare(connection, check, columns, scope) for check in _CHECKS]


def _compare(
    connection: duckdb.DuckDBPyConnection, check: _Check, columns: Mapping[str, Sequence[str]], scope: Scope
) -> Compared:
    missing = [
        f"{table}.{column}"
        for table, needed in check.needs.items()
        for column in needed.split()
        if column not in columns.get(table, ())
    ]
    if missing:
        return Compared(check.name, "not compared", why=f"left out: {', '.join(missing)}")
    if scope.has_erasures and not check.survives_erasure:
        return Compared(check.name, "not compared", why="single registrations were destroyed; the sums still hold them")
    if check.is_of_all_rounds and scope.has_rounds:
        return Compared(check.name, "not compared", why="only some rounds are in it, and a site's sums are of all")
    if check.is_from_the_start and scope.from_at:
        return Compared(check.name, "not compared", why="who registered before the period may be sampled in it")
    row = connection.execute(
        f"select count(*), count(*) filter (one is distinct from other) from ({check.sides})",
        {
            name: value
            for name, value in (("from_at", scope.from_at), ("until_at", scope.until_at))
            if f"${name}" in check.sides
        }
        or None,
    ).fetchone()
    assert row is not None
    return Compared(check.name, "differs" if row[1] else "agrees", int(row[0]), int(row[1]))
