"""Who lives where: buildings, households and residents of the scenario, as arrays.

Every resident is invented. Identity numbers carry a division code that nobody has (99xxxx) and a valid check digit;
telephone numbers lie in one block of ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from data.scenario.geography import BAISHA, CEXIAN, GANGKOU, HUILONG, JIANGBIAN, Geography

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

PEOPLE_PER_HOUSEHOLD = 2.857
"""857,043 residents in about 300,000 households."""
PEOPLE_OF_COMMUNITY = {CEXIAN: 8960, HUILONG: 6980, JIANGBIAN: 5460, GANGKOU: 6100}
"""The medium-risk zone holds about 21,400 people; Cexian over 3,000 households (A21)."""
STREET_SUFFIX = (
    ("里", "li"),
    ("路", "lu"),
    ("街", "jie"),
    ("巷", "xiang"),
    ("坊", "fang"),
    ("苑", "yuan"),
    ("村", "cun"),
    ("园", "yuan"),
)


@dataclass(frozen=True)
class NamedBuilding:
    """A high-risk building of the account (A6): over 250 households and 540 people in all of them (A8)."""

    community_code: str
    grid_number: int
    number: int
    name: str
    name_en: str
    household_count: int
    resident_count: int


HIGH_RISK_BUILDINGS = (
    NamedBuilding(CEXIAN, 1, 38, "侧贤里38号", "38 Cexianli", 58, 122),
    NamedBuilding(CEXIAN, 1, 39, "侧贤里39号", "39 Cexianli", 56, 118),
    NamedBuilding(HUILONG, 1, 117, "凤阳里117号", "117 Fengyangli", 52, 110),
    NamedBuilding(GANGKOU, 1, 1, "中远大厦", "Zhongyuan Building", 94, 198),
)


@dataclass(frozen=True)
class Population:
    """Columns of buildings, households and residents. Positions point into the table above; grids into `Geography.grids`."""

    building_code: Texts
    building_name: Texts
    building_name_en: Texts
    building_grid: Ints
    building_lonlat: npt.NDArray[np.float64]
    building_radius_m: Ints
    household_code: Texts
    household_building: Ints
    household_size: Ints
    household_vulnerable: Ints
    resident_household: Ints
    resident_age: Ints
    resident_birth: npt.NDArray[np.int64]
    """Days since 1970-01-01."""
    high_risk_buildings: Ints

    @property
    def household_grid(self) -> Ints:
        return self.building_grid[self.household_building]

    @property
    def resident_grid(self) -> Ints:
        return self.household_grid[self.resident_household]

    def residents_by_grid(self, grid_count: int) -> Ints:
        return np.bincount(self.household_grid, self.household_size, grid_count).astype(np.int64)


def count_residents(geography: Geography, scale: float, rng: np.random.Generator) -> Ints:
    """Residents of each grid; towns sum to their published or assumed population times `scale`."""
    weight = (
        rng.lognormal(0.0, 0.22, len(geography.grids))
        * rng.lognormal(0.0, 0.2, len(geography.communities))[
            [
                next(i for i, c in enumerate(geography.communities) if c.code == grid.community.code)
                for grid in geography.grids
            ]
        ]
    )
    people = np.zeros(len(geography.grids))
    fixed = np.zeros(len(geography.grids), dtype=bool)
    for code, count in PEOPLE_OF_COMMUNITY.items():
        places = geography.positions(code)
        share = weight[places] ** 0.5
        people[places] = count * share / share.sum()
        fixed[places] = True
    for town in geography.towns:
        free = np.array([grid.town.code == town.code for grid in geography.grids]) & ~fixed
        rest = town.population - (people[fixed].sum() if town.code == BAISHA else 0.0)
        people[free] = rest * weight[free] / weight[free].sum()
    # Largest remainders, so that the district's total is exact.
    scaled = people * scale
    counts = np.floor(scaled).astype(np.int64)
    short = round(float(scaled.sum())) - int(counts.sum())
    counts[np.argsort(counts - scaled, kind="stable")[:short]] += 1
    return np.maximum(counts, 6)


def settle(geography: Geography, scale: float, rng: np.random.Generator) -> Population:
    """Everybody housed: households of one to six in buildings scattered over their grids."""
    people = count_residents(geography, scale, rng)
    grid_count = len(geography.grids)
    special = [
        (building, geography.positions(building.community_code)[building.grid_number - 1])
        for building in HIGH_RISK_BUILDINGS
    ]
    special_people = np.zeros(grid_count, dtype=np.int64)
    special_sizes = []
    for building, grid in special:
        households = max(2, round(building.household_count * scale))
        size = np.full(households, 2)
        residents = max(households * 2, round(building.resident_count * scale))
        size[: residents - households * 2] += 1
        special_sizes.append(size)
        special_people[grid] += residents
    ordinary = np.maximum(people - special_people, 3)

    household_grid, size = _form_households(ordinary, rng)
    building_grid, household_building, number = _fill_buildings(geography, household_grid, rng)
    base = len(building_grid)
    building_grid = np.concatenate([building_grid, [grid for _, grid in special]])
    number = np.concatenate([number, [building.number for building, _ in special]])
    household_building = np.concatenate(
        [household_building, *(np.full(len(s), base + i) for i, s in enumerate(special_sizes))]
    )
    size = np.concatenate([size, *special_sizes])

    codes = np.array([grid.code for grid in geography.grids], dtype=object)
    names, names_en = _name_buildings(geography, building_grid, number)
    for i, (building, _) in enumerate(special):
        names[base + i], names_en[base + i] = building.name, building.name_en
    building_code = np.array([f"{codes[g]}-{n:04d}" for g, n in zip(building_grid, number, strict=True)], dtype=object)
    order = np.argsort(building_code, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    household_building = place[household_building]
    by_building = np.argsort(household_building, kind="stable")
    household_building, size = household_building[by_building], size[by_building]
    building_grid = building_grid[order]
    door = np.arange(len(size)) - np.searchsorted(household_building, household_building)
    household_code = np.array(
        [
            f"{code}-{d // 4 + 1:02d}{d % 4 + 1:02d}"
            for code, d in zip(building_code[order][household_building], door, strict=True)
        ],
        dtype=object,
    )

    resident_household = np.repeat(np.arange(len(size)), size)
    age = _draw_ages(resident_household, size, rng)
    vulnerable = rng.random(len(age)) < np.where(age >= 80, 0.75, np.where(age >= 65, 0.3, 0.025))
    birth = 19187 - age * 365 - age // 4 - rng.integers(1, 360, len(age))
    return Population(
        building_code[order],
        names[order],
        names_en[order],
        building_grid,
        _scatter_buildings(geography, building_grid, rng),
        rng.integers(8, 19, len(order)),
        household_code,
        household_building,
        size,
        np.bincount(resident_household, vulnerable, len(size)).astype(np.int64),
        resident_household,
        age,
        birth,
        place[base:],
    )


def _form_households(people: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The grid and size of each household; sizes sum to the people of each grid exactly."""
    count = np.maximum(np.round(people / PEOPLE_PER_HOUSEHOLD).astype(np.int64), 1)
    grid = np.repeat(np.arange(len(people)), count)
    size = rng.choice(np.arange(1, 7), len(grid), p=[0.17, 0.28, 0.27, 0.15, 0.08, 0.05]).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(count)])
    for g in range(len(people)):
        part = size[start[g] : start[g + 1]]
        while (gap := int(people[g] - part.sum())) != 0:
            able = np.flatnonzero(part > 1) if gap < 0 else np.arange(len(part))
            part[rng.choice(able, min(abs(gap), len(able)), replace=False)] += 1 if gap > 0 else -1
    return grid, size


def _fill_buildings(geography: Geography, household_grid: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Grid of each building, building of each household, house number: tall houses in streets, low ones in villages."""
    urban = np.array([grid.town.code.startswith("4407030") for grid in geography.grids])
    counts = np.bincount(household_grid, minlength=len(geography.grids))
    buildings = np.maximum(np.round(counts / np.where(urban, 24.0, 9.0)).astype(np.int64), 1)
    building_grid = np.repeat(np.arange(len(buildings)), buildings)
    first = np.concatenate([[0], np.cumsum(buildings)[:-1]])
    household_building = first[household_grid] + (
        rng.beta(1.2, 1.2, len(household_grid)) * buildings[household_grid]
    ).astype(np.int64)
    household_building = np.sort(household_building)
    number = np.arange(len(building_grid)) - first[building_grid] + 1
    taken = {(geography.positions(b.community_code)[b.grid_number - 1], b.number) for b in HIGH_RISK_BUILDINGS}
    clash = np.array([(int(g), int(n)) in taken for g, n in zip(building_grid, number, strict=True)])
    number[clash] += 200
    return building_grid, household_building, number


def _name_buildings(geography: Geography, building_grid: Ints, number: Ints) -> tuple[Texts, Texts]:
    streets = []
    for grid in geography.grids:
        suffix, suffix_en = STREET_SUFFIX[(grid.number - 1) % len(STREET_SUFFIX)]
        if grid.community.code == HUILONG and grid.number == 1:
            streets.append(("凤阳里", "Fengyangli"))
        else:
            streets.append((grid.community.short_name + suffix, grid.community.name_en + suffix_en))
    names = [f"{streets[g][0]}{n}号" for g, n in zip(building_grid, number, strict=True)]
    names_en = [f"{n} {streets[g][1]}" for g, n in zip(building_grid, number, strict=True)]
    return np.array(names, dtype=object), np.array(names_en, dtype=object)


def _scatter_buildings(geography: Geography, building_grid: Ints, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A lon-lat point in its grid for each building, kept off the border where the grid is wide enough."""
    points = np.empty((len(building_grid), 2))
    for g, grid in enumerate(geography.grids):
        mine = np.flatnonzero(building_grid == g)
        inner = grid.shape.buffer(-0.00025)
        area = inner if inner.area > 0.3 * grid.shape.area else grid.shape
        shapely.prepare(area)
        west, south, east, north = area.bounds
        tries = rng.uniform((west, south), (east, north), (len(mine) * 8 + 200, 2))
        points[mine] = tries[shapely.contains_xy(area, tries[:, 0], tries[:, 1])][: len(mine)]
    return np.round(points, 6)


def _draw_ages(household: Ints, size: Ints, rng: np.random.Generator) -> Ints:
    """An age for everyone: about 17 % under 15 and 18 % from 60 on; children never live alone."""
    count = len(household)
    adult = rng.integers(18, 60, count)
    old = np.minimum(60 + (rng.gamma(2.0, 5.5, count)).astype(np.int64), 98)
    child = rng.integers(0, 18, count)
    first = np.concatenate([[True], household[1:] != household[:-1]])
    draw = rng.random(count)
    share_old = np.where(size[household] <= 2, 0.27, 0.15)
    age = np.where(draw < share_old, old, adult)
    return np.where(~first & (draw > 0.70), child, age).astype(np.int64)
