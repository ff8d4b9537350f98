"""Who was on duty where: staff check-ins and check-outs of 9–15 July, and the whistles they answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from data.scenario.geography import CEXIAN, GANGKOU, HUILONG, LIYUAN, MEDIUM_ZONE
from data.scenario.orders import HIGH_RISK_ZONES, LOCAL, ROUNDS, local
from data.scenario.population import Floats, Ints
from data.scenario.reference import District
from data.scenario.sites import DONGHUA_MINGAN
from data.scenario.visits import DAY_S, FIRST_DAY, HOUR_S

START = local(FIRST_DAY, 0)
ZONE_SITE_PART_TIMERS = 348
"""Part-time workers at the fifteen sites on 14 July (A11)."""
HIGH_RISK_WORKERS = 60
"""With a fixed post in the high-risk zone (A8): two in three by day, one by night."""
LAST_SHIFT_ENDS_S = 7 * DAY_S + 1500
LONGEST_SHIFT_S = int(15.7 * HOUR_S)

# Share of each roster on duty, and of that share on each day: invented, but that the volunteers' and the commandos' make
# the published person-times (A15). Commandos are two corps: the city's and the district's.
ON_DUTY_SHARE = {
    ("grid_leader", ""): 0.97,
    ("full_time", ""): 0.66,
    ("part_time", ""): 0.27,
    ("volunteer", ""): 0.59,
    ("commando", "city"): 0.8,
    ("commando", "district"): 0.8,
    ("medic", ""): 0.71,
}
IN_SHIFTS = ("volunteer", "commando")
"""Who works in shifts of eight hours (as in B1), one by morning and one by afternoon; the others stay through the day."""
MORNING_SHARE = 0.6
DISTRICT_COMMANDOS_IN_ZONES = 0.265
"""Share of the district's commandos posted in the medium-risk zone (A15); the others help at sampling sites."""
MEDIUM_RISK_ZONES = ("Z4", "Z5", "Z6")
DAY_FACTOR = {9: 0.3, 10: 0.97, 11: 0.55, 12: 0.96, 13: 0.93, 14: 1.0, 15: 0.55}


@dataclass(frozen=True)
class Whistle:
    code: str
    raised_at: datetime
    due_min: int
    place_kind: str
    place_code: str
    place_name: str
    place_name_en: str
    role: str
    needed: int
    arrival_min: tuple[tuple[float, float], ...]
    """Share of the needed who have arrived, by minutes after the call: a broken line."""
    closes_min: int


WHISTLES = (
    Whistle(
        "W0709-1",
        local(9, 19, 5),
        60,
        "site",
        DONGHUA_MINGAN,
        "东华名岸",
        "Donghua Mingan",
        "volunteer",
        30,
        ((6, 0), (54, 1)),
        70,
    ),
    Whistle(
        "W0710-1",
        local(10, 7, 10),
        60,
        "place",
        "",
        "石冲市场",
        "Shichong Market",
        "part_time",
        25,
        ((5, 0), (48, 1)),
        100,
    ),
    Whistle(
        "W0712-1", local(12, 9, 0), 30, "place", "", "东湖广场", "Donghu Square", "commando", 20, ((4, 0), (24, 1)), 150
    ),
    Whistle(
        "W0713-1",
        local(13, 18, 20),
        60,
        "community",
        GANGKOU,
        "港口",
        "Gangkou",
        "volunteer",
        24,
        ((5, 0), (55, 1)),
        180,
    ),
    Whistle(
        "W0714-1",
        local(14, 7, 50),
        60,
        "community",
        CEXIAN,
        "侧贤",
        "Cexian",
        "part_time",
        210,
        ((3, 0), (49, 0.967), (51, 0.968), (56, 1)),
        140,
    ),
    Whistle(
        "W0714-2",
        local(14, 8, 22),
        60,
        "community",
        GANGKOU,
        "港口",
        "Gangkou",
        "volunteer",
        30,
        ((2, 0), (17, 0.4), (54, 1)),
        95,
    ),
    Whistle(
        "W0714-3", local(14, 8, 20), 10, "community", LIYUAN, "丽苑", "Liyuan", "full_time", 7, ((1, 0), (9, 1)), 45
    ),
    Whistle(
        "W0714-4",
        local(14, 10, 5),
        30,
        "place",
        "",
        "石冲市场",
        "Shichong Market",
        "volunteer",
        15,
        ((6, 0), (30, 0.6), (47, 1)),
        85,
    ),
    Whistle(
        "W0715-1",
        local(15, 6, 40),
        60,
        "community",
        HUILONG,
        "会龙",
        "Huilong",
        "part_time",
        40,
        ((4, 0), (52, 1)),
        150,
    ),
)


@dataclass(frozen=True)
class StaffEvents:
    """One row an event, in order of time."""

    staff: Ints
    is_check_in: Ints
    event_s: Ints
    post_kind: list[str]
    post_code: list[str]
    whistle_code: list[str]


class _Book:
    """Collects pairs of check-in and check-out."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, str, str, str]] = []

    def post(self, staff: int, start_s: float, end_s: float, kind: str, code: str, whistle: str = "") -> None:
        end_s = min(end_s, start_s + LONGEST_SHIFT_S)
        self.rows.append((int(start_s), 1, staff, kind, code, whistle))
        self.rows.append((int(end_s), 0, staff, kind, code, ""))


def needed_count(whistle: Whistle, scale: float) -> int:
    """How many a whistle calls for: as published at scale 1, fewer in a smaller district."""
    return whistle.needed if scale >= 1 else max(3, round(whistle.needed * scale))


def muster(district: District, rng: np.random.Generator) -> StaffEvents:
    """Every check-in and check-out of the week."""
    book = _Book()
    desk = _Desk(district)
    guards = _choose_guards(district, desk, rng)
    for day in range(FIRST_DAY, FIRST_DAY + 7):
        taken = set(guards)
        midnight = (day - FIRST_DAY) * DAY_S
        _post_guards(book, guards, day, midnight, rng)
        for whistle in WHISTLES:
            if whistle.raised_at.day == day:
                taken |= _answer(book, district, desk, whistle, taken, rng)
        if day == 14:
            taken |= _man_zone_sites(book, district, desk, midnight, taken, rng)
        for (role, origin), share in ON_DUTY_SHARE.items():
            corps = [i for i in desk.by_role[role] if not origin or district.staff.origin[i] == origin]
            roster = np.array([i for i in corps if i not in taken], dtype=np.int64)
            count = round(len(corps) * share * DAY_FACTOR[day])
            chosen = np.sort(rng.choice(roster, min(count, len(roster)), replace=False))
            _post_role(book, district, desk, role, chosen, day, midnight, rng)
    rows = sorted(book.rows)
    columns = list(zip(*rows, strict=True))
    return StaffEvents(
        np.array(columns[2]),
        np.array(columns[1]),
        np.array(columns[0]),
        list(columns[3]),
        list(columns[4]),
        list(columns[5]),
    )


class _Desk:
    """What is looked up again and again: rosters, and the sites near each grid."""

    def __init__(self, district: District) -> None:
        staff, sites, grids = district.staff, district.sites, district.geography.grids
        self.by_role = {role: staff.of_role(role) for role, _ in ON_DUTY_SHARE}
        centre = np.array([grid.shape_m.centroid.coords[0] for grid in grids])
        away = np.linalg.norm(centre[:, None] - sites.point_m[None], axis=2)
        self.zone_sites = np.flatnonzero(sites.in_zone)
        away[:, self.zone_sites] += np.where(np.isin([g.community.code for g in grids], MEDIUM_ZONE), 0, 1e6)[:, None]
        self.site_of_grid = np.argmin(away, axis=1)
        self.sites_of_town = {
            town.code: [i for i, g in enumerate(sites.grid) if grids[g].town.code == town.code and not sites.in_zone[i]]
            for town in district.geography.towns
        }
        self.grid_code = [grid.code for grid in grids]
        buildings = district.population
        self.building_of_grid = [
            buildings.building_code[part].tolist()
            for part in np.split(
                np.argsort(buildings.building_grid, kind="stable"),
                np.cumsum(np.bincount(buildings.building_grid, minlength=len(grids)))[:-1],
            )
        ]
        self.zone_grids = [i for code in MEDIUM_ZONE for i in district.geography.positions(code)]
        self.near_zone = [
            i
            for i in self.by_role["part_time"]
            if grids[staff.grid[i]].town.code == grids[self.zone_grids[0]].town.code
        ]


def _choose_guards(district: District, desk: _Desk, rng: np.random.Generator) -> list[int]:
    """The sixty with a fixed post in the high-risk zone: grid workers of its neighbourhood."""
    count = HIGH_RISK_WORKERS if district.scale >= 1 else max(3, round(HIGH_RISK_WORKERS * district.scale))
    staff, published = (
        district.staff,
        set(district.geography.positions(GANGKOU) + district.geography.positions(CEXIAN)[:1]),
    )
    full = [i for i in desk.by_role["full_time"] if staff.grid[i] in desk.zone_grids and staff.grid[i] not in published]
    part = [i for i in desk.near_zone if staff.grid[i] not in published]
    few = min(len(full), count // 3)
    return [*full[:few], *(int(i) for i in rng.choice(part, count - few, replace=False))]


def _post_guards(book: _Book, guards: list[int], day: int, midnight: int, rng: np.random.Generator) -> None:
    for n, staff in enumerate(guards):
        zone = HIGH_RISK_ZONES[n % len(HIGH_RISK_ZONES)]
        # Of each zone's people one in three keeps the night.
        by_night = n // 3 % 3 == 2
        start_s = midnight + (19 if by_night or day == FIRST_DAY else 7) * HOUR_S + int(rng.integers(-600, 300))
        end_s = start_s + 12 * HOUR_S if by_night or day > FIRST_DAY else midnight + 23.5 * HOUR_S
        # The zones are eased at midnight on the 16th, and the last night shift ends soon after.
        book.post(staff, start_s, min(end_s, LAST_SHIFT_ENDS_S + int(rng.integers(0, 900))), "zone", zone)


def _answer(
    book: _Book, district: District, desk: _Desk, whistle: Whistle, taken: set[int], rng: np.random.Generator
) -> set[int]:
    """People who answer a whistle, arriving along its broken line; teams of ten take whole buildings (A10)."""
    count = needed_count(whistle, district.scale)
    pool = desk.near_zone if whistle.place_code in MEDIUM_ZONE else desk.by_role[whistle.role]
    free = [int(i) for i in pool if i not in taken]
    chosen = [int(i) for i in rng.choice(free, min(count, len(free)), replace=False)]
    minutes, shares = zip(*whistle.arrival_min, strict=True)
    raised_s = (whistle.raised_at - START).total_seconds()
    for n, staff in enumerate(chosen):
        arrival_s = raised_s + 60 * float(np.interp((n + 1) / count, shares, minutes)) - 1
        end_s = arrival_s + 60 * whistle.closes_min + float(rng.integers(1800, 3 * HOUR_S))
        kind, code = whistle.place_kind, whistle.place_code
        if whistle.place_code in MEDIUM_ZONE:
            grid = desk.zone_grids[(n // 10) % len(desk.zone_grids)]
            houses = desk.building_of_grid[grid]
            kind, code = "building", houses[(n // 10) % len(houses)]
        elif kind == "community":
            kind, code = "grid", desk.grid_code[district.geography.positions(whistle.place_code)[0]]
        elif kind == "place":
            kind, code = "checkpoint", whistle.place_name
        book.post(staff, arrival_s, end_s, kind, code, whistle.code)
    return set(chosen)


def _man_zone_sites(
    book: _Book, district: District, desk: _Desk, midnight: int, taken: set[int], rng: np.random.Generator
) -> set[int]:
    """Part-time workers at the sites of the medium-risk zone on 14 July (A11), by the units of each."""
    count = ZONE_SITE_PART_TIMERS if district.scale >= 1 else max(15, round(ZONE_SITE_PART_TIMERS * district.scale))
    free = [int(i) for i in desk.near_zone if i not in taken]
    chosen = [int(i) for i in rng.choice(free, min(count, len(free)), replace=False)]
    units = district.sites.unit_count[desk.zone_sites]
    seats = np.repeat(desk.zone_sites, np.ceil(units / units.sum() * count).astype(np.int64) + 1)
    seats = np.concatenate([desk.zone_sites, rng.permutation(seats)])[: len(chosen)]
    for staff, site in zip(chosen, seats, strict=True):
        start = float(midnight + 6.1 * HOUR_S + rng.integers(0, 2700))
        book.post(
            staff, start, float(midnight + 11 * HOUR_S + rng.integers(0, 7200)), "site", district.sites.code[site]
        )
    return set(chosen)


def _post_role(
    book: _Book,
    district: District,
    desk: _Desk,
    role: str,
    chosen: Ints,
    day: int,
    midnight: int,
    rng: np.random.Generator,
) -> None:
    """An ordinary day of one role: early check-in, late check-out, a post at home or at a site."""
    staff, sites = district.staff, district.sites
    evening_only = day == 9
    zone_round = any(r.starts_at.day == day and r.code.startswith("M") for r in ROUNDS)
    start = rng.normal(18.2 if evening_only else 6.3, 0.25, len(chosen)).clip(
        17.5 if evening_only else 5.4, 18.9 if evening_only else 8.2
    )
    end = rng.normal(23.0 if evening_only else 20.4, 0.9, len(chosen)).clip(14, 23.8)
    if role in IN_SHIFTS and not evening_only:
        start, end = _shifts(start, rng)
    draw = rng.random(len(chosen))
    towns = list(desk.sites_of_town)
    seats = {} if evening_only else _first_seats(district, desk, role, chosen, day)
    for n, person in enumerate(chosen):
        home = int(staff.grid[person])
        kind, code = "site", ""
        if role == "grid_leader":
            kind, code = "grid", desk.grid_code[home]
        elif home >= 0:
            site = int(desk.site_of_grid[home])
            crowded_out = role == "part_time" and sites.in_zone[site] and day == 14
            if int(person) in seats:
                code = sites.code[seats[int(person)]]
            elif draw[n] < 0.5 and not crowded_out:
                code = sites.code[site]
            elif draw[n] < 0.82 or crowded_out:
                kind, code = "grid", desk.grid_code[home]
            else:
                houses = desk.building_of_grid[home]
                kind, code = "building", houses[int(draw[n] * 1e6) % len(houses)]
        elif role == "commando" and staff.origin[person] == "district":
            code = sites.code[int(draw[n] * 1e7) % len(sites.code)]
            if not evening_only and draw[n] < DISTRICT_COMMANDOS_IN_ZONES:
                kind, code = "zone", MEDIUM_RISK_ZONES[n % len(MEDIUM_RISK_ZONES)]
        elif role == "commando" and zone_round and draw[n] < 0.35:
            kind, code = ("vehicle", f"V{n % 12 + 1:02d}") if draw[n] < 0.06 else ("checkpoint", f"K{n % 9 + 1:02d}")
        elif draw[n] < 0.85 or role == "medic":
            town = staff.town_code[person] or towns[int(draw[n] * 1e6) % len(towns)]
            near = desk.zone_sites if zone_round and draw[n] < 0.12 else desk.sites_of_town[town]
            code = sites.code[near[int(draw[n] * 1e7) % len(near)]]
        else:
            kind, code = "checkpoint", f"K{int(draw[n] * 1e6) % 24 + 1:02d}"
        book.post(int(person), midnight + start[n] * HOUR_S, midnight + end[n] * HOUR_S, kind, code)


def _shifts(start: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Hours at which each begins and ends who works in shifts of eight hours: by morning as given, or by afternoon."""
    is_late = rng.random(len(start)) >= MORNING_SHARE
    begins = np.where(is_late, start + 7.3, start)
    return begins, begins + rng.normal(7.8, 0.1, len(start)).clip(7.4, 8.0)


def _first_seats(district: District, desk: _Desk, role: str, chosen: Ints, day: int) -> dict[int, int]:
    """The site of the one full-time or part-time worker whom every open site has (A12): a neighbour, else one of the town."""
    if role not in ("full_time", "part_time"):
        return {}
    staff, sites, grids = district.staff, district.sites, district.geography.grids
    near: dict[int, list[int]] = {}
    in_town: dict[str, list[int]] = {}
    for person in (int(i) for i in chosen):
        near.setdefault(int(desk.site_of_grid[staff.grid[person]]), []).append(person)
        in_town.setdefault(grids[staff.grid[person]].town.code, []).append(person)
    seats: dict[int, int] = {}
    for site in range(len(sites.code)):
        if role == "part_time" and day == 14 and sites.in_zone[site]:
            continue  # these have theirs: the 348 of that morning
        pool = [*near.get(site, []), *in_town.get(grids[sites.grid[site]].town.code, [])]
        free = next((i for i in pool if i not in seats), None)
        if free is not None:
            seats[free] = site
    return seats


def event_time(second: int) -> datetime:
    """The moment `second` seconds after the scenario's start."""
    return datetime.fromtimestamp(START.timestamp() + second, LOCAL)
