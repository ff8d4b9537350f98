"""Writes what really happened in the simulation, for tests and the benchmark only. No product code reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.scenario.lines import SECONDS_1970
from data.scenario.orders import ROUNDS
from data.scenario.population import Ints
from data.scenario.queues import Service
from data.scenario.reference import District
from data.scenario.visits import Visits

STEP_S = 300
UTC_OFFSET_S = 8 * 3600


def write_truth(directory: Path, district: District, visits: Visits, service: Service) -> None:
    """`registrations.parquet`: who came where, when and how long it took; `queues.parquet`: each site every five minutes."""
    directory.mkdir(parents=True, exist_ok=True)
    sites = pa.array(district.sites.code)
    grids = pa.array([grid.code for grid in district.geography.grids])
    rounds = pa.array([r.code for r in ROUNDS])
    number = visits.round_number.astype(np.int32)
    missed = service.sampled_s < 0
    table = pa.table(
        {
            "resident_no": pa.array(visits.resident.astype(np.int32)),
            "site_code": pa.DictionaryArray.from_arrays(pa.array(visits.site.astype(np.int32)), sites),
            "grid_code": pa.DictionaryArray.from_arrays(
                pa.array(district.population.resident_grid[visits.resident].astype(np.int32)), grids
            ),
            "round_code": pa.DictionaryArray.from_arrays(pa.array(number, mask=number < 0), rounds),
            "registered_at": moments(visits.registered_s),
            "sampled_at": moments(service.sampled_s, missed),
            "wait_s": pa.array((service.sampled_s - visits.registered_s).astype(np.int32), mask=missed),
        }
    )
    pq.write_table(table, directory / "registrations.parquet", compression="snappy")
    pq.write_table(_queue_lengths(district, visits, service), directory / "queues.parquet", compression="snappy")


def moments(second: Ints, missing: np.typing.NDArray[np.bool_] | None = None) -> pa.Array:
    """Seconds since the scenario's start as moments in UTC."""
    return pa.array(
        (second + SECONDS_1970 - UTC_OFFSET_S).astype("datetime64[s]"), pa.timestamp("s", "UTC"), mask=missing
    )


def _queue_lengths(district: District, visits: Visits, service: Service) -> pa.Table:
    """Waiting people, open units, comings and goings, and the mean wait of those sampled, per site and five minutes."""
    count = len(district.sites.code)
    sampled = service.sampled_s >= 0
    steps = int(max(visits.registered_s.max(), service.sampled_s.max()) // STEP_S) + 2

    def per_step(
        site: Ints, second: Ints, weight: np.typing.NDArray[np.float64] | None = None
    ) -> np.typing.NDArray[np.float64]:
        counts = np.bincount(site * steps + np.clip(second // STEP_S, 0, steps - 1), weight, count * steps)
        return np.asarray(counts, dtype=np.float64).reshape((count, steps))

    came = per_step(visits.site, visits.registered_s)
    gone = per_step(visits.site[sampled], service.sampled_s[sampled])
    waited = (service.sampled_s - visits.registered_s)[sampled].astype(float)
    waited_s = per_step(visits.site[sampled], service.sampled_s[sampled], waited)
    units = per_step(service.unit_site, service.unit_event_s, np.where(service.unit_is_open, 1.0, -1.0)).cumsum(axis=1)
    waiting = (came - gone).cumsum(axis=1)
    busy = (came + gone + units) > 0
    site, step = np.nonzero(busy)
    return pa.table(
        {
            "site_code": pa.array(district.sites.code).take(pa.array(site)),
            "bucket_start_at": moments(step * STEP_S),
            "registered_count": pa.array(came[site, step].astype(np.int32)),
            "sampled_count": pa.array(gone[site, step].astype(np.int32)),
            "waiting_count": pa.array(waiting[site, step].astype(np.int32)),
            "open_unit_count": pa.array(units[site, step].astype(np.int32)),
            "wait_s_mean": pa.array(waited_s[site, step] / np.maximum(gone[site, step], 1), mask=gone[site, step] == 0),
        }
    )
