"""The scenario's staff: who answers for which grid, who works there, who stands in. Numbers only, no names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.scenario.geography import BAISHA, CEXIAN, CHAOLIAN, DURUAN, GANGKOU, HETANG, HUANSHI, TANGXIA, Geography
from data.scenario.population import Ints

PREFIX = {BAISHA: "BS", CHAOLIAN: "CL", HUANSHI: "HS", TANGXIA: "TX", HETANG: "HT", DURUAN: "DR"}

FULL_TIME_COUNT = 1680
"""19.6 per 10,000 residents: over the published 18 (A3)."""
PART_TIME_COUNT = 7190
"""With the full-time workers over the published 8,700 (A3)."""
NEW_RECRUIT_COUNT = 432
PRIVATE_FIRM_COUNT = 438
VOLUNTEER_COUNT = 2240
FIRM_ORGANISATION_COUNT = 28
"""Party organisations of firms and social organisations whose people serve in Huanshi (A15)."""
COMMANDO_COUNTS = {"city": 1440, "district": 660}
MEDIC_COUNT = 860
STREET_LEADERS_PER_TOWN = 9
CADRES_PER_COMMUNITY = 2

# As published: Cexian's first grid (A21) and Gangkou's three (A9): full-time, part-time.
PUBLISHED_GRIDS = {(CEXIAN, 1): (2, 14), (GANGKOU, 1): (2, 12), (GANGKOU, 2): (2, 12), (GANGKOU, 3): (2, 12)}


@dataclass(frozen=True)
class Staff:
    """One row a person, in the order of the file; `grid` and `community` are -1 where home does not go so deep."""

    code: list[str]
    role: list[str]
    origin: list[str]
    town_code: list[str]
    community_code: list[str]
    grid: Ints
    stand_in: list[str]
    organisation: list[str]

    def of_role(self, role: str) -> Ints:
        return np.array([i for i, own in enumerate(self.role) if own == role], dtype=np.int64)


def leader_code(geography: Geography, grid: int) -> str:
    """The staff number of a grid's leader, e.g. BS-4302 for the second grid of community 43 in Baisha."""
    return f"{_stem(geography, grid)}{geography.grids[grid].number:02d}"


def _stem(geography: Geography, grid: int) -> str:
    code = geography.grids[grid].community.code
    # Urban communities of a town are numbered 001–004 beside villages 201–…: 5x keeps their staff numbers apart.
    number = int(code[-2:]) + (50 if code[-3] == "0" else 0)
    return f"{PREFIX[geography.grids[grid].town.code]}-{number:02d}"


def _spread(weights: Ints, total: int, least: int, fixed: dict[int, int]) -> list[int]:
    """`total` shared by weight, at least `least` each, with some given; largest remainders make the sum exact."""
    wanted = weights.astype(float).copy()
    wanted[list(fixed)] = 0
    free_total = total - sum(fixed.values())
    exact = wanted / wanted.sum() * free_total
    counts = np.maximum(np.floor(exact).astype(np.int64), np.where(wanted > 0, least, 0))
    order = np.argsort(counts - exact, kind="stable")
    step = 1 if counts.sum() <= free_total else -1
    if step < 0:
        order = order[::-1]
    place = 0
    while counts.sum() != free_total:
        i = order[place % len(order)]
        if wanted[i] > 0 and (step > 0 or counts[i] > least):
            counts[i] += step
        place += 1
    for i, count in fixed.items():
        counts[i] = count
    return [int(count) for count in counts]


def hire(geography: Geography, residents: Ints, scale: float, rng: np.random.Generator) -> Staff:
    """Everybody on the roster. Below scale 1 leaders, cadres and two full-time workers a grid remain; the rest shrinks."""
    grids = geography.grids
    fixed_full = {geography.positions(code)[n - 1]: full for (code, n), (full, _) in PUBLISHED_GRIDS.items()}
    fixed_part = {
        geography.positions(code)[n - 1]: part if scale >= 1 else max(2, round(part * scale))
        for (code, n), (_, part) in PUBLISHED_GRIDS.items()
    }
    weights = np.round(residents**0.7 * 100).astype(np.int64)
    full = _spread(
        weights,
        max(FULL_TIME_COUNT if scale >= 1 else 0, round(FULL_TIME_COUNT * scale), 2 * len(grids)),
        2,
        fixed_full,
    )
    part = _spread(weights, max(round(PART_TIME_COUNT * scale), 2 * len(grids)), 2, fixed_part)
    rows: list[tuple[str, str, str, str, str, int, str]] = []
    for town in geography.towns:
        for n in range(1, STREET_LEADERS_PER_TOWN + 1):
            rows.append((f"{PREFIX[town.code]}-00{n:02d}", "street_leader", "district", town.code, "", -1, ""))
    for community in geography.communities:
        stem = _stem(geography, geography.positions(community.code)[0])
        for n in range(1, CADRES_PER_COMMUNITY + 1):
            rows.append(
                (
                    f"{stem}9{n}",
                    "community_cadre",
                    "community",
                    community.town_code,
                    community.code,
                    -1,
                    f"{stem}9{3 - n}",
                )
            )
    workers: dict[str, tuple[int, int]] = {}
    for i, grid in enumerate(grids):
        stem, home = _stem(geography, i), (grid.town.code, grid.community.code, i)
        size = len(geography.positions(grid.community.code))
        neighbour = f"{stem}{grid.number % size + 1:02d}" if size > 1 else ""
        rows.append((leader_code(geography, i), "grid_leader", "community", *home, neighbour))
        full_no, part_no = workers.get(stem, (11, 101))
        for n in range(full[i]):
            # A and B stand in for each other; a third stands in for nobody and has A behind it.
            partner = n ^ 1 if (n ^ 1) < full[i] else 0
            rows.append((f"{stem}{full_no + n}", "full_time", "community", *home, f"{stem}{full_no + partner}"))
        for n in range(part[i]):
            rows.append((f"{stem}{part_no + n}", "part_time", "community", *home, ""))
        workers[stem] = (full_no + full[i], part_no + part[i])
    town_share = rng.choice(len(geography.towns), 8000, p=np.array([t.population for t in geography.towns]) / 857043)
    organisation_of: dict[str, str] = {}
    in_huanshi = 0
    for n in range(max(60, round(VOLUNTEER_COUNT * scale))):
        town, code = geography.towns[town_share[n]], f"V-{n + 1:04d}"
        origin = "retired_cadre" if n % 15 in (0, 7) else "private_firm" if n % 12 == 1 else "community"
        if town.code == HUANSHI:
            in_huanshi += 1
            if in_huanshi % 8 == 4 and origin != "retired_cadre":
                origin = "private_firm"
                organisation_of[code] = f"环市两新组织第{len(organisation_of) % FIRM_ORGANISATION_COUNT + 1}党支部"
        rows.append((code, "volunteer", origin, town.code, "", -1, ""))
    commandos = 0
    for origin, count in COMMANDO_COUNTS.items():
        for _ in range(max(20, round(count * scale))):
            commandos += 1
            rows.append((f"T-{commandos:04d}", "commando", origin, "", "", -1, ""))
    for n in range(max(60, round(MEDIC_COUNT * scale))):
        rows.append((f"M-{n + 1:04d}", "medic", "hospital", "", "", -1, ""))

    origins = [row[2] for row in rows]
    roles = np.array([row[1] for row in rows])
    for role, origin, count in (
        ("full_time", "new_recruit", NEW_RECRUIT_COUNT),
        ("part_time", "private_firm", PRIVATE_FIRM_COUNT),
    ):
        able = np.flatnonzero(roles == role)
        for i in rng.choice(able, min(len(able) // 2, max(1, round(count * min(scale, 1.0)))), replace=False):
            origins[i] = origin
    return Staff(
        [row[0] for row in rows],
        [row[1] for row in rows],
        origins,
        [row[3] for row in rows],
        [row[4] for row in rows],
        np.array([row[5] for row in rows], dtype=np.int64),
        [row[6] for row in rows],
        [organisation_of.get(row[0], "") for row in rows],
    )
