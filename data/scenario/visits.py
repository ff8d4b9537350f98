"""Who goes to which sampling site when: the demand of 9–15 July, before any queue.

Times are whole seconds since 9 July, 00:00 local. A household tends to go together; the elderly go early; grids differ
in how soon they are called. Nothing here knows how long anyone waits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.scenario.geography import (
    BAISHA,
    CHAOLIAN,
    DONGHUA,
    DURUAN,
    HETANG,
    HUANSHI,
    MEDIUM_ZONE,
    TANGXIA,
)
from data.scenario.orders import ROUNDS
from data.scenario.population import Ints
from data.scenario.reference import District
from data.scenario.sites import DONGHUA_MINGAN

DAY_S = 86400
HOUR_S = 3600
FIRST_DAY = 9
SELF, ASSISTED, GREEN = 0, 1, 2
GREEN_CHANNEL_OPENS_S = 20 * HOUR_S + 10 * 60
"""9 July: the green channel at Donghua Mingan (A16)."""
CANDIDATE_SITES = 4

# Weight of each hour from `first hour` on, for people under and over 60: by eye, for a working city in July.
WHOLE_DAY = (
    6.5,
    (0.5, 0.9, 0.9, 0.8, 0.8, 0.9, 0.95, 0.8, 0.75, 0.8, 0.9, 1.05, 1.15, 1.2, 1.0, 0.6, 0.1),
    (1.7, 2.0, 1.7, 1.3, 1.0, 0.6, 0.4, 0.5, 0.7, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.1, 0.0),
)
AFTERNOON = (14.0, (0.9, 0.95, 0.95, 1.0, 1.05, 1.05, 1.0, 0.85, 0.5), (1.4, 1.4, 1.2, 1.0, 0.9, 0.7, 0.4, 0.1, 0.0))
MORNING_AFTER = (
    6.0,
    (0.7, 1.05, 1.08, 1.05, 0.85, 0.66, 0.6, 0.5, 0.12, 0.08, 0.06, 0.06, 0.06, 0.05, 0.03),
    (1.3, 1.5, 1.2, 1.0, 0.7, 0.4, 0.3, 0.3, 0.1, 0.05, 0.05, 0.0, 0.0, 0.0, 0.0),
)
EVENING = (18.5, (1.2, 1.3, 1.0, 0.35), (1.9, 1.2, 0.6, 0.1))
# Quarter hours for the three-hour rounds.
THREE_HOURS = (
    7.0,
    (1.9, 1.8, 1.45, 1.35, 1.25, 1.1, 0.75, 0.5, 0.35, 0.22, 0.12),
    (2.0, 1.9, 1.3, 1.2, 1.0, 0.8, 0.3, 0.3, 0.2, 0.1, 0.0),
)

# Share of a town's residents called on 13 July already, and how much its grids differ: invented.
FIRST_EVENING_SHARE = {BAISHA: 0.71, HUANSHI: 0.67, CHAOLIAN: 0.77, TANGXIA: 0.58, HETANG: 0.69, DURUAN: 0.63}
TURNOUT = 0.976
TURNOUT_THREE_HOURS = 0.974
OUTSIDE_ROUNDS_PER_DAY = 3200
CROWDED_SHARE = 0.21
STRAY_SHARE = 0.45


@dataclass(frozen=True)
class Visits:
    """One row a visit, sorted by site and time."""

    resident: Ints
    site: Ints
    registered_s: Ints
    channel: npt.NDArray[np.int8]
    round_number: npt.NDArray[np.int8]
    """Place in `orders.ROUNDS`; -1 outside every round."""


def plan_visits(district: District, rng: np.random.Generator) -> Visits:
    """Every visit of the week."""
    people = district.population
    grid_of = people.resident_grid
    zone = np.isin(grid_of, _grids_in(district, MEDIUM_ZONE))
    donghua = np.isin(grid_of, _grids_in(district, (DONGHUA,)))
    reach = _Reach(district)
    parts: list[tuple[Ints, Ints, Ints, int]] = []
    for number, screening in enumerate(ROUNDS):
        day = screening.starts_at.day
        if screening.code == "M1":
            who = _turn_out(np.flatnonzero(zone | donghua), 0.9, rng)
            when = _draw_times(district, who, [(day, EVENING, 1.0)], rng)
        elif screening.community_codes:
            who = _turn_out(np.flatnonzero(zone), TURNOUT_THREE_HOURS, rng)
            when = _draw_times(district, who, [(day, THREE_HOURS, 0.25)], rng)
        elif screening.code == "D3":
            pace = _pace_grids(district, rng)
            who = _turn_out(np.flatnonzero(~zone), TURNOUT, rng, pace.misses_nobody[grid_of[~zone]])
            when = _third_round(district, who, pace, rng)
        else:
            who = _turn_out(np.arange(len(grid_of)), TURNOUT, rng)
            when = _draw_times(district, who, [(day, WHOLE_DAY, 1.0)], rng)
        parts.append((who, when, reach.choose_sites(who, when, number, rng), number))
    for day in (11, 15):
        count = round(OUTSIDE_ROUNDS_PER_DAY * district.scale)
        who = np.sort(rng.choice(np.flatnonzero(~zone), count, replace=False))
        when = _draw_times(district, who, [(day, WHOLE_DAY, 1.0)], rng)
        parts.append((who, when, reach.choose_sites(who, when, -1, rng), -1))
    resident = np.concatenate([part[0] for part in parts])
    when = np.concatenate([part[1] for part in parts])
    site = np.concatenate([part[2] for part in parts])
    round_number = np.concatenate([np.full(len(part[0]), part[3], dtype=np.int8) for part in parts])
    order = np.argsort(site.astype(np.int64) * 10_000_000 + when, kind="stable")
    resident, site, when, round_number = resident[order], site[order], when[order], round_number[order]
    channel = _choose_channels(district, resident, site, when, rng)
    return Visits(resident, site, when, channel, round_number)


def _grids_in(district: District, community_codes: tuple[str, ...]) -> list[int]:
    return [i for code in community_codes for i in district.geography.positions(code)]


def _turn_out(who: Ints, share: float, rng: np.random.Generator, certain: npt.NDArray[np.bool_] | None = None) -> Ints:
    come = rng.random(len(who)) < share
    return who[come if certain is None else come | certain]


@dataclass(frozen=True)
class _Pace:
    """How the third district round goes in each grid."""

    evening_share: npt.NDArray[np.float64]
    misses_nobody: npt.NDArray[np.bool_]
    starts_s: npt.NDArray[np.float64]
    """Second of 14 July before which nobody is called."""


def _pace_grids(district: District, rng: np.random.Generator) -> _Pace:
    """Most grids near their town's pace; sixteen are called late, nine have finished on the first evening."""
    geography = district.geography
    count = len(geography.grids)
    share = np.array([FIRST_EVENING_SHARE[grid.town.code] for grid in geography.grids])
    share = np.clip(share + rng.normal(0, 0.12, count), 0.22, 0.9)
    order = rng.permutation(count)
    share[order[:5]] = rng.uniform(0.02, 0.12, 5)
    share[order[5:16]] = rng.uniform(0.2, 0.4, 11)
    share[order[16:25]] = rng.uniform(0.985, 1.0, 9)
    starts_s = np.zeros(count)
    starts_s[order[:16]] = rng.uniform(7.5, 9.5, 16) * HOUR_S
    return _Pace(share, np.isin(np.arange(count), order[16:25]), starts_s)


def _draw_times(
    district: District,
    who: Ints,
    profiles: list[tuple[int, tuple[float, tuple[float, ...], tuple[float, ...]], float]],
    rng: np.random.Generator,
) -> Ints:
    """Seconds since START of each visit; two households in three go together."""
    people = district.population
    household = people.resident_household[who]
    together = rng.random(len(people.household_size)) < 0.66
    draw = np.where(together[household], rng.random(len(people.household_size))[household], rng.random(len(who)))
    old = people.resident_age[who] >= 60
    when = np.zeros(len(who))
    for day, (first_hour, young_weights, old_weights), step_hours in profiles:
        edges = (day - FIRST_DAY) * DAY_S + (first_hour + step_hours * np.arange(len(young_weights) + 1)) * HOUR_S
        for group, weights in ((~old, young_weights), (old, old_weights)):
            share = np.concatenate([[0.0], np.cumsum(weights)]) / sum(weights)
            when[group] = np.interp(draw[group], share, edges)
    return (when + rng.integers(0, 60, len(who))).astype(np.int64)


def _third_round(district: District, who: Ints, pace: _Pace, rng: np.random.Generator) -> Ints:
    """Times in the third district round: an evening's share first, the rest next morning, grid by grid unlike."""
    people = district.population
    grid = people.resident_grid[who]
    household_draw = rng.random(len(people.household_size))
    draw = np.where(rng.random(len(who)) < 0.7, household_draw[people.resident_household[who]], rng.random(len(who)))
    evening = draw < pace.evening_share[grid]
    when = np.empty(len(who), dtype=np.int64)
    when[evening] = _draw_times(district, who[evening], [(13, AFTERNOON, 1.0)], rng)
    when[~evening] = _draw_times(district, who[~evening], [(14, MORNING_AFTER, 1.0)], rng)
    midnight = (14 - FIRST_DAY) * DAY_S
    late = ~evening & (when - midnight < pace.starts_s[grid])
    # Those called late come over the following four hours, not all at once.
    when[late] = midnight + (pace.starts_s[grid[late]] + rng.uniform(0, 4 * HOUR_S, int(late.sum()))).astype(np.int64)
    return when


class _Reach:
    """Which sites the people of each grid go to, and how often: near ones with units to spare."""

    def __init__(self, district: District) -> None:
        self.district = district
        sites = district.sites
        self.zone_sites = np.flatnonzero(sites.in_zone)
        self.open_sites = np.flatnonzero(~sites.in_zone)
        self.crowded = sites.position(DONGHUA_MINGAN)
        self.beside = sites_beside(district, self.crowded)
        self.idle = int(self.beside[0])
        self.late_sites = late_sites(district)
        people = district.population.residents_by_grid(len(district.geography.grids)).astype(float)
        zone_grids = set(_grids_in(district, MEDIUM_ZONE))
        in_zone = np.array([i in zone_grids for i in range(len(people))])
        early = self.open_sites[~np.isin(self.open_sites, self.late_sites)]
        self.candidates, self.share = self._settle_shares(in_zone, self.open_sites, people)
        self.early_candidates, self.early_share = self._settle_shares(in_zone, early, people)

    def _settle_shares(
        self, in_zone: npt.NDArray[np.bool_], open_sites: Ints, people: npt.NDArray[np.float64]
    ) -> tuple[Ints, npt.NDArray[np.float64]]:
        """For each grid the sites in reach and the share of its people who go to each; nobody crosses the zone's border."""
        sites, geography = self.district.sites, self.district.geography
        candidates = np.zeros((len(people), CANDIDATE_SITES), dtype=np.int64)
        shares = np.zeros((len(people), CANDIDATE_SITES))
        for grids, allowed in ((np.flatnonzero(in_zone), self.zone_sites), (np.flatnonzero(~in_zone), open_sites)):
            centre = np.array([geography.grids[g].shape_m.centroid.coords[0] for g in grids])
            distance = np.linalg.norm(centre[:, None] - sites.point_m[allowed][None], axis=2)
            near = np.argsort(distance, axis=1)[:, :CANDIDATE_SITES]
            pull = 1 / (np.take_along_axis(distance, near, axis=1) + 150.0) ** 2.2
            units = sites.full_unit_count[allowed].astype(float)
            favour = np.ones(len(allowed))
            share = pull
            for _ in range(40):
                # People avoid the queue they hear of: sites over their share of units lose favour.
                share = pull * favour[near]
                share = share / share.sum(axis=1, keepdims=True)
                load = np.bincount(near.ravel(), (share * people[grids][:, None]).ravel(), len(allowed)) / units
                favour *= (load.mean() / np.maximum(load, 1e-9)) ** 0.4
            candidates[grids] = allowed[near]
            shares[grids] = share
        return candidates, shares

    def choose_sites(self, who: Ints, when: Ints, round_number: int, rng: np.random.Generator) -> Ints:
        """The site of each visit."""
        grid = self.district.population.resident_grid[who]
        draw = rng.random(len(who))
        site = _pick(self.candidates, self.share, grid, draw)
        screening = ROUNDS[round_number].code if round_number >= 0 else ""
        if screening == "M1":
            # On the first evening people of Donghua go to Donghua Mingan or to one of the four sites around.
            donghua = np.isin(grid, _grids_in(self.district, (DONGHUA,)))
            around = self.beside[rng.integers(0, 4, len(who))]
            site = np.where(donghua, np.where(rng.random(len(who)) < CROWDED_SHARE, self.crowded, around), site)
        if screening == "D3":
            clock = when - (14 - FIRST_DAY) * DAY_S
            early = (clock > 0) & (clock < 9.6 * HOUR_S)
            before_nine = early & (clock < 9 * HOUR_S)
            site = np.where(before_nine, _pick(self.early_candidates, self.early_share, grid, draw), site)
            # Everybody knows the way to Donghua Mingan; few know that the next site is empty.
            site = np.where(early & (site == self.idle) & (rng.random(len(who)) < STRAY_SHARE), self.crowded, site)
        return np.asarray(site, dtype=np.int64)


def _pick(candidates: Ints, share: npt.NDArray[np.float64], grid: Ints, draw: npt.NDArray[np.float64]) -> Ints:
    """The site that each draw (0 to 1) means for the people of a grid."""
    steps = np.cumsum(share, axis=1)[:, :-1]
    return np.asarray(candidates[grid, (draw[:, None] > steps[grid]).sum(axis=1)], dtype=np.int64)


def sites_beside(district: District, site: int) -> Ints:
    """Sites outside the medium-risk zone, the nearest to `site` first, without itself."""
    sites = district.sites
    others = np.flatnonzero(~sites.in_zone & (np.arange(len(sites.code)) != site))
    return others[np.argsort(np.linalg.norm(sites.point_m[others] - sites.point_m[site], axis=1))]


def late_sites(district: District) -> Ints:
    """Seven small village sites that open at nine on 14 July: they rest while others work."""
    sites, geography = district.sites, district.geography
    village = [i for i, g in enumerate(sites.grid) if geography.grids[g].town.code in (TANGXIA, HETANG, DURUAN)]
    order = sorted(village, key=lambda i: (sites.unit_count[i], sites.code[i]))
    return np.array(order[2:16:2], dtype=np.int64)


def _choose_channels(
    district: District, resident: Ints, site: Ints, when: Ints, rng: np.random.Generator
) -> npt.NDArray[np.int8]:
    """How each visitor registers: by phone, with a helper, or through the green channel."""
    age = district.population.resident_age[resident]
    helped = np.where(age >= 75, 0.62, np.where(age >= 65, 0.38, np.where(age >= 60, 0.2, 0.015)))
    blocked = (site == district.sites.position(DONGHUA_MINGAN)) & (when < DAY_S)
    helped = np.where(blocked & (age >= 60), 0.9, np.where(blocked, 0.25, helped))
    draw = rng.random(len(age))
    channel = np.where(draw < helped, ASSISTED, SELF)
    quick = np.where(blocked & (when >= GREEN_CHANNEL_OPENS_S) & (age >= 60), 0.85, 0.0)
    quick = np.where(~blocked & (age >= 75) & (when >= DAY_S), 0.3, quick)
    return np.where(rng.random(len(age)) < quick, GREEN, channel).astype(np.int8)
