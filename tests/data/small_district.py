"""A district small enough to count by hand: three grids, two sites, four households, two rounds; and its log lines.

grid G1 (community C1)  households H1 H2   site S1: 3 units, reports sampling
grid G2 (community C1)  household  H3
grid G3 (community C2)  household  H4      site S2: 2 units, never reports sampling

round D  the whole district, 14 July 06:00–22:00
round M  community C1,       14 July 07:00–10:00
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import shapely

from data.lake import open_lake
from data.settings import Settings
from data.situation import open_situation, publish_situation
from tests.made_once import is_shared, make_once

ADA, BO, CAI, DI = "990101195003070017", "990101198001010014", "990101199912310020", "990101201005050034"
"""Four people who cannot exist (no division has code 9901xx), with valid check characters."""
HEADER = "采样点编号,采样台,登记时间,采样时间,姓名,证件类型,证件号码,手机号,户编号,居住网格,登记方式,试管编号"
ENGLISH_HEADER = (
    "site_code,unit_no,registered_at,sampled_at,"
    "name,id_type,id_number,phone,household_code,residence_grid_code,channel,tube_code"
)
NAME, PHONE = "示例人", "19900000001"
REFERENCE = """
insert into lake.feed values
    ('baisha', '白沙', 'Baisha', 'registrations', 'T1', 5, 1), ('huanshi', '环市', 'Huanshi', 'registrations', 'T1', 5, 2),
    ('checkin', '签到', 'Check-in', 'staff', null, 30, 3), ('orders', '风险区令', 'Orders', 'orders', null, null, 4);
insert into lake.town (town_code, town_name, town_name_en) values ('T1', '白沙街道', 'Baisha Street');
insert into lake.community (community_code, community_name, community_name_en, town_code) values
    ('C1', '侧贤社区', 'Cexian', 'T1'), ('C2', '会龙社区', 'Huilong', 'T1');
insert into lake.building (building_code, building_name, building_name_en, grid_code, lon, lat, radius_m) values
    ('B1', '侧贤里38号', '38 Cexianli', 'G1', 113.005, 22.505, 14), ('B2', '二号', 'No 2', 'G2', 113.015, 22.505, null),
    ('B3', '三号', 'No 3', 'G3', 113.025, 22.505, null);
insert into lake.household values
    ('H1', 'B1', 'G1', 3, 1), ('H2', 'B1', 'G1', 2, 0), ('H3', 'B2', 'G2', 4, 0), ('H4', 'B3', 'G3', 10, 2);
insert into lake.site values
    ('S1', '东华名岸', 'Donghua Mingan', 'G1', 113.005, 22.506, 'baisha', 3, true, null, null),
    ('S2', '会龙', 'Huilong', 'G3', 113.025, 22.506, 'huanshi', 2, false, null, null);
insert into lake.staff values
    ('P1', 'grid_leader', 'community', 'T1', 'C1', 'G1', null, null), ('P2', 'full_time', 'community', 'T1', 'C1', 'G1', 'P1', null);
insert into lake.round values
    ('D', '全员筛查', 'District round', 'district', '2022-07-14 06:00:00+08', '2022-07-14 14:00:00+08', '2022-07-14 22:00:00+08'),
    ('M', '加密筛查', 'Zone round', 'community', '2022-07-14 07:00:00+08', '2022-07-14 10:00:00+08', '2022-07-14 10:00:00+08');
insert into lake.round_community values ('M', 'C1');
insert into lake.zone_order_version by name select
    'O1' as order_code, '2022-07-09 17:30:00+08'::timestamptz as recorded_at, false as is_withdrawn, 'Z1' as zone_code,
    '侧贤里38号' as zone_name, '38 Cexianli' as zone_name_en, 'high' as level, 'building' as extent_kind, ['B1'] as extent_codes,
    '2022-07-09 17:30:00+08'::timestamptz as issued_at, '2022-07-09 18:00:00+08'::timestamptz as effective_at;
"""


def make_district(settings: Settings) -> Settings:
    """A new lake with the reference rows, published. Where the catalogue is the home's own it is a copy of one made before."""
    if not settings.catalogue and not settings.lake_data_path and is_shared():
        shutil.copytree(shared_district().home, settings.home, dirs_exist_ok=True)
        return settings
    return _write_district(settings)


def shared_district() -> Settings:
    """The district that is made once. Read it, do not change it."""
    return Settings(home=make_once("district", lambda home: _write_district(Settings(home=home))))


def _write_district(settings: Settings) -> Settings:
    with open_lake(settings) as lake:
        lake.take_lease("import")
        with lake.transaction() as connection:
            connection.execute(REFERENCE)
            for place, (code, community) in enumerate((("G1", "C1"), ("G2", "C1"), ("G3", "C2"))):
                west = 113 + place * 0.01
                connection.execute(
                    "insert into lake.grid values (?, ?, ?, ?, true, 1.1, ?, 22.505, ?, true)",
                    [code, f"第{place + 1}网格", f"Grid {place + 1}", community, west + 0.005,
                     shapely.to_wkb(shapely.box(west, 22.5, west + 0.01, 22.51))],
                )  # fmt: skip
        publish_situation(lake, settings)
    return settings


def empty_lake(home: Path) -> Settings:
    """A home with a lake in which no row is any more: a copy of one made before."""

    def make(folder: Path) -> None:
        with open_lake(Settings(home=folder)) as lake:
            lake.take_lease("import")

    shutil.copytree(make_once("empty", make), home, dirs_exist_ok=True)
    return Settings(home=home)


def copy_of(district: Settings, home: Path) -> Settings:
    """The same district in a home of its own."""
    shutil.copytree(district.home, home)
    return Settings(home=home)


def line(
    site: str, person: str, registered: str, sampled: str = "", unit: str = "", household: str = "", grid: str = "", channel: str = "",
    tube: str = "", id_type: str = "",
) -> str:  # fmt: skip
    """A registration line of 14 July; times as 08:30."""
    moments = [f"2022-07-14 {moment}:00" if moment else "" for moment in (registered, sampled)]
    return ",".join([site, unit, *moments, NAME, id_type, person, PHONE, household, grid, channel, tube])


STORY = [
    line("S1", ADA, "08:00", household="H1"),
    line("S1", ADA, "08:00", "08:20", unit="1", household="H1", channel="协助"),
    line("S1", ADA, "08:00", "08:20", unit="1", household="H1", channel="协助"),
    line("S2", ADA, "07:30", household="H1"),
    line("S1", ADA, "09:55", "10:05", unit="2", household="H2"),
    line("S1", BO, "09:59", grid="G2"),
    line("S1", BO, "09:59", "10:30", unit="3", household="H4"),
    line("S1", BO, "06:30", "06:31", household="H3", channel="自助"),
    line("S2", CAI, "12:00", household="H4"),
    line("S1", CAI, "12:00", "12:01", household="H4"),
    line("S1", DI, "07:00"),
    line("S1", DI, "07:00", household="H4"),
    line("S1", DI, "07:00", "07:45", unit="1", household="H4", tube="T9"),
    line("S1", DI, "23:30"),
    line("S9", DI, "07:00"),
    "S1,,",
]
"""Corrections, repeats, two rounds, two sites and two bad lines: 9 accepted, 4 corrected, 1 duplicate, 2 quarantined."""


def write_log(path: Path, lines: Iterable[str], header: str = HEADER, encoding: str = "utf-8") -> Path:
    """A log file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{text}\n" for text in (header, *lines)).encode(encoding))
    return path


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What the situation file answers; times in the district's zone."""
    situation = open_situation(settings.situation_path)
    try:
        situation.connection.execute("set TimeZone = 'Asia/Shanghai'")
        return situation.connection.execute(query).fetchall()
    finally:
        situation.close()


def lake_rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What the lake answers."""
    with open_lake(settings, is_read_only=True) as lake:
        return lake.connection.execute(query).fetchall()


VOLATILE = {
    "meta": ("sequence", "published_at"),
    "feed_state": ("last_received_at",),
    "lake_file": ("table_name", "path"),
}


def whole_situation(settings: Settings, ignored: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted, but for when and how often it was published and when a file came."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.situation_path}' as situation (read_only)")
        connection.execute("use situation")
        tables = [row[0] for row in connection.execute("select name from (show tables)").fetchall()]
        found = {}
        for table in sorted(set(tables) - set(ignored)):
            columns = [
                row[0]
                for row in connection.execute(f"describe {table}").fetchall()
                if row[0] not in VOLATILE.get(table, ())
            ]
            if columns:
                found[table] = connection.execute(f"select {', '.join(columns)} from {table} order by all").fetchall()
        return found


def differing_tables(one: Settings, other: Settings) -> list[str]:
    """The tables of two situations that differ in any row: a list of names reads better than thousands of rows."""
    ours, theirs = whole_situation(one), whole_situation(other)
    return [table for table in sorted(ours.keys() | theirs.keys()) if ours.get(table) != theirs.get(table)]
