"""Writes the situation file: reference data and old buckets from files kept aside, the newest rows on top.

The publisher mirrors the lake's roll-ups in the engine's memory, on the writer's own connection, so that publishing
costs the recent rows and not the history. About 60 bytes a roll-up row; a week of a district is some 500,000 rows.
It must not know how rows are read or checked.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
import shapely

import data.outline
import geo.coverage
import geo.layer
from data.engine import quoted
from data.errors import SituationError
from data.lake import Lake, write_permission_error
from data.lake_errors import FULL_BYTES
from data.outline import GridShape, Outline, draw_outlines
from data.settings import Settings
from data.zone_tables import ZoneTables

SCHEMA_VERSION = 6
SCHEMA_FILE = Path(__file__).parent / "schema" / "situation.sql"
RULES_FILE = Path(__file__).parent / "reference" / "zone_rules.csv"
RECENT_HOURS = 2
"""Buckets older than this live in the base file; a late row below the cut has the base written anew from that row on."""
RECENT_ROWS_MAX = 40_000
"""With more recent rows than this some of them go into the base, so that a publication stays within its 60 ms."""
LATE_ROWS_MAX = 30_000
"""The cut goes back before late rows while there are no more rows than this since then: some six hours of a busy day."""
SUMMED_ROWS_MIN = 20_000
"""Below so many rows the mirrors are never added up: it would save nothing (of 100,000 deltas, a base costs 25 ms more)."""
_PUBLISHERS = itertools.count()  # a process may have several
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
ROW_TABLES = (
    "registration_version",
    "staff_event",
    "whistle_version",
    "unit_event",
    "household",
    "quarantine",
    "quarantine_release",
    "ingest_file",
    "zone_order_version",
)
"""Lake tables whose Parquet files the situation names, for questions over single rows."""
MIRROR_SCHEMA = """
create schema if not exists mirror;
create or replace table mirror.site_bucket (
    bucket_start_at timestamptz, site_code varchar, channel varchar,
    registered_count bigint, sampled_count bigint, waited_count bigint, wait_s_sum double);
create or replace table mirror.round_unit (
    round_code varchar, site_code varchar, unit_no integer, channel varchar, registered_count bigint, sampled_count bigint);
create or replace table mirror.grid_bucket (
    bucket_start_at timestamptz, grid_code varchar, round_code varchar,
    registered_person_count bigint, covered_person_count bigint, seen_household_count bigint);
create or replace table mirror.feed_bucket (feed_code varchar, bucket_start_at timestamptz, row_count bigint);
create or replace table mirror.staff_event (
    staff_code varchar, event varchar, event_at timestamptz, post_kind varchar, post_code varchar, whistle_code varchar);
create or replace table mirror.unit_event (site_code varchar, unit_no integer, event varchar, event_at timestamptz);
create or replace table mirror.whistle_version (
    whistle_code varchar, raised_at timestamptz, due_at timestamptz, closed_at timestamptz, place_kind varchar,
    place_code varchar, place_name varchar, place_name_en varchar, role varchar, needed_count integer);
create or replace table mirror.ingest_file (
    feed_code varchar, file_count bigint, row_count bigint, accepted_count bigint, duplicate_count bigint,
    corrected_count bigint, quarantined_count bigint, last_event_at timestamptz, received_at timestamptz);
create or replace table mirror.quarantine (feed_code varchar, log_kind varchar, reason varchar, row_count bigint);
create or replace table mirror.erasure (
    erasure_no bigint, scope varchar, round_code varchar, from_at timestamptz, until_at timestamptz,
    erased_at timestamptz, certificate varchar, version_count bigint);
"""
LOAD_MIRRORS = """
insert into mirror.site_bucket
select bucket_start_at, site_code, channel, sum(registered_count), sum(sampled_count), sum(waited_count), sum(wait_s_sum)
from lake.site_bucket_delta group by all;
insert into mirror.round_unit
select round_code, site_code, unit_no, channel, sum(registered_count), sum(sampled_count) from lake.round_unit_delta group by all;
insert into mirror.grid_bucket
select bucket_start_at, grid_code, round_code, sum(registered_person_count), sum(covered_person_count), sum(seen_household_count)
from lake.grid_bucket_delta group by all;
insert into mirror.feed_bucket select feed_code, bucket_start_at, sum(row_count) from lake.feed_bucket_delta group by all;
insert into mirror.staff_event
select staff_code, event, event_at, post_kind, post_code, whistle_code from lake.staff_event;
insert into mirror.unit_event select site_code, unit_no, event, event_at from lake.unit_event;
insert into mirror.whistle_version
select whistle_code, raised_at, due_at, closed_at, place_kind, place_code, place_name, place_name_en, role, needed_count
from lake.whistle_version;
insert into mirror.ingest_file
select feed_code, count(distinct (file_sha256, file_name)), sum(row_count), sum(accepted_count), sum(duplicate_count),
    sum(corrected_count), sum(quarantined_count), max(last_event_at), max(received_at)
from lake.ingest_file group by feed_code;
insert into mirror.quarantine select feed_code, log_kind, reason, count(*) from lake.quarantine group by all;
insert into mirror.quarantine select feed_code, log_kind, reason, row_count from lake.erased_quarantine;
insert into mirror.erasure
select erasure_no, scope, round_code, from_at, until_at, erased_at, certificate, version_count from lake.erasure;
insert into mirror.quarantine select feed_code, log_kind, reason, -count(*) from lake.quarantine_release group by all;
"""
COMPACT_MIRRORS = """
create or replace table mirror.site_bucket as
select bucket_start_at, site_code, channel, sum(registered_count)::bigint as registered_count,
    sum(sampled_count)::bigint as sampled_count, sum(waited_count)::bigint as waited_count, sum(wait_s_sum) as wait_s_sum
from mirror.site_bucket group by all;
create or replace table mirror.round_unit as
select round_code, site_code, unit_no, channel,
    sum(registered_count)::bigint as registered_count, sum(sampled_count)::bigint as sampled_count
from mirror.round_unit group by all;
create or replace table mirror.grid_bucket as
select bucket_start_at, grid_code, round_code, sum(registered_person_count)::bigint as registered_person_count,
    sum(covered_person_count)::bigint as covered_person_count, sum(seen_household_count)::bigint as seen_household_count
from mirror.grid_bucket group by all;
create or replace table mirror.feed_bucket as
select feed_code, bucket_start_at, sum(row_count)::bigint as row_count from mirror.feed_bucket group by all;
create or replace table mirror.ingest_file as
select feed_code, sum(file_count)::bigint as file_count, sum(row_count)::bigint as row_count,
    sum(accepted_count)::bigint as accepted_count, sum(duplicate_count)::bigint as duplicate_count,
    sum(corrected_count)::bigint as corrected_count, sum(quarantined_count)::bigint as quarantined_count,
    max(last_event_at) as last_event_at, max(received_at) as received_at
from mirror.ingest_file group by feed_code;
create or replace table mirror.quarantine as
select feed_code, log_kind, reason, sum(row_count)::bigint as row_count from mirror.quarantine group by all;
"""
# A sum that came back to zero (a person moved to another grid) is no row: the figures must not tell the order of arrival.
WRITE_BUCKETS = """
insert into aside.site_bucket
select bucket_start_at, site_code, channel, sum(registered_count), sum(sampled_count), sum(waited_count), sum(wait_s_sum)
from mirror.site_bucket where bucket_start_at >= $from_at and bucket_start_at < $until_at group by all
having sum(registered_count) != 0 or sum(sampled_count) != 0 order by bucket_start_at;
insert into aside.grid_bucket
select bucket_start_at, grid_code, round_code, sum(registered_person_count), sum(covered_person_count), sum(seen_household_count)
from mirror.grid_bucket where bucket_start_at >= $from_at and bucket_start_at < $until_at group by all
having sum(registered_person_count) != 0 or sum(covered_person_count) != 0 or sum(seen_household_count) != 0 order by bucket_start_at;
insert into aside.feed_bucket
select feed_code, bucket_start_at, sum(row_count)
from mirror.feed_bucket where bucket_start_at >= $from_at and bucket_start_at < $until_at group by all
having sum(row_count) != 0 order by all;
insert into aside.staff_event
select e.staff_code, s.role, e.event, e.event_at, e.post_kind, e.post_code, e.whistle_code,
    coalesce(p.grid_code, s.grid_code)
from mirror.staff_event as e left join aside.staff as s on s.staff_code = e.staff_code
left join (
    select 'site' as post_kind, site_code as post_code, grid_code from aside.site
    union all
    select 'building', building_code, grid_code from aside.building
    where building_code in (
        select post_code from mirror.staff_event where event_at >= $from_at and event_at < $until_at and post_kind = 'building'
    )
    union all select 'grid', grid_code, grid_code from aside.grid
) as p on p.post_kind = e.post_kind and p.post_code = e.post_code
where e.event_at >= $from_at and e.event_at < $until_at order by e.event_at, e.staff_code, e.event;
insert into aside.unit_event
select site_code, unit_no, event, event_at
from mirror.unit_event where event_at >= $from_at and event_at < $until_at order by event_at, site_code, unit_no, event;
"""
WRITE_ROUND_UNITS = """
insert into aside.round_unit
select u.round_code, u.site_code, u.unit_no, u.channel, sum(u.registered_count), sum(u.sampled_count)
from mirror.round_unit as u inner join aside.round as r on r.round_code = u.round_code
where r.closes_at >= $from_at and r.closes_at < $until_at group by all
having sum(u.registered_count) != 0 or sum(u.sampled_count) != 0 order by all;
"""
# What the base holds from a moment on: to be written anew.
DELETE_BUCKETS = """
delete from aside.site_bucket where bucket_start_at >= $from_at;
delete from aside.grid_bucket where bucket_start_at >= $from_at;
delete from aside.feed_bucket where bucket_start_at >= $from_at;
delete from aside.staff_event where event_at >= $from_at;
delete from aside.unit_event where event_at >= $from_at;
delete from aside.round_unit where round_code in (select round_code from aside.round where closes_at >= $from_at);
"""
WRITE_STATE = """
insert into aside.whistle
select whistle_code, max(raised_at), max(due_at), max(closed_at), max(place_kind), max(place_code), max(place_name),
    max(place_name_en), max(role), max(needed_count)
from mirror.whistle_version group by whistle_code order by whistle_code;
insert into aside.quarantine_count
select feed_code, log_kind, reason, sum(row_count) from mirror.quarantine group by all having sum(row_count) != 0 order by all;
insert into aside.erasure select * from mirror.erasure order by erasure_no;
insert into aside.erased_round
select distinct r.round_code
from aside.round as r
inner join mirror.erasure as e
    on e.round_code = r.round_code or (e.scope in ('before', 'all') and r.starts_at < e.until_at)
order by r.round_code;
insert into aside.feed_state
select f.feed_code, max(i.last_event_at), max(i.received_at), coalesce(sum(i.file_count), 0), coalesce(sum(i.row_count), 0),
    coalesce(sum(i.accepted_count), 0), coalesce(sum(i.duplicate_count), 0), coalesce(sum(i.corrected_count), 0),
    coalesce(sum(i.quarantined_count), 0)
from aside.feed as f left join mirror.ingest_file as i on i.feed_code = f.feed_code
where f.kind != 'orders' group by f.feed_code
union all
select f.feed_code, o.last_issued_at, null, 0, o.order_count, o.order_count, 0, 0, 0
from aside.feed as f
cross join (
    select max(issued_at) as last_issued_at, count(distinct order_code) as order_count from aside.zone_order where issued_at <= $as_of
) as o
where f.kind = 'orders'
order by feed_code;
"""
WRITE_REFERENCE = """
insert into aside.feed select * from lake.feed order by sort_order, feed_code;
insert into aside.town
select t.town_code, t.town_name, t.town_name_en, o.label_lon, o.label_lat
from lake.town as t left join mirror.outline as o on o.kind = 'town' and o.code = t.town_code order by t.town_code;
insert into aside.community
select c.community_code, c.community_name, c.community_name_en, c.town_code, o.label_lon, o.label_lat
from lake.community as c left join mirror.outline as o on o.kind = 'community' and o.code = c.community_code
order by c.community_code;
insert into aside.building
select
    b.building_code, b.building_name, b.building_name_en, b.grid_code, b.lon, b.lat, b.radius_m,
    count(h.household_code), coalesce(sum(h.resident_count), 0), coalesce(sum(h.vulnerable_count), 0)
from lake.building as b left join lake.household as h on h.building_code = b.building_code
group by all order by b.building_code;
insert into aside.grid
select
    g.grid_code, g.grid_name, g.grid_name_en, g.community_code, c.town_code, g.has_party_organisation, g.area_km2,
    g.label_lon, g.label_lat, coalesce(b.resident_count, 0), coalesce(b.household_count, 0), coalesce(b.building_count, 0),
    coalesce(b.vulnerable_count, 0)
from lake.grid as g
left join lake.community as c on c.community_code = g.community_code
left join (
    select grid_code, sum(resident_count) as resident_count, sum(household_count) as household_count,
        count(*) as building_count, sum(vulnerable_count) as vulnerable_count
    from aside.building group by grid_code
) as b on b.grid_code = g.grid_code
order by g.grid_code;
insert into aside.geometry select kind, code, geojson from mirror.outline order by kind, code;
insert into aside.site select * from lake.site order by site_code;
insert into aside.staff by name select * from lake.staff order by staff_code;
-- The narrowest round that is open holds a grid; while it overlaps a wider one, its grids are no part of the wider target.
insert into aside.round_grid
with area as (
    select r.round_code, r.starts_at, r.closes_at, g.grid_code, g.resident_count, g.household_count,
        sum(g.resident_count) over (partition by r.round_code) as area_resident_count
    from lake.round as r
    cross join aside.grid as g
    where r.scope = 'district'
        or exists (select 1 from lake.round_community as c where c.round_code = r.round_code and c.community_code = g.community_code)
)
select a.round_code, a.grid_code, a.resident_count, a.household_count
from area as a
where not exists (
    select 1 from area as n
    where n.grid_code = a.grid_code and n.round_code != a.round_code
        and (n.area_resident_count, n.round_code) < (a.area_resident_count, a.round_code)
        and n.starts_at < a.closes_at and a.starts_at < n.closes_at
)
order by a.round_code, a.grid_code;
insert into aside.round
select r.round_code, r.round_name, r.round_name_en, r.scope, r.starts_at, r.deadline_at, r.closes_at,
    coalesce(sum(g.target_count), 0)
from lake.round as r left join aside.round_grid as g on g.round_code = r.round_code
group by all order by r.starts_at, r.round_code;
"""

WRITE_RELEASE = """
insert into aside.zone_rule by name
select * from lake.zone_rule
union all by name
select
    rule_set_code, rule_set_name, rule_set_name_en, valid_from::timestamptz as valid_from, level, came_from_level,
    clear_days::integer as clear_days,
    list_transform(regexp_extract_all(coalesce(round_days, ''), '[0-9]+'), x -> x::integer) as round_days,
    day_one, next_level, source, source_en, (row_number() over ())::integer as sort_order
from read_csv($rules, all_varchar = true, header = true) where not exists (from lake.zone_rule);
insert into aside.infection
select
    i.infection_code, i.found_at, i.reported_at, i.place_kind, i.place_code, b.building_code,
    coalesce(b.grid_code, g.grid_code), coalesce(h.community_code, c.community_code)
from lake.infection as i
left join aside.building as b on i.place_kind = 'building' and b.building_code = i.place_code
left join aside.grid as g on i.place_kind = 'grid' and g.grid_code = i.place_code
left join aside.grid as h on h.grid_code = coalesce(b.grid_code, g.grid_code)
left join aside.community as c on i.place_kind = 'community' and c.community_code = i.place_code
order by i.infection_code;
insert into aside.round_result
select round_code, place_kind, place_code, is_all_negative, reported_at from lake.round_result order by all
"""
"""Rules, infections and results; of a district without rules of its own, the published ones."""


class Publisher:
    """Keeps what a publication needs in memory, and replaces the situation file on demand."""

    def __init__(self, lake: Lake, settings: Settings) -> None:
        self._lake = lake
        self._connection = lake.connection
        self._path = settings.situation_path
        self._settings = settings
        mark = f"{os.getpid()}.{next(_PUBLISHERS)}"
        self._reference = settings.home / f".situation-reference.{mark}.duckdb"
        self._base = settings.home / f".situation-base.{mark}.duckdb"
        self._aside = settings.home / f".situation-aside.{mark}.duckdb"
        self._drawn = settings.home / ".outlines.parquet"
        self._cut = EARLIEST
        self._late_from: datetime | None = None
        self._is_base_stale = True
        self._is_reference_stale = True
        self._summed_rows = SUMMED_ROWS_MIN
        self._sequence = 0
        self._geometry_hash = ""
        self._zones = ZoneTables(self._connection)
        self._are_orders_stale = False
        self._is_synthetic = False

    def load(self) -> None:
        """Fills the mirrors from the lake; call it again after another process wrote."""
        self._remove_leftovers()
        self._connection.execute(MIRROR_SCHEMA)
        self._connection.execute(LOAD_MIRRORS)
        self._sequence = max(self._sequence, _read_sequence(self._path))
        self._summed_rows = max(self._count_mirror_rows(), SUMMED_ROWS_MIN)
        self._is_base_stale = self._is_reference_stale = True

    def expect_rows_from(self, earliest_at: datetime | None) -> None:
        """Notes the earliest bucket that changed: below the cut, the base file must be written anew from there on."""
        if earliest_at is not None and earliest_at < self._cut:
            self._late_from = min(earliest_at, self._late_from or earliest_at)

    @property
    def drawn_count(self) -> int:
        """Extents of orders that had to be worked out so far."""
        return self._zones.drawn_count

    def expect_orders(self) -> None:
        """Notes that orders were recorded: the next publication writes the zone tables anew."""
        self._are_orders_stale = True

    def prepare(self) -> None:
        """Writes what no log changes ahead of the next publication, for whoever has to wait anyway; raises as `publish`."""
        with self._explained():
            self._settings.home.mkdir(parents=True, exist_ok=True)
            if self._is_reference_stale:
                self._write_reference()

    def publish(self) -> int:
        """Replaces the situation file by one with all that the mirrors hold; gives its sequence number.

        Raises LakeError where the disk is full or may not be written to, SituationError otherwise.
        """
        as_of = self._find_as_of()
        self.prepare()
        with self._explained():
            if self._are_orders_stale:
                self._write_orders()
            if self._is_base_stale or self._late_from or self._count_rows_from(self._cut) > RECENT_ROWS_MAX:
                self._write_base(as_of)
            shutil.copyfile(self._base, self._aside)
            self._sequence += 1
            self._fill(
                self._aside, WRITE_BUCKETS + WRITE_ROUND_UNITS, self._cut, datetime.max.replace(tzinfo=UTC), as_of
            )
            self._aside.replace(self._path)
        return self._sequence

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise write_permission_error(self._settings.home, error) from None
        except duckdb.Error as error:
            if isinstance(error, duckdb.IOException) or "permission" in str(error).lower():
                free = shutil.disk_usage(self._settings.home).free
                number = errno.ENOSPC if free < FULL_BYTES else errno.EACCES
                raise write_permission_error(
                    self._settings.home, OSError(number, str(error).splitlines()[0][:200])
                ) from None
            raise SituationError(
                f"The situation could not be written to {self._path}: {str(error).splitlines()[0][:200]}",
                "Run wangge doctor.",
            ) from None

    def close(self) -> None:
        """Removes the files kept aside."""
        for path in (self._reference, self._base, self._aside):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _remove_leftovers(self) -> None:
        """Removes the files that a killed process kept aside; those of a living one are left to it."""
        for path in self._settings.home.glob(".situation-*.duckdb*"):
            process = path.name.split(".")[2]
            if not process.isdecimal() or not Path(f"/proc/{process}").exists():
                with suppress(OSError):
                    path.unlink()

    def _find_as_of(self) -> datetime | None:
        row = self._connection.execute("select max(last_event_at) from mirror.ingest_file").fetchone()
        return row[0] if row else None

    def _find_cut(self, as_of: datetime) -> datetime:
        """RECENT_HOURS before the newest event; before the rows that came late, if there is room for all since then.

        Whoever delivers the files of a morning at noon, one by one, causes the base to be written once and not each time.
        """
        cut = _floor_to_bucket(as_of - timedelta(hours=RECENT_HOURS))
        if self._late_from is not None and self._late_from < cut:
            late_cut = _floor_to_bucket(self._late_from)
            if self._count_rows_from(late_cut) <= LATE_ROWS_MAX:
                return late_cut
        return cut

    def _count_rows_from(self, cut: datetime) -> int:
        """Rows since the cut, deltas included: what the next publication will have to add up."""
        row = self._connection.execute(
            """
            select (select count(*) from mirror.site_bucket where bucket_start_at >= $cut)
                + (select count(*) from mirror.grid_bucket where bucket_start_at >= $cut)
                + (select count(*) from mirror.staff_event where event_at >= $cut)
            """,
            {"cut": cut},
        ).fetchone()
        return int(row[0]) if row else 0

    def _write_reference(self) -> None:
        """Writes all reference data and shapes into a file of their own: once after each import (about 1 s)."""
        self._is_synthetic = self._draw_geometry()
        self._reference.unlink(missing_ok=True)
        self._attach(self._reference)
        try:
            self._connection.execute("use aside")
            self._connection.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
            self._connection.execute("use memory; begin")
            self._connection.execute(WRITE_REFERENCE)
            self._zones.write()
            self._execute_each(WRITE_RELEASE, {"rules": str(RULES_FILE)})
            self._connection.execute("commit")
            self._geometry_hash = self._hash_geometry()
            self._connection.execute("checkpoint aside")
        finally:
            self._detach()
        self._is_reference_stale = self._are_orders_stale = False

    def _write_orders(self) -> None:
        """Replaces the zone tables in the files kept aside, and leaves the rest as it is."""
        for path in (self._reference,) if self._is_base_stale else (self._reference, self._base):
            self._attach(path)
            try:
                self._connection.execute("begin")
                self._zones.write()
                self._connection.execute("commit")
                self._connection.execute("checkpoint aside")
            finally:
                self._detach()
        self._are_orders_stale = False

    def _write_base(self, as_of: datetime | None) -> None:
        """Brings the base file to a new cut: anew where reference data changed, else from the first row that changed on."""
        self._compact()
        cut = self._find_cut(as_of) if as_of else EARLIEST
        is_anew, self._is_base_stale = self._is_base_stale, True  # until it stands
        if is_anew:
            shutil.copyfile(self._reference, self._base)
            kept_until = EARLIEST
        else:
            kept_until = min(cut, _floor_to_bucket(self._late_from) if self._late_from else self._cut)
        self._attach(self._base)
        try:
            self._connection.execute("begin")
            if not is_anew:
                self._execute_each(DELETE_BUCKETS, {"from_at": kept_until})
            self._execute_each(WRITE_BUCKETS + WRITE_ROUND_UNITS, {"from_at": kept_until, "until_at": cut})
            self._connection.execute("commit")
            self._connection.execute("checkpoint aside")
        finally:
            self._detach()
        self._cut, self._late_from, self._is_base_stale = cut, None, False

    def _compact(self) -> None:
        """Adds the deltas up in memory, once they have doubled the mirrors."""
        if self._count_mirror_rows() > 2 * self._summed_rows:
            self._connection.execute(COMPACT_MIRRORS)
            self._summed_rows = max(self._count_mirror_rows(), SUMMED_ROWS_MIN)

    def _count_mirror_rows(self) -> int:
        row = self._connection.execute(
            "select (select count(*) from mirror.site_bucket) + (select count(*) from mirror.grid_bucket)"
        ).fetchone()
        return int(row[0]) if row else 0

    def _fill(self, path: Path, script: str, from_at: datetime, until_at: datetime, as_of: datetime | None) -> None:
        self._attach(path)
        try:
            # packing what the next publication throws away again costs a third of the checkpoint
            self._connection.execute("set force_compression = 'uncompressed'; begin")
            self._execute_each(script, {"from_at": from_at, "until_at": until_at})
            self._execute_each(WRITE_STATE, {"as_of": as_of})
            files = self._lake.list_files(ROW_TABLES)
            if files:
                self._connection.execute(
                    "insert into aside.lake_file select unnest(?), unnest(?)",
                    [[t for t, _ in files], [f for _, f in files]],
                )
            self._connection.execute(
                "insert into aside.meta values (?, ?, now(), ?, ?, ?, ?, ?, ?)",
                [
                    SCHEMA_VERSION, self._sequence, as_of, self._geometry_hash, self._settings.district_name,
                    self._settings.district_name_en, self._settings.timezone, self._is_synthetic,
                ],
            )  # fmt: skip
            self._connection.execute("commit")
            self._connection.execute("checkpoint aside")
        finally:
            self._detach()

    def _draw_geometry(self) -> bool:
        """Draws the outlines into `mirror.outline` when the grids changed; tells whether the map is synthetic."""
        rows = self._connection.execute(
            """
            select g.grid_code, g.community_code, coalesce(c.town_code, ''), g.geometry_wkb
            from lake.grid as g left join lake.community as c on c.community_code = g.community_code
            where g.geometry_wkb is not null order by g.grid_code
            """
        ).fetchall()
        digest = hashlib.sha256(f"{_digest_drawing()}{rows!r}".encode()).hexdigest()
        if not self._find_drawn(digest):
            self._keep_drawn(draw_outlines([GridShape(*row) for row in rows]), digest)
        row = self._connection.execute("select coalesce(bool_or(is_synthetic), false) from lake.grid").fetchone()
        return bool(row and row[0])

    def _find_drawn(self, digest: str) -> bool:
        """Makes `mirror.outline` of what was drawn before, of the same grids by the same code; False where there is none."""
        path = quoted(self._drawn)
        with suppress(duckdb.Error):
            kept = self._connection.execute(
                f"select decode(value) from parquet_kv_metadata({path}) where decode(key) = 'digest'"
            )
            if kept.fetchone() == (digest,):
                self._connection.execute(f"create or replace table mirror.outline as from read_parquet({path})")
                return True
        return False

    def _keep_drawn(self, outlines: Sequence[Outline], digest: str) -> None:
        """Makes `mirror.outline`, and keeps it for the next process: drawing takes half a second."""
        self._connection.execute(
            "create or replace table mirror.outline (kind varchar, code varchar, geojson varchar, label_lon double, label_lat double)"
        )
        if not outlines:
            return
        columns = [
            [o.kind for o in outlines], [o.code for o in outlines], [o.geojson for o in outlines],
            [o.label_lon for o in outlines], [o.label_lat for o in outlines],
        ]  # fmt: skip
        self._connection.execute(
            "insert into mirror.outline select unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)", columns
        )
        aside = Path(f"{self._drawn}.{os.getpid()}")
        with suppress(duckdb.Error, OSError):
            self._connection.execute(
                f"copy mirror.outline to {quoted(aside)} (format parquet, kv_metadata {{digest: {quoted(digest)}}})"
            )
            aside.replace(self._drawn)
        with suppress(OSError):
            aside.unlink(missing_ok=True)

    def _hash_geometry(self) -> str:
        """Sixteen hexadecimal digits that change with every shape, site or name on the map."""
        digest = hashlib.sha256()
        for statement in (
            "select kind, code, geojson from aside.geometry order by all",
            "select grid_code, grid_name, grid_name_en, community_code, label_lon, label_lat from aside.grid order by all",
            "select community_code, community_name, community_name_en, town_code from aside.community order by all",
            "select town_code, town_name, town_name_en from aside.town order by all",
            "select site_code, site_name, site_name_en, grid_code, lon, lat, is_sampling_reported from aside.site order by all",
        ):
            digest.update(repr(self._connection.execute(statement).fetchall()).encode())
        return digest.hexdigest()[:16]

    def _attach(self, path: Path) -> None:
        # no log of what is written: the file is whole after its checkpoint, or thrown away
        self._connection.execute(f"attach {quoted(path)} as aside (recovery_mode no_wal_writes)")

    def _detach(self) -> None:
        with suppress(duckdb.Error):
            self._connection.execute("rollback")
        self._connection.execute("set force_compression = 'auto'; use memory")
        self._connection.execute("detach aside")

    def _execute_each(self, script: str, values: Mapping[str, datetime | str | None]) -> None:
        execute_each(self._connection, script, values)


def execute_each(
    connection: duckdb.DuckDBPyConnection, script: str, values: Mapping[str, datetime | str | None]
) -> None:
    """Runs a script's statements, each with those of the values that it names."""
    for statement in _split(script):
        named = {name: value for name, value in values.items() if f"${name}" in statement}
        connection.execute(statement, named or None)


@cache
def _digest_drawing() -> str:
    """A mark of the code that draws: what another release drew is drawn anew."""
    digest = hashlib.sha256(shapely.__version__.encode())
    for module in (data.outline, geo.coverage, geo.layer):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def _split(script: str) -> Sequence[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]


def _floor_to_bucket(moment: datetime) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()) // 300 * 300, UTC)


def _read_sequence(path: Path) -> int:
    """The sequence number of the situation in place, 0 when there is none that can be read."""
    if not path.is_file():
        return 0
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"attach {quoted(path)} as old (read_only)")
            row = connection.execute("select sequence from old.meta").fetchone()
            return int(row[0]) if row else 0
    except duckdb.Error:
        return 0
