"""What the pages say of waits, units needed and closing, beside what really happened in the simulation.

The truth is what the scenario writes beside its logs; the answers rest on the rows that went through ingest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from data.questions import sit_down
from data.settings import Settings
from data.situation import Situation, open_situation
from tests.benchmarks.figures import Figure, report

SHANGHAI = timezone(timedelta(hours=8))
FEW_PEOPLE = 10
"""Of fewer people sampled in the quarter a median says nothing."""
SHORT_MIN = 5.0
"""Below so many minutes a fifth of the wait is less than a minute."""
BUSY_FROM_MIN = 25.0
NEVER_H = 1e9
"""So many hours no unit ever stood open: then its pace is taken to be the published one."""
PACES = """
with held as (
    select site_code, sum(sampled_count) * 12.0 / sum(unit_count) as per_hour from pace
    where bucket_start_at >= $at - interval '1 hour' and bucket_start_at < $at + interval '1 hour'
        and unit_count > 0 and waiting_count >= 2 * unit_count and waiting_count + shrinking_count >= 2 * unit_count
    group by site_code having sum(unit_count) >= 12
)
"""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Estimates and truths, a pair an element."""

    told: Floats
    true: Floats

    @property
    def middle_error_pct(self) -> float:
        """Half of the estimates are nearer to the truth than this."""
        return 100 * float(np.median(np.abs(self.told - self.true) / self.true))

    def within_pct(self, share: float) -> float:
        """How many of 100 estimates are within this share of the truth."""
        return 100 * float(np.mean(np.abs(self.told - self.true) <= share * self.true))

    def within_one_pct(self, most: float = 1.0) -> float:
        """How many of 100 estimates are at most this far off."""
        return 100 * float(np.mean(np.abs(self.told - self.true) <= most))


class Truth:
    """What really happened, by site and time."""

    def __init__(self, directory: Path) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set TimeZone = 'Asia/Shanghai'")
        for name in ("registrations", "queues"):
            path = str(directory / f"{name}.parquet").replace("'", "''")
            self._connection.execute(f"create view {name} as select * from read_parquet('{path}')")
        self._connection.execute(
            """
            create table visit as select site_code::varchar as site_code, registered_at, sampled_at, wait_s from registrations;
            -- the openings of a step are told of up to 40 s before it: the units of five minutes are those at the end of the last
            create table pace as
            select site_code, bucket_start_at, sampled_count, waiting_count, sampled_count - registered_count as shrinking_count,
                lag(open_unit_count) over (partition by site_code order by bucket_start_at) as unit_count
            from queues
            """
        )

    def close(self) -> None:
        self._connection.close()

    def median_waits(self, until: datetime) -> dict[str, tuple[float, float]]:
        """Median and nine in ten of the minutes that those waited whom a site sampled in the quarter of an hour before."""
        rows = self._connection.execute(
            """
            select site_code, quantile_cont(wait_s, 0.5) / 60, quantile_cont(wait_s, 0.9) / 60 from visit
            where sampled_at >= $until - interval '15 minutes' and sampled_at < $until
            group by site_code having count(*) >= $few and quantile_cont(wait_s, 0.5) >= 60 * $short
            """,
            {"until": until, "few": FEW_PEOPLE, "short": SHORT_MIN},
        ).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}

    def paces(self, at: datetime) -> dict[str, float]:
        """How many people an hour a unit of each site took, one hour to either side, while two a unit or more waited."""
        return dict(self._connection.execute(PACES + "select site_code, per_hour from held", {"at": at}).fetchall())

    def needed_units(self, at: datetime) -> dict[str, int]:
        """Units with which whoever joins within the next hour's last five minutes waits 25 minutes at most.

        Each person who really came is served in turn, by units that work at the pace at which the site's really worked.
        """
        rows = self._connection.execute(
            PACES
            + """
            select v.site_code, any_value(p.per_hour), list(greatest(epoch(v.registered_at) - epoch($at), 0) order by v.registered_at)
            from visit as v inner join held as p on p.site_code = v.site_code
            where v.registered_at < $at + interval '1 hour' and (v.sampled_at > $at or v.registered_at > $at)
                and v.registered_at > $at - interval '6 hours'
            group by v.site_code
            """,
            {"at": at},
        ).fetchall()
        return {code: _fewest_units(np.array(come_s), per_hour) for code, per_hour, come_s in rows}

    def last_closings(self, after: datetime) -> dict[str, datetime]:
        """When each site last sampled somebody on the working day of this moment."""
        rows = self._connection.execute(
            """
            select site_code, max(sampled_at) from visit
            where sampled_at >= $at and sampled_at < date_trunc('day', $at) + interval '28 hours' group by site_code
            """,
            {"at": after},
        ).fetchall()
        return dict(rows)


def _fewest_units(come_s: Floats, per_hour: float) -> int:
    for units in range(1, 60):
        turn_s = 3600 / (units * per_hour)
        rank = np.arange(len(come_s))
        taken_s = turn_s * (rank + 1) + np.maximum.accumulate(come_s - turn_s * rank)
        last = come_s >= 3300
        if not last.any() or float((taken_s - come_s)[last].mean()) <= 60 * BUSY_FROM_MIN:
            return units
    return 60


def moments_of(days: Iterable[int], first_hour: float, last_hour: float, step_min: int) -> list[datetime]:
    """Moments of July 2022, evenly spread over each day."""
    count = int((last_hour - first_hour) * 60 / step_min) + 1
    return [
        datetime(2022, 7, day, tzinfo=SHANGHAI) + timedelta(minutes=60 * first_hour + step_min * number)
        for day in days
        for number in range(count)
    ]


def compare_waits(
    situation: Situation, truth: Truth, moments: Sequence[datetime], least_known_pct: float
) -> tuple[Comparison, Comparison]:
    """The medians and the nine in ten that `sites/waits` tells, beside those of the people themselves."""
    told, true = [], []
    for moment in moments:
        really = truth.median_waits(moment)
        with sit_down(situation, moment) as sitting:
            rows = sitting.ask("sites/waits", least_known_pct=least_known_pct).to_pylist()
        for row in rows:
            if row["median_wait_min"] is not None and row["site_code"] in really:
                told.append((row["median_wait_min"], row["p90_wait_min"]))
                true.append(really[row["site_code"]])
    pairs, truths = np.array(told), np.array(true)
    return Comparison(pairs[:, 0], truths[:, 0]), Comparison(pairs[:, 1], truths[:, 1])


def compare_units(situation: Situation, truth: Truth, moments: Sequence[datetime]) -> Comparison:
    """The units for the next hour that `sites/needs` tells, beside those that would have been enough."""
    told, true = [], []
    for moment in moments:
        really = truth.needed_units(moment)
        with sit_down(situation, moment) as sitting:
            rows = sitting.ask("sites/needs").to_pylist()
        for row in rows:
            if row["next_hour_unit_count"] and row["site_code"] in really:
                told.append(row["next_hour_unit_count"])
                true.append(really[row["site_code"]])
    return Comparison(np.array(told, dtype=float), np.array(true, dtype=float))


def compare_paces(
    situation: Situation, truth: Truth, moments: Sequence[datetime], least_unit_hours: float
) -> Comparison:
    """The units needed now that `sites/state` tells, beside those by the pace at which the site's units really worked."""
    told, true = [], []
    for moment in moments:
        really = truth.paces(moment)
        with sit_down(situation, moment) as sitting:
            rows = sitting.ask("sites/state", least_unit_hours=least_unit_hours).to_pylist()
        for row in rows:
            if row["needed_unit_count"] and row["site_code"] in really:
                demand = max(row["registered_per_hour"], row["waiting_count"] * 60 / BUSY_FROM_MIN)
                told.append(row["needed_unit_count"])
                true.append(np.ceil(demand / really[row["site_code"]] - 1e-9))
    return Comparison(np.array(told, dtype=float), np.array(true, dtype=float))


def compare_closings(situation: Situation, truth: Truth, moments: Sequence[datetime]) -> Comparison:
    """Minutes until a site closes as `sites/closing` expects them, beside those until it took the last person."""
    told, true = [], []
    for moment in moments:
        really = truth.last_closings(moment)
        with sit_down(situation, moment) as sitting:
            rows = sitting.ask("sites/closing").to_pylist()
        for row in rows:
            if row["expected_close_at"] is not None and row["site_code"] in really:
                told.append((row["expected_close_at"] - moment).total_seconds() / 60)
                true.append((really[row["site_code"]] - moment).total_seconds() / 60)
    return Comparison(np.array(told), np.array(true))


def measure_judging(settings: Settings) -> None:
    """Reports how far waits, needed units and closings are off; nothing where the scenario's truth is not at hand."""
    directory = settings.scenario_dir / "truth"
    if not directory.is_dir():
        return
    situation, truth = open_situation(settings.situation_path), Truth(directory)
    try:
        moments = moments_of((10, 12, 13, 14), 7.5, 21.5, 60)
        for name, least_known_pct in (("with sampled_at", 50.0), ("from both counts", 101.0)):
            median, p90 = compare_waits(situation, truth, moments, least_known_pct)
            report(
                Figure(
                    f"median wait of a quarter hour, {name}",
                    f"{median.middle_error_pct:.1f} % off",
                    f"{len(median.true):,} of the simulation; {median.within_pct(0.2):.1f} % of them within 20 %;"
                    f" nine in ten: {p90.middle_error_pct:.1f} % off, {p90.within_pct(0.2):.1f} %",
                    "within 20 %",
                    median.within_pct(0.2) >= 95,
                )
            )
        own, published = (compare_paces(situation, truth, moments, hours) for hours in (1.0, NEVER_H))
        report(
            Figure(
                "units needed now, by a unit's own pace",
                f"{own.within_one_pct(0):.0f} % the number",
                f"at the published pace {published.within_one_pct(0):.0f} %, of {len(own.true):,} at the pace of the simulation",
            )
        )
        units = compare_units(situation, truth, moments)
        report(
            Figure(
                "units needed in the next hour",
                f"{units.within_one_pct():.0f} % within one",
                f"{len(units.true):,} served person by person: {units.within_one_pct(0):.0f} % the very number,"
                f" {float(np.mean(units.told - units.true)):+.2f} units on average of {float(np.mean(units.true)):.1f}",
            )
        )
        closings = compare_closings(situation, truth, moments_of((12, 13, 14), 8.5, 18.5, 120))
        off = np.abs(closings.told - closings.true)
        report(
            Figure(
                "expected closing",
                f"{float(np.median(off)):.0f} min off",
                f"{len(off):,} of the simulation; nine in ten within {float(np.quantile(off, 0.9)):.0f} min",
            )
        )
    finally:
        truth.close()
        situation.close()
