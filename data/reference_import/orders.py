"""Orders on risk zones: what an impossible one is told, and how one comes to stand beside those before it.

An order is never replaced in the lake: a correction or a withdrawal is a further version of its code. Owns those rules and
the table `zone_order_version`; when an order holds is said by one question alone, `zones/spans`, here as on every page.
Knows no file and no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from data.questions import read_questions
from data.reference_import.check import Findings
from data.reference_import.kinds import ZONES
from data.reference_import.order_rules import CELLS, GROUNDLESS, PARTIAL_LIFTS
from data.reference_import.read import Records
from geo.coverage import round_coordinates, unite_coverage
from geo.location import measure_outside
from geo.zones import judge_polygon

POLYGON_DECIMALS = 7
"""Decimals of a degree that a drawn corner keeps: a centimetre."""
_STRAY_SHARE = 0.01
"""From this share on it is told that a polygon reaches beyond the district."""
_SHOWN = 5

_CONTENT = (
    "is_withdrawn", "zone_code", "zone_name", "zone_name_en", "level", "extent_kind", "extent_codes", "radius_m", "polygon_wkb",
    "replaces_order_code", "issued_at", "effective_at", "ends_at", "party_branch_name",
)  # fmt: skip
_COLUMNS = ("order_code", "recorded_at", *_CONTENT, "recorded_by")
_LABELS = {field.name: f"{field.name} {field.name_zh}" for field in ZONES.fields}

# An order that lifts says which zone or which order; the rest follows from what it lifts.
_STAGE = """
create or replace table staged.order_version as
with given as (
    select v.*, s.polygon_wkb, coalesce(v.extent_kind, case when s.record_no is not null then 'polygon' end) as kind
    from staged.typed as v left join staged.polygon as s on s.record_no = v.record_no
),
named as (
    select order_code, zone_code, zone_name, zone_name_en from given where zone_name is not null
    union all
    select order_code, zone_code, zone_name, zone_name_en from lake.zone_order
),
by_order as (select order_code, any_value(zone_code order by zone_code) as zone_code from named group by order_code),
by_zone as (
    select zone_code, min(zone_name) as zone_name, arg_min(zone_name_en, zone_name) as zone_name_en
    from named group by zone_code
)
select
    g.record_no, g.order_code,
    coalesce(g.recorded_at, greatest($now, n.recorded_at + interval '1 microsecond')) as recorded_at,
    g.recorded_at is not null as is_stated,
    g.is_withdrawn,
    case when not g.is_withdrawn then coalesce(g.zone_code, o.zone_code) end as zone_code,
    case when not g.is_withdrawn then coalesce(g.zone_name, z.zone_name) end as zone_name,
    case when not g.is_withdrawn then coalesce(g.zone_name_en, case when g.zone_name is null then z.zone_name_en end) end as zone_name_en,
    case when not g.is_withdrawn then g.level end as level,
    case when not g.is_withdrawn and g.level is distinct from 'lifted' then g.kind end as extent_kind,
    case when not g.is_withdrawn and g.level is distinct from 'lifted' and g.kind != 'polygon'
        then list_sort(list_distinct(g.extent_codes)) end as extent_codes,
    case when not g.is_withdrawn and g.level is distinct from 'lifted' then g.radius_m end as radius_m,
    case when not g.is_withdrawn and g.level is distinct from 'lifted' and g.kind = 'polygon' then g.polygon_wkb end as polygon_wkb,
    case when not g.is_withdrawn then g.replaces_order_code end as replaces_order_code,
    case when not g.is_withdrawn then coalesce(g.issued_at, g.effective_at) end as issued_at,
    case when not g.is_withdrawn then g.effective_at end as effective_at,
    case when not g.is_withdrawn then g.ends_at end as ends_at,
    case when not g.is_withdrawn then g.party_branch_name end as party_branch_name,
    $recorded_by::varchar as recorded_by,
    g.kind as given_kind, list_sort(list_distinct(g.extent_codes)) as given_codes, g.radius_m as given_radius_m,
    g.polygon_wkb as given_polygon_wkb
from given as g
left join by_order as o on o.order_code = g.replaces_order_code
left join by_zone as z on z.zone_code = coalesce(g.zone_code, o.zone_code)
left join lake.zone_order_history as n on n.order_code = g.order_code and n.version_no = n.version_count
"""
_SAME_CONTENT = " and ".join(f"k.{column} is not distinct from v.{column}" for column in _CONTENT)
# A version with its own moment is the same only as that very version: so the order of files cannot matter. One without
# says what holds from now on, and says nothing where that is believed already.
_DROP_KNOWN = f"""
create or replace table staged.order_new as
select v.* from staged.order_version as v
where not exists (
    select 1 from lake.zone_order_history as k
    where k.order_code = v.order_code and {_SAME_CONTENT}
        and case when v.is_stated then k.recorded_at = v.recorded_at else k.version_no = k.version_count end
)
"""
_NUMBERED = """
select *, row_number() over (
    partition by order_code
    order by recorded_at, is_withdrawn, effective_at, issued_at, ends_at, level, zone_code, extent_kind, extent_codes, radius_m,
        polygon_wkb, replaces_order_code, zone_name, zone_name_en, party_branch_name, recorded_by
)::integer as version_no, null::integer as extent_no, null::integer as sort_order
"""
_SPANS = """
create or replace table staged.span_{name} as
select s.*, v.record_no, v.extent_kind, v.extent_codes, v.radius_m, v.polygon_wkb
from ({spans}) as s
inner join staged.zone_order as v on v.order_code = s.order_code and v.version_no = s.version_no
"""


@dataclass(frozen=True)
class Recorded:
    """What became of given orders: versions recorded, those known already, and orders withdrawn since the file left them out."""

    new_count: int = 0
    known_count: int = 0
    withdrawn_count: int = 0
    notes: tuple[str, ...] = ()


def judge_orders(
    connection: duckdb.DuckDBPyConnection,
    findings: Findings,
    records: Records,
    now: datetime,
    *,
    recorded_by: str | None = None,
    future_tolerance_s: float = 0.0,
) -> tuple[str, ...]:
    """Adds everything that is impossible about the staged orders to the findings; gives notes on what is merely odd.

    `now` is the district's clock: the moment at which orders that name none are recorded. Leaves in `staged.order_new` what
    `record_orders` is to record.
    """
    _stage_polygons(connection, records)
    connection.execute(_STAGE, {"now": now, "recorded_by": recorded_by})
    connection.execute(_DROP_KNOWN)
    latest = max(now, datetime.now(UTC)) + timedelta(seconds=future_tolerance_s)
    for column, value, expected, record_no, reason in connection.execute(CELLS, {"latest": latest}).fetchall():
        findings.add(_LABELS[column], value, expected, record_no, reason=reason)
    notes = _judge_polygons(connection, findings, records)
    _work_out_spans(connection)
    _judge_groundless(connection, findings)
    return tuple(notes)


def record_orders(connection: duckdb.DuckDBPyConnection, now: datetime, *, is_replacing: bool = False) -> Recorded:
    """Adds what `judge_orders` found new, in the transaction that is open. `is_replacing`: orders that were not given at all
    are withdrawn.
    """
    given, new = _count(connection, "staged.order_version"), _count(connection, "staged.order_new")
    listed = ", ".join(_COLUMNS)
    left_out = [
        row[0]
        for row in connection.execute(
            "select order_code from lake.zone_order where order_code not in (select order_code from staged.order_version) order by 1"
        ).fetchall()
    ]
    connection.execute(
        f"insert into lake.zone_order_version ({listed}) select {listed} from staged.order_new order by record_no"
    )
    if is_replacing and left_out:
        connection.execute(
            """
            insert into lake.zone_order_version (order_code, recorded_at, is_withdrawn)
            select order_code, greatest($now, recorded_at + interval '1 microsecond'), true from lake.zone_order
            where list_contains($codes, order_code) order by order_code
            """,
            {"now": now, "codes": left_out},
        )
        return Recorded(new, given - new, len(left_out))
    return Recorded(new, given - new, notes=(_describe_left_out(left_out),) if left_out else ())


def _describe_left_out(codes: list[str]) -> str:
    shown = ", ".join(codes[:_SHOWN]) + (" …" if len(codes) > _SHOWN else "")
    return f"{len(codes):,} orders of the lake are not in the file and stay as they are ({shown}); --replace withdraws them."


def _stage_polygons(connection: duckdb.DuckDBPyConnection, records: Records) -> None:
    """Puts drawn extents into `staged.polygon`: those that came as shapes."""
    shapes = [] if records.shapes is None else list(records.shapes)
    there = [i for i, shape in enumerate(shapes) if shape is not None]
    flat = np.asarray(shapely.force_2d([shapes[i] for i in there]), dtype=object)
    rounded = round_coordinates(flat, POLYGON_DECIMALS)
    table = pa.table(
        {
            "record_no": pa.array(there, pa.int64()),
            "polygon_wkb": pa.array([shapely.to_wkb(shape) for shape in rounded], pa.binary()),
        }
    )
    connection.register("polygons", table)
    connection.execute("create or replace table staged.polygon as select * from polygons")
    connection.unregister("polygons")


def _judge_polygons(connection: duckdb.DuckDBPyConnection, findings: Findings, records: Records) -> list[str]:
    """Drawn extents that are no areas, or lie elsewhere; notes on those that reach beyond the district."""
    rows = connection.execute(
        """
        select record_no, given_polygon_wkb from staged.order_version
        where not is_withdrawn and given_kind = 'polygon' order by record_no
        """
    ).fetchall()
    if not rows:
        return []
    broken = {record for record, _ in records.faults}
    district = _read_district(connection)
    notes = []
    for record_no, wkb in rows:
        shape = None if wkb is None else shapely.from_wkb(bytes(wkb))
        fault = judge_polygon(shape, district)
        if fault is not None:
            if shape is not None or record_no not in broken:
                findings.add("polygon 多边形", None, fault[1], record_no, reason=fault[0])
        elif district is not None:
            outside_m2 = float(measure_outside([shape], [district])[0])
            if outside_m2 > _STRAY_SHARE * float(measure_outside([shape], [shapely.Point()])[0]):
                notes.append(
                    f"{findings.place_of(record_no)}: {outside_m2:,.0f} m² of the polygon lie outside of the district."
                )
    return notes


def _read_district(connection: duckdb.DuckDBPyConnection) -> BaseGeometry | None:
    rows = connection.execute("select geometry_wkb from lake.grid where geometry_wkb is not null").fetchall()
    shapes = np.asarray(shapely.from_wkb([bytes(row[0]) for row in rows]), dtype=object)
    return unite_coverage(list(shapes)) if rows else None


def _work_out_spans(connection: duckdb.DuckDBPyConnection) -> None:
    """Works out when each order holds, before and after the given ones, by the one question that says so."""
    spans = read_questions()["zones/spans"].statement
    columns = ", ".join(_COLUMNS)
    before = f"select {columns}, null::bigint as record_no from lake.zone_order_version"
    after = f"{before} union all select {columns}, record_no from staged.order_new"
    try:
        for name, versions in (("before", before), ("after", after)):
            connection.execute(f"create or replace table staged.zone_order as {_NUMBERED} from ({versions})")
            connection.execute("use memory.staged")
            connection.execute(_SPANS.format(name=name, spans=spans), {"known_at": None})
            connection.execute("use memory")
    finally:
        connection.execute("use memory")


def _judge_groundless(connection: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    """Orders that lift or replace what is not in force: the given ones, and those before that a correction takes it from."""
    was = {row[0] for row in connection.execute(GROUNDLESS.format(name="before")).fetchall()}
    rows = connection.execute(f"{GROUNDLESS.format(name='after')} order by n.record_no, n.order_code").fetchall()
    for code, record_no, reason, is_by_zone, zone_code, replaced, from_at in rows:
        if from_at is None:
            continue
        if record_no is None:
            if code not in was:
                findings.add(
                    "order_code 指令编号", code, "this order, given before, would then lift or replace what is not in force; correct or"
                    " withdraw it too", reason="still_needed",
                )  # fmt: skip
            continue
        if is_by_zone:
            expected = f"zone {zone_code} is not in force then: there is nothing to lift"
            findings.add(_LABELS["level"], None, expected, record_no, reason=reason)
            continue
        expected = {
            "replaces_itself": "expected another order than itself",
            "unknown_order": "expected the code of an order that was given before",
            "not_in_force": "this order is not in force when the new one takes effect",
        }[reason]
        findings.add(_LABELS["replaces_order_code"], replaced, expected, record_no, reason=reason)
    for code, record_no in connection.execute(PARTIAL_LIFTS).fetchall():
        expected = (
            f"an order lifts all of a zone, and {code} has another extent; give an order with what remains instead"
        )
        findings.add(_LABELS["extent_codes"], None, expected, record_no, reason="partial_lift")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0
