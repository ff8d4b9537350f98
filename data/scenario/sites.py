"""The scenario's 120 sampling sites: where they are, how many units they have, which feed brings their rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.scenario.geography import (
    BAISHA,
    CENTRE,
    CEXIAN,
    CHAOLIAN,
    DONGFENG,
    DONGHUA,
    DURUAN,
    GANGKOU,
    HETANG,
    HUANSHI,
    LIYUAN,
    MEDIUM_ZONE,
    TANGXIA,
    Geography,
)
from data.scenario.population import Ints, Population
from data.scenario.workforce import leader_code
from geo.crs import Coordinates, metres_from_degrees
from geo.siting import place_sites, share_units

FEED_OF_TOWN = {
    BAISHA: "baisha",
    HUANSHI: "huanshi",
    CHAOLIAN: "chaolian",
    TANGXIA: "tangxia",
    HETANG: "hetang",
    DURUAN: "duruan",
}
SITES_OF_TOWN = {BAISHA: 44, HUANSHI: 30, CHAOLIAN: 5, TANGXIA: 16, HETANG: 10, DURUAN: 15}
UNITS_PER_SITE = 7.8
ZONE_UNIT_COUNT = 124
"""Units of the fifteen sites in the medium-risk zone: 21,400 people in three hours at about 88 an hour and unit."""
DONGHUA_MINGAN = "S0201"


@dataclass(frozen=True)
class Sites:
    code: list[str]
    name: list[str]
    name_en: list[str]
    grid: Ints
    lonlat: npt.NDArray[np.float64]
    point_m: npt.NDArray[np.float64]
    feed: list[str]
    unit_count: Ints
    full_unit_count: Ints
    """Units at scale 1."""
    is_sampling_reported: npt.NDArray[np.bool_]
    leader: list[str]
    party_branch: list[str]
    in_zone: npt.NDArray[np.bool_]
    """In a community of the medium-risk zone."""

    def position(self, code: str) -> int:
        return self.code.index(code)


def place(geography: Geography, population: Population, scale: float) -> Sites:
    """All sites: one in each grid of the medium-risk zone (A11), the others where most people walk least.

    Below scale 1 sites stay as many, with fewer units.
    """
    people = population.residents_by_grid(len(geography.grids)).astype(float)
    to_m = metres_from_degrees(*CENTRE)
    label = np.round([grid.shape.representative_point().coords[0] for grid in geography.grids], 6)
    point_m = to_m(label)
    rows: list[tuple[str, int, float]] = []  # town, grid, people who will come
    for town in geography.towns:
        zone = [i for code in MEDIUM_ZONE for i in geography.positions(code)] if town.code == BAISHA else []
        named = [geography.positions(code)[0] for code in (DONGHUA, GANGKOU)] if town.code == BAISHA else []
        if town.code == HUANSHI:
            named = [geography.positions(code)[0] for code in (DONGFENG, LIYUAN)]
        open_grids = [i for i, grid in enumerate(geography.grids) if grid.town.code == town.code and i not in zone]
        free = [i for i in open_grids if i not in named]
        wanted = SITES_OF_TOWN[town.code] - len(zone) - len(named)
        chosen = named + [free[i] for i in place_sites(point_m[free], people[free], wanted)]
        nearest = np.argmin(np.linalg.norm(point_m[open_grids][:, None] - point_m[chosen][None], axis=2), axis=1)
        load = np.bincount(nearest, people[open_grids], len(chosen))
        rows += [(town.code, i, float(people[i])) for i in zone]
        # The forecourt of Donghua Mingan serves more than its nearest neighbours.
        rows += [
            (town.code, i, float(n) * (2.2 if named[:1] == [i] and town.code == BAISHA else 1.0))
            for i, n in zip(chosen, load, strict=True)
        ]
    in_zone = np.array([geography.grids[i].community.code in MEDIUM_ZONE for _, i, _ in rows])
    load = np.array([n for _, _, n in rows])
    least, most = (2, 10)
    units = np.zeros(len(rows), dtype=np.int64)
    units[in_zone] = share_units(load[in_zone], ZONE_UNIT_COUNT, least, most)
    units[~in_zone] = share_units(load[~in_zone], round(UNITS_PER_SITE * int((~in_zone).sum())), least, most)
    return _describe(geography, rows, label, to_m, units, min(scale, 1.0), in_zone)


def _describe(
    geography: Geography,
    rows: list[tuple[str, int, float]],
    label: npt.NDArray[np.float64],
    to_m: Callable[[Coordinates], Coordinates],
    units: Ints,
    scale: float,
    in_zone: npt.NDArray[np.bool_],
) -> Sites:
    first = {geography.positions(DONGHUA)[0]: 0, geography.positions(CEXIAN)[1]: 1}
    towns = [town.code for town in geography.towns]
    order = sorted(range(len(rows)), key=lambda r: (towns.index(rows[r][0]), first.get(rows[r][1], 2), rows[r][1]))
    grid = np.array([rows[r][1] for r in order])
    community = [geography.grids[g].community for g in grid]
    codes, names, names_en = [], [], []
    number: dict[str, int] = {}
    for g, home in zip(grid, community, strict=True):
        town = geography.grids[g].town.code
        number[town] = number.get(town, 0) + 1
        codes.append(f"S{(10 if town[-3] == '1' else 0) + int(town[-2:]):02d}{number[town]:02d}")
        alone = sum(other.code == home.code for other in community) == 1
        if home.code == DONGHUA and geography.grids[g].number == 1:
            names.append("东华名岸")
            names_en.append("Donghua Mingan")
        elif alone:
            names.append(f"{home.name}采样点")
            names_en.append(home.name_en)
        else:
            names.append(f"{geography.grids[g].name}点")
            names_en.append(geography.grids[g].name_en)
    lonlat = label[grid]
    reported = np.ones(len(order), dtype=bool)
    for town_code in (TANGXIA, DURUAN):
        # A small village site in each registers people but never sends a time of sampling.
        members = [r for r in range(len(order)) if geography.grids[grid[r]].town.code == town_code]
        reported[min(members, key=lambda r: rows[order[r]][2])] = False
    return Sites(
        codes,
        names,
        names_en,
        grid,
        lonlat,
        to_m(lonlat),
        [FEED_OF_TOWN[geography.grids[g].town.code] for g in grid],
        np.maximum(2, np.round(units[order] * scale).astype(np.int64)),
        units[order],
        reported,
        [leader_code(geography, int(g)) for g in grid],
        [f"{name.removesuffix('采样点').removesuffix('点')}采样点临时党支部" for name in names],
        in_zone[order],
    )
