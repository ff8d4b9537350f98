"""How long everyone waits: a queue at each site, served first come, first served by units that open and close.

A person registers, walks to the queue and is taken by the first free unit after everybody who came before. A unit
swabs one person in 30 to 40 s (a Beijing official, June 2020: about 100 an hour) and needs some seconds in between.
Every five minutes the site's leader looks at the queue and opens or closes units, as far as there are units and staff.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.scenario.geography import DONGFENG, HUILONG
from data.scenario.population import Ints
from data.scenario.reference import District
from data.scenario.sites import DONGHUA_MINGAN
from data.scenario.visits import (
    DAY_S,
    FIRST_DAY,
    GREEN,
    GREEN_CHANNEL_OPENS_S,
    HOUR_S,
    Visits,
    late_sites,
    sites_beside,
)

STEP_S = 300
FIRST_STEP = 5 * HOUR_S // STEP_S
STEPS = 19 * HOUR_S // STEP_S
"""Steps of a working day, 05:00 to 24:00."""
SWAB_S = (30.0, 40.0)
CHANGE_S = 6.0
"""Gloves and tubes between two people: together about 88 people an hour and unit."""
WALK_S = 45
UNSAMPLED = -1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Service:
    """What came of the visits, and of the units; and the queue's truth every five minutes."""

    sampled_s: Ints
    """-1: found the site closed."""
    unit_no: Ints
    unit_site: Ints
    unit_number: Ints
    unit_is_open: npt.NDArray[np.bool_]
    unit_event_s: Ints


@dataclass(frozen=True)
class _Plan:
    """What a site's leader aims at and can do, per site and step of a day."""

    target_min: Floats
    most_units: Floats
    pace: Floats
    """Times slower than usual that a unit works."""
    opens_step: Ints
    least_units: Floats
    """Kept open while anyone is expected, even without a queue."""


def serve(district: District, visits: Visits, rng: np.random.Generator) -> Service:
    """Everyone's sampling time and unit, and every opening and closing of a unit."""
    site_count = len(district.sites.code)
    sampled = np.full(len(visits.site), UNSAMPLED, dtype=np.int64)
    unit = np.zeros(len(visits.site), dtype=np.int64)
    events: list[tuple[Ints, Ints, npt.NDArray[np.bool_], Ints]] = []
    day_of = visits.registered_s // DAY_S
    lane, full_units = _lanes(district, visits)
    lane_site = np.append(np.arange(site_count), district.sites.position(DONGHUA_MINGAN))
    # Fewer units at a small scale: each then works as much slower as it takes to keep queues what they are.
    slow = (
        0.75 * lane_units(district) / (full_units * district.scale) if district.scale < 1 else np.ones(site_count + 1)
    )
    habit = np.clip(rng.lognormal(np.log(11.0), 0.38, site_count + 1), 5.0, 19.0)
    for day in map(int, np.unique(day_of)):
        mine = np.flatnonzero(day_of == day)
        mine = mine[np.argsort(lane[mine] * DAY_S * 10 + visits.registered_s[mine], kind="stable")]
        clock = visits.registered_s[mine] - day * DAY_S
        come = np.bincount(
            lane[mine] * STEPS + np.clip(clock // STEP_S - FIRST_STEP, 0, STEPS - 1), minlength=(site_count + 1) * STEPS
        )
        arrivals = come.reshape(site_count + 1, STEPS).astype(float)
        plan = _plan_day(district, day + FIRST_DAY, arrivals, habit, slow, rng)
        open_units = _run_sites(arrivals, plan, slow)
        slot_s, slot_lane, slot_unit = _lay_slots(open_units, plan.pace * slow[:, None], rng)
        bounds = np.searchsorted(slot_lane, np.arange(site_count + 2))
        starts = np.searchsorted(lane[mine], np.arange(site_count + 2))
        for number in range(site_count + 1):
            here = mine[starts[number] : starts[number + 1]]
            slots = slot_s[bounds[number] : bounds[number + 1]]
            if not len(here) or not len(slots):
                continue
            ready = visits.registered_s[here] - day * DAY_S + WALK_S
            rank = np.arange(len(here))
            # The k-th takes the first slot after being ready and after the slot of the one before.
            place = rank + np.maximum.accumulate(np.searchsorted(slots, ready) - rank)
            reached = place < len(slots)
            sampled[here[reached]] = slots[place[reached]] + day * DAY_S
            first_unit = green_lane_offset(district) if number == site_count else 0
            unit[here[reached]] = slot_unit[bounds[number] : bounds[number + 1]][place[reached]] + first_unit
        events.append(_unit_events(open_units, lane_site, day, green_lane_offset(district), rng))
    columns = [np.concatenate(column) for column in zip(*events, strict=True)]
    # Sorted by site and time; np.unique also drops an event that two lanes of one site report alike.
    rows = np.unique(np.column_stack([columns[0], columns[3], columns[1], columns[2].astype(np.int64)]), axis=0)
    return Service(sampled, unit, rows[:, 0], rows[:, 2], rows[:, 3].astype(bool), rows[:, 1])


def lane_units(district: District) -> Floats:
    """Units of each lane: the sites, and the green channel of Donghua Mingan, which takes two of its units."""
    units = district.sites.unit_count.astype(float)
    return np.append(units, 2.0)


def _lanes(district: District, visits: Visits) -> tuple[Ints, Floats]:
    """Each visit's lane, and how many units each lane has at scale 1."""
    crowded = district.sites.position(DONGHUA_MINGAN)
    green = (visits.site == crowded) & (visits.channel == GREEN) & (visits.registered_s < DAY_S)
    green &= visits.registered_s >= GREEN_CHANNEL_OPENS_S
    lane = np.where(green, len(district.sites.code), visits.site)
    return lane, np.append(district.sites.full_unit_count.astype(float), 2.0)


def _plan_day(
    district: District, day: int, arrivals: Floats, habit: Floats, slow: Floats, rng: np.random.Generator
) -> _Plan:
    sites, count = district.sites, len(habit)
    minute = _minutes()
    target = np.clip(habit * rng.lognormal(0, 0.15, count), 4.0, 21.0)[:, None] * np.ones(STEPS)
    target[:-1][sites.in_zone] *= 0.8
    opens = np.full(count, 6 * 60 - 15) + rng.integers(0, 4, count) * 5
    opens[:-1][sites.in_zone] = 6 * 60 + 50
    # Staff arrive over half an hour: first half the units, then one after another.
    most = lane_units(district)
    steps_open = (minute[None, :] - opens[:, None]) / 5
    ready = np.ceil(most[:, None] * np.clip(0.6 + 0.08 * steps_open, 0, 1))
    least = np.full(count, 2.0)
    pace = np.ones((count, STEPS)) * rng.uniform(0.94, 1.08, count)[:, None]
    crowded = sites.position(DONGHUA_MINGAN)
    if day == 9:
        opens[:] = 18 * 60 + 20
        ready = np.ceil(most[:, None] * np.clip(0.7 + 0.1 * (minute[None, :] - opens[:, None]) / 5, 0, 1))
        blocked = minute < GREEN_CHANNEL_OPENS_S / 60
        target[crowded] = 8.0
        ready[crowded] = np.minimum(ready[crowded], max(1, most[crowded] - 2))
        ready[-1] = np.where(blocked, 0, 2)
        opens[-1] = GREEN_CHANNEL_OPENS_S // 60
    if day == 13:
        opens[:-1][~sites.in_zone] = 13 * 60 + 45
        ready = np.ceil(most[:, None] * np.clip(0.6 + 0.08 * (minute[None, :] - opens[:, None]) / 5, 0, 1))
    plan = _Plan(target, ready, pace, (opens * 60 // STEP_S - FIRST_STEP).astype(np.int64), least)
    if day == 9:
        # The elderly who cannot register block the entrance: half of them get past it until the green channel opens.
        own = np.where(np.arange(count) == crowded, most - 2, most)
        _throttle(plan, arrivals, crowded, 18 * 60 + 30, GREEN_CHANNEL_OPENS_S // 60, 0.48, own, slow)
    if day == 14:
        _plan_fourteenth(district, arrivals, plan, slow, rng)
    return plan


def _plan_fourteenth(district: District, arrivals: Floats, plan: _Plan, slow: Floats, rng: np.random.Generator) -> None:
    """14 July: one site jams beside an idle one, one has just been cured, some are busy, seven rest until nine."""
    sites, geography = district.sites, district.geography
    minute = _minutes()
    most = lane_units(district)
    crowded = sites.position(DONGHUA_MINGAN)
    idle = int(sites_beside(district, crowded)[0])
    resting = late_sites(district)
    community = [geography.grids[g].community.code for g in sites.grid]
    dongfeng = community.index(DONGFENG)
    plan.opens_step[resting] = 9 * HOUR_S // STEP_S - FIRST_STEP
    plan.least_units[idle] = np.ceil(0.6 * most[idle])
    plan.target_min[idle] = 6.0
    # With seven in ten served, the wait passes 50 minutes after an hour and a half; with one in two, after one hour.
    _throttle(plan, arrivals, crowded, 7 * 60, 9 * 60 + 10, 0.67, most, slow)
    _throttle(plan, arrivals, dongfeng, 7 * 60, 8 * 60 + 10, 0.52, most, slow)

    morning = minute < 9 * 60 + 25
    hour = (minute >= 7 * 60) & (minute < 9 * 60)
    load = arrivals[:, hour].sum(axis=1) / 2 * _turn_s() * slow / 3600 / most
    able = [
        i for i in range(len(sites.code))
        if not sites.in_zone[i] and i not in (crowded, dongfeng, idle, *resting) and 0.35 < load[i] < 0.8 and sites.full_unit_count[i] >= 5
    ]  # fmt: skip
    for i in rng.choice(able, min(7, len(able)), replace=False):
        plan.target_min[i] = np.where(morning, rng.uniform(29.0, 36.0), plan.target_min[i])
    for i in np.flatnonzero(sites.in_zone):
        plan.target_min[i] = np.maximum(plan.target_min[i], 7.0)
    _throttle(plan, arrivals, sites.position("S0202"), 7 * 60, 8 * 60 + 50, 0.77, most, slow)
    plan.target_min[community.index(HUILONG)] = np.interp(minute, [420, 500, 565, 590], [12, 28, 29, 14])


def _throttle(
    plan: _Plan, arrivals: Floats, site: int, from_min: int, to_min: int, share: float, most: Floats, slow: Floats
) -> None:
    """Lets a site serve only `share` of those who come between two moments: few units, at a pace that fits."""
    minute = _minutes()
    window = (minute >= from_min) & (minute < to_min)
    come_per_hour = max(arrivals[site, window].sum() * 60 / (to_min - from_min), 1.0)
    unit_per_hour = 3600 / (_turn_s() * slow[site])
    units = float(np.clip(np.ceil(share * come_per_hour / unit_per_hour), 1, max(1, most[site])))
    plan.most_units[site, window] = units
    plan.target_min[site, window] = 4.0
    plan.pace[site, window] = units * unit_per_hour / (share * come_per_hour)


def _minutes() -> Floats:
    """Minutes since midnight at which the steps begin."""
    return np.asarray((FIRST_STEP + np.arange(STEPS)) * STEP_S / 60, dtype=np.float64)


def _turn_s() -> float:
    """Seconds between two people at one unit."""
    return sum(SWAB_S) / 2 + CHANGE_S


def _run_sites(arrivals: Floats, plan: _Plan, slow: Floats) -> Ints:
    """Open units per site and step: the leader opens up to two when the wait exceeds the aim, closes one when it is short."""
    count = len(arrivals)
    units = np.zeros((count, STEPS), dtype=np.int64)
    now, queue, rested = np.zeros(count), np.zeros(count), np.zeros(count)
    later = np.cumsum(arrivals[:, ::-1], axis=1)[:, ::-1]
    turn_s = _turn_s()
    # Units stay until the last one who came has been taken: longer where each takes longer.
    linger = 2 + int(np.ceil(turn_s * float(slow.max()) / STEP_S))
    for step in range(STEPS):
        queue = queue + arrivals[:, step]
        per_unit = STEP_S / (turn_s * plan.pace[:, step] * slow)
        wanted = (queue - arrivals[:, step] / 2) * STEP_S / (plan.target_min[:, step] * 60 * per_unit)
        ahead = later[:, max(0, step - linger)] - (later[:, step + 9] if step + 9 < STEPS else 0)
        least = np.where((queue >= 1) | (ahead > 0), np.minimum(plan.least_units, plan.most_units[:, step]), 0)
        aim = np.clip(np.round(wanted), least, plan.most_units[:, step])
        down = np.where((aim < now) & (rested >= 2), now - 1, now)
        fresh = np.where(now == 0, aim, np.where(aim > now, np.minimum(aim, now + 2), down))
        # Nobody waits and nobody comes: all close.
        fresh = np.where((queue < 0.5) & (ahead == 0), 0, fresh)
        fresh = np.minimum(np.where(step < plan.opens_step, 0, fresh), plan.most_units[:, step])
        rested = np.where(fresh == now, rested + 1, 0)
        now = fresh
        units[:, step] = now
        queue = np.maximum(queue - now * per_unit, 0)
    return units


def _lay_slots(units: Ints, pace: Floats, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """When each open unit can take a person: second of the day, lane and unit number, sorted by lane and time."""
    lane, step = np.nonzero(units)
    repeat = units[lane, step]
    lane, step = np.repeat(lane, repeat), np.repeat(step, repeat)
    number = np.arange(len(lane)) - np.repeat(np.cumsum(repeat) - repeat, repeat) + 1
    each_s = (rng.uniform(*SWAB_S, len(lane)) + CHANGE_S) * pace[lane, step]
    start = rng.random(len(lane)) * each_s
    most = int(np.ceil(STEP_S / (SWAB_S[0] + CHANGE_S) / min(1.0, float(pace.min())))) + 1
    offset = start[:, None] + each_s[:, None] * np.arange(most)
    row, column = np.nonzero(offset < STEP_S)
    second = ((step[row] + FIRST_STEP) * STEP_S + offset[row, column]).astype(np.int64)
    order = np.argsort(lane[row] * (2 * DAY_S) + second, kind="stable")
    return second[order], lane[row][order], number[row][order]


def _unit_events(
    units: Ints, lane_site: Ints, day: int, green_offset: int, rng: np.random.Generator
) -> tuple[Ints, Ints, npt.NDArray[np.bool_], Ints]:
    """Openings and closings of the day: site, unit number, is it an opening, second."""
    before = np.concatenate([np.zeros((len(units), 1), dtype=np.int64), units], axis=1)
    after = np.concatenate([units, np.zeros((len(units), 1), dtype=np.int64)], axis=1)
    lane, step = np.nonzero(before != after)
    was, now = before[lane, step], after[lane, step]
    repeat = np.abs(now - was)
    lane, step, low = np.repeat(lane, repeat), np.repeat(step, repeat), np.repeat(np.minimum(was, now), repeat)
    opening = np.repeat(now > was, repeat)
    number = low + np.arange(len(lane)) - np.repeat(np.cumsum(repeat) - repeat, repeat) + 1
    number = number + np.where(lane == len(units) - 1, green_offset, 0)
    second = day * DAY_S + (step + FIRST_STEP) * STEP_S - rng.integers(0, 40, len(lane))
    return lane_site[lane], number, opening, second


def green_lane_offset(district: District) -> int:
    """What to add to a green-lane unit's number to get its number at the site."""
    return max(0, int(district.sites.unit_count[district.sites.position(DONGHUA_MINGAN)]) - 2)
