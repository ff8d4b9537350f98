"""Places sampling sites near people and shares sampling units among them.

Knows points, weights and distances in metres; knows no names and no files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import GeoError


def place_sites(points_m: npt.NDArray[np.float64], headcount: npt.NDArray[np.float64], count: int) -> list[int]:
    """Which `count` of the points get a site, so that people walk little: indices, rising.

    Greedy choice by headcount-weighted walking distance, then exchanges within each catchment until none helps (the
    usual heuristic for the p-median problem, Teitz and Bart 1968).
    """
    if not 1 <= count <= len(points_m):
        raise GeoError(
            f"{count} sites cannot be placed on {len(points_m)} points.", "Ask for between one and all of them."
        )
    distance = np.linalg.norm(points_m[:, None, :] - points_m[None, :, :], axis=2)
    nearest = np.full(len(points_m), np.inf)
    chosen: list[int] = []
    for _ in range(count):
        reach = np.minimum(distance, nearest[None, :] if chosen else distance.max() * 2)
        cost = reach @ headcount
        cost[chosen] = np.inf
        best = int(np.argmin(cost))
        chosen.append(best)
        nearest = np.minimum(nearest, distance[best])
    for _ in range(20):
        catchment = np.argmin(distance[chosen], axis=0)
        better = []
        for site in range(count):
            members = np.flatnonzero(catchment == site)
            better.append(int(members[np.argmin(distance[np.ix_(members, members)] @ headcount[members])]))
        if sorted(better) == sorted(chosen):
            break
        chosen = better
    return sorted(chosen)


def share_units(
    weights: Sequence[float] | npt.NDArray[np.float64], total: int, least: int = 2, most: int = 10
) -> list[int]:
    """How many of `total` units each site gets: by weight, between `least` and `most` (A11: 2 to 10).

    Raises GeoError when the limits cannot be met.
    """
    count = len(weights)
    if not least * count <= total <= most * count:
        raise GeoError(
            f"{total} units cannot be shared among {count} sites with {least} to {most} each.", "Change the total."
        )
    wanted = np.asarray(weights, dtype=float)
    units = np.full(count, least)
    for _ in range(total - least * count):
        need = np.where(units < most, wanted / units, -1.0)
        units[int(np.argmax(need))] += 1
    return [int(unit) for unit in units]
