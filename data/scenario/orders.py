"""What was ordered and when: feeds, screening rounds and risk-zone orders of 9–16 July 2022, as literal rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from data.scenario.geography import (
    BAISHA,
    CEXIAN,
    CHAOLIAN,
    DONGHUA,
    DURUAN,
    HETANG,
    HUANSHI,
    HUILONG,
    JIANGBIAN,
    MEDIUM_ZONE,
    TANGXIA,
    Geography,
)
from data.scenario.population import Population

LOCAL = timezone(timedelta(hours=8), "Asia/Shanghai")

FEED_ROWS = (
    ("baisha", "白沙", "Baisha", "registrations", BAISHA, 5),
    ("huanshi", "环市", "Huanshi", "registrations", HUANSHI, 5),
    ("chaolian", "潮连", "Chaolian", "registrations", CHAOLIAN, 5),
    ("tangxia", "棠下", "Tangxia", "registrations", TANGXIA, 5),
    ("hetang", "荷塘", "Hetang", "registrations", HETANG, 5),
    ("duruan", "杜阮", "Duruan", "registrations", DURUAN, 5),
    ("checkin", "签到", "Check-in", "staff", "", 180),
    ("orders", "风险区令", "Orders", "orders", "", ""),
)


@dataclass(frozen=True)
class Round:
    code: str
    name: str
    name_en: str
    community_codes: tuple[str, ...]
    """Empty for the whole district."""
    starts_at: datetime
    deadline_at: datetime
    closes_at: datetime

    @property
    def scope(self) -> str:
        return "community" if self.community_codes else "district"


def local(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of July 2022 in the district's time."""
    return datetime(2022, 7, day, hour, minute, second, tzinfo=LOCAL)


def _district(number: int, start: datetime, close: datetime) -> Round:
    # A round in 24 hours: 3rd edition of the organisation guide, March 2022.
    return Round(
        f"D{number}",
        f"全员筛查 第{number}轮",
        f"District round {number}",
        (),
        start,
        start + timedelta(hours=24),
        close,
    )


def _zone(
    number: int,
    start: datetime,
    end: datetime,
    name: str = "中风险区 加密筛查",
    name_en: str = "Medium-risk zone round",
) -> Round:
    return Round(f"M{number}", name, name_en, MEDIUM_ZONE, start, end, end)


ROUNDS = (
    Round(
        "M1",
        "东华片区 夜间筛查",
        "Donghua evening round",
        (*MEDIUM_ZONE, DONGHUA),
        local(9, 18, 30),
        local(9, 22, 30),
        local(9, 22, 30),
    ),
    _district(1, local(10, 6), local(11, 6)),
    _zone(2, local(11, 7), local(11, 10)),
    _district(2, local(12, 6), local(13, 6)),
    _zone(3, local(13, 7), local(13, 10)),
    _district(3, local(13, 14), local(14, 22)),
    _zone(4, local(14, 7), local(14, 10)),
    _zone(5, local(15, 7), local(15, 10)),
)


def zone_rows(geography: Geography, population: Population) -> list[tuple[str, ...]]:
    """The orders of 9 July (A6) and of 16 July (A7), as rows of zones.csv, each known since it was issued."""
    codes = [population.building_code[i] for i in population.high_risk_buildings]
    rest = [c.code for c in geography.communities if c.town_code == BAISHA and c.code not in MEDIUM_ZONE]
    first, second, third = "第一网格区临时党支部", "第二网格区临时党支部", "第三网格区临时党支部"
    zones = (
        ("Z1", "侧贤里38号、39号", "38, 39 Cexianli", "high", "building", codes[:2], first),
        ("Z2", "凤阳里117号", "117 Fengyangli", "high", "building", codes[2:3], second),
        ("Z3", "中远大厦", "Zhongyuan Building", "high", "building", codes[3:], third),
        ("Z4", "侧贤社区", "Cexian", "medium", "community", [CEXIAN], ""),
        ("Z5", "会龙社区", "Huilong", "medium", "community", [HUILONG], ""),
        ("Z6", "江边社区", "Jiangbian", "medium", "community", [JIANGBIAN], ""),
        ("Z7", "白沙街道其余区域", "Rest of Baisha", "low", "community", rest, ""),
    )
    below = {"high": "medium", "medium": "low"}
    rows: list[tuple[str, ...]] = []
    for n, (zone, name, name_en, level, kind, extent, branch) in enumerate(zones, 1):
        rows.append(
            (
                f"O-0709-{n}",
                zone,
                name,
                name_en,
                level,
                kind,
                ";".join(extent),
                "2022-07-09 17:30:00",
                "2022-07-09 18:00:00",
                "",
                branch,
                "2022-07-09 17:30:00",
            )
        )
    for n, (zone, name, name_en, level, kind, extent, branch) in enumerate(zones[:6], 1):
        rows.append(
            (
                f"O-0716-{n}",
                zone,
                name,
                name_en,
                below[level],
                kind,
                ";".join(extent),
                "2022-07-15 21:00:00",
                "2022-07-16 00:00:00",
                "",
                branch,
                "2022-07-15 21:00:00",
            )
        )
    return rows


HIGH_RISK_ZONES = ("Z1", "Z2", "Z3")
RESULTS_AFTER = timedelta(hours=10)
"""From the end of a round to its result: invented; the guide asks for results within 24 hours of sampling."""


def infection_rows(population: Population) -> list[tuple[str, ...]]:
    """The one case of 9 July (A6), in the first of the buildings that were sealed; its hour is invented."""
    building = population.building_code[population.high_risk_buildings[0]]
    return [("I-0709-1", "2022-07-09 15:40:00", "2022-07-09 16:30:00", "building", building, "", "")]


def result_rows() -> list[tuple[str, ...]]:
    """No round found another case (A7): district rounds reported as a whole, the others zone by zone."""
    rows: list[tuple[str, ...]] = []
    for held in ROUNDS:
        known = (held.closes_at + RESULTS_AFTER).strftime("%Y-%m-%d %H:%M:%S")
        places = [("zone", f"Z{n}") for n in range(1, 7)] if held.community_codes else [("district", "")]
        rows += [(held.code, kind, code, "true", known) for kind, code in places]
    return rows
