"""The scenario's map: 410 grids that tile the district outline, in 132 communities and 6 towns.

The same for every seed: places keep their names and shapes whatever is simulated on them. Synthetic: no boundary
of a town, community or grid is published.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from scipy.optimize import linear_sum_assignment
from shapely.geometry import Polygon

from geo.crs import degrees_from_metres, metres_from_degrees
from geo.tessellation import (
    Place,
    bend_cells,
    cut_power_cells,
    make_warp,
    round_cells,
    scatter_crowd,
    soften_outline,
    split_by_weight,
)

FACTS_DIR = Path(__file__).resolve().parent.parent / "reference"
MAP_SEED = 7
CENTRE = (113.04, 22.67)

BAISHA, CHAOLIAN, HUANSHI, TANGXIA, HETANG, DURUAN = (
    "440703002",
    "440703005",
    "440703006",
    "440703101",
    "440703102",
    "440703103",
)
DONGHUA, GANGKOU, JIANGBIAN, HUILONG, CEXIAN = (
    "440703002135",
    "440703002138",
    "440703002139",
    "440703002142",
    "440703002143",
)
DONGFENG, LIYUAN = "440703006103", "440703006118"
MEDIUM_ZONE = (JIANGBIAN, HUILONG, CEXIAN)

GRID_COUNT = 410
GRIDS_OF_TOWN = {BAISHA: 142, CHAOLIAN: 16, HUANSHI: 104, TANGXIA: 56, HETANG: 40, DURUAN: 52}
GRIDS_OF_COMMUNITY = {GANGKOU: 3, JIANGBIAN: 5, HUILONG: 5, CEXIAN: 5, DONGHUA: 4}
"""Gangkou's three are published; the zone's fifteen hold one sampling site each (A11)."""
GRIDS_WITHOUT_PARTY_ORGANISATION = 21
"""410 grids less the 389 with a party organisation (A2)."""

# Street direction, how much denser the middle is, and how far that reaches: chosen by eye, for a plausible map.
STREETS = {
    BAISHA: (1.25, 1.6, 2600.0),
    CHAOLIAN: (1.45, 1.2, 2000.0),
    HUANSHI: (1.15, 2.0, 3200.0),
    TANGXIA: (1.2, 1.8, 4500.0),
    HETANG: (0.75, 1.6, 3000.0),
    DURUAN: (1.0, 1.8, 3500.0),
}

# Where the communities of the account are put, lon and lat: the south-west edge of Baisha, from north to south.
PLACED = {
    JIANGBIAN: (113.0475, 22.5905),
    GANGKOU: (113.0545, 22.5920),
    DONGHUA: (113.0470, 22.5850),
    HUILONG: (113.0505, 22.5790),
    CEXIAN: (113.0520, 22.5720),
}


@dataclass(frozen=True)
class Town:
    code: str
    name: str
    name_en: str
    centre: tuple[float, float]
    area_km2: float
    population: int


@dataclass(frozen=True)
class Community:
    code: str
    name: str
    name_en: str
    town_code: str

    @property
    def short_name(self) -> str:
        """The name without 社区 or 村, as on labels."""
        return self.name.removesuffix("社区").removesuffix("村") if len(self.name) > 2 else self.name


@dataclass(frozen=True)
class Grid:
    code: str
    name: str
    name_en: str
    community: Community
    town: Town
    has_party_organisation: bool
    shape: Polygon
    """EPSG:4326, lon first, six decimals."""
    shape_m: Polygon
    """The same in metres of `geo.crs.local_crs(*CENTRE)`."""

    @property
    def number(self) -> int:
        """Its number within the community, from 1."""
        return int(self.code[-3:])


@dataclass(frozen=True)
class Geography:
    towns: tuple[Town, ...]
    communities: tuple[Community, ...]
    grids: tuple[Grid, ...]

    def positions(self, community_code: str) -> list[int]:
        """The places in `grids` of a community's grids, in the order of their numbers."""
        return [i for i, grid in enumerate(self.grids) if grid.community.code == community_code]


def read_facts() -> tuple[tuple[Town, ...], tuple[Community, ...], npt.NDArray[np.float64]]:
    """Towns, communities and the outline's (n, 2) lon-lat ring, as published (see data/reference/README.md)."""
    towns = tuple(
        Town(
            row["town_code"],
            row["town_name"],
            row["town_name_en"],
            (float(row["centre_lon"]), float(row["centre_lat"])),
            float(row["area_km2"]),
            int(row["population"]),
        )
        for row in _rows("towns.csv")
    )
    communities = tuple(
        Community(row["community_code"], row["community_name"], row["community_name_en"], row["town_code"])
        for row in _rows("communities.csv")
    )
    ring = np.array([[float(row["lon"]), float(row["lat"])] for row in _rows("district_outline.csv")])
    return towns, communities, ring


def _rows(name: str) -> list[dict[str, str]]:
    with (FACTS_DIR / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def make_geography() -> Geography:
    """The district's towns, communities and 410 grids, ordered by grid code."""
    rng = np.random.default_rng(MAP_SEED)
    towns, communities, ring = read_facts()
    to_m = metres_from_degrees(*CENTRE)
    warp = make_warp(rng)
    outline = Polygon(warp.straighten(np.asarray(soften_outline(to_m(ring), rng).exterior.coords)))
    centres = warp.straighten(to_m(np.array([town.centre for town in towns])))
    cells = cut_power_cells(outline, centres, [town.area_km2 for town in towns])

    owners: list[tuple[Community, int]] = []
    straight: list[Polygon] = []
    for town, centre, cell in zip(towns, centres, cells, strict=True):
        members = [community for community in communities if community.town_code == town.code]
        angle, crowding, reach_m = STREETS[town.code]
        place = Place((centre[0], centre[1]), crowding, reach_m)
        plots = split_by_weight(
            cell,
            scatter_crowd(cell, 300 * len(members), place, rng),
            list(rng.uniform(0.7, 1.3, len(members))),
            angle,
            rng,
        )
        fixed = {code: warp.straighten(to_m(np.array([lonlat])))[0] for code, lonlat in PLACED.items()}
        named = _give_names(members, plots, fixed, rng)
        for community, plot, count in zip(members, named, _count_grids(town, members, named), strict=True):
            flat = Place((centre[0], centre[1]), 1.0, reach_m)
            shares = list(rng.uniform(0.6, 1.4, count))
            parts = split_by_weight(plot, scatter_crowd(plot, 120 * count, flat, rng), shares, angle, rng)
            parts.sort(key=lambda part: (-round(part.centroid.y / 150), part.centroid.x))
            owners += [(community, number) for number in range(1, count + 1)]
            straight += parts
    shapes_m = bend_cells(straight, warp, tolerance_m=6.0)
    shapes = round_cells(list(shapely.transform(np.asarray(shapes_m, dtype=object), degrees_from_metres(*CENTRE))))

    without = set(rng.choice(GRID_COUNT, GRIDS_WITHOUT_PARTY_ORGANISATION, replace=False).tolist())
    town_of = {town.code: town for town in towns}
    grids = [
        Grid(
            f"{community.code}{number:03d}",
            f"{community.name}第{number}网格",
            f"{community.name_en} grid {number}",
            community,
            town_of[community.town_code],
            i not in without,
            shape,
            shape_m,
        )
        for i, ((community, number), shape, shape_m) in enumerate(zip(owners, shapes, shapes_m, strict=True))
    ]
    return Geography(towns, communities, tuple(sorted(grids, key=lambda grid: grid.code)))


def _give_names(
    members: list[Community], plots: list[Polygon], fixed: dict[str, npt.NDArray[np.float64]], rng: np.random.Generator
) -> list[Polygon]:
    """The plot of each community: those of the account near where they are told to be, the others as they come."""
    told = [i for i, community in enumerate(members) if community.code in fixed]
    centroids = np.array([plot.centroid.coords[0] for plot in plots])
    given: dict[int, int] = {}
    if told:
        wanted = np.array([fixed[members[i].code] for i in told])
        distance = np.linalg.norm(wanted[:, None, :] - centroids[None, :, :], axis=2)
        given = {told[row]: int(column) for row, column in zip(*linear_sum_assignment(distance), strict=True)}
    rest = [j for j in range(len(plots)) if j not in given.values()]
    free = iter(rest)
    return [plots[given[i]] if i in given else plots[next(free)] for i in range(len(members))]


def _count_grids(town: Town, members: list[Community], plots: list[Polygon]) -> list[int]:
    """How many grids each community has: given, else by the root of its area, summing to the town's number."""
    fixed = {i: GRIDS_OF_COMMUNITY[c.code] for i, c in enumerate(members) if c.code in GRIDS_OF_COMMUNITY}
    open_count = GRIDS_OF_TOWN[town.code] - sum(fixed.values())
    roots = np.array([0.0 if i in fixed else math.sqrt(plot.area) for i, plot in enumerate(plots)])
    exact = roots / roots.sum() * open_count
    counts = np.maximum(np.floor(exact), roots > 0).astype(int)
    for i in np.argsort(counts - exact)[: open_count - int(counts.sum())]:
        counts[i] += 1
    return [fixed.get(i, int(count)) for i, count in enumerate(counts)]


def write_grids(geography: Geography, path: Path) -> None:
    """Writes `grids.geojson` as data/FORMATS.md describes it."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "grid_code": grid.code,
                "grid_name": grid.name,
                "grid_name_en": grid.name_en,
                "community_code": grid.community.code,
                "community_name": grid.community.name,
                "community_name_en": grid.community.name_en,
                "town_code": grid.town.code,
                "town_name": grid.town.name,
                "town_name_en": grid.town.name_en,
                "has_party_organisation": grid.has_party_organisation,
                "is_synthetic": True,
            },
            "geometry": {"type": "Polygon", "coordinates": [[list(point) for point in grid.shape.exterior.coords]]},
        }
        for grid in geography.grids
    ]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    path.write_text('{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n", encoding="utf-8")
