"""Builds the whole scenario into a folder: reference files, logs, what is to be played, truth and manifest."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.errors import WanggeError
from data.scenario import DEFAULT_SEED, Progress
from data.scenario.lines import STAFF_COLUMNS, STYLES, UNIT_COLUMNS, WHISTLE_COLUMNS, RegistrationWriter, Style
from data.scenario.logs import (
    EXPORT_S,
    REGISTRATION,
    STAFF_EVENT,
    UNIT_EVENT,
    WHISTLE,
    FeedLogs,
    write_registrations,
    write_staff_events,
    write_unit_events,
)
from data.scenario.manifest import Manifest, Tally
from data.scenario.mustering import START, event_time, muster
from data.scenario.orders import local
from data.scenario.play import PLAY_FILE
from data.scenario.queues import serve
from data.scenario.reference import check_scale, make_district, write_reference
from data.scenario.sites import FEED_OF_TOWN
from data.scenario.truth import moments, write_truth
from data.scenario.visits import plan_visits

PLAY_UNTIL = local(16, 1)
PLAY_ROWS_PER_GROUP = 20_000


def write_scenario(
    out_dir: Path,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    play_from: datetime | None = None,
    on_progress: Progress | None = None,
) -> Manifest:
    """Writes the scenario into `out_dir` and returns its manifest. The same seed and scale give the same bytes.

    `reference/`: files for `wangge import`; `logs/<feed>/`: files for `wangge ingest`; `truth/`: for tests and the
    benchmark; `manifest.json`. With `play_from` (on a half hour), what is delivered later goes to `play/` instead of
    `logs/`, line by line for `data.scenario.play`. Folders of an earlier scenario are replaced; nothing else is touched.

    Raises WanggeError for a scale or a `play_from` that cannot be built.
    """
    check_scale(scale)
    play_from_s = None if play_from is None else int((play_from - START).total_seconds())
    if play_from_s is not None and (play_from_s % EXPORT_S or play_from_s < 4 * 86400):
        raise WanggeError(f"Play cannot start at {play_from}.", "Choose a half hour on or after 13 July 2022.")
    steps = 5 + len(FEED_OF_TOWN)
    done = 0

    def tell(what: str) -> None:
        nonlocal done
        if on_progress:
            on_progress(what, done, steps)
        done += 1

    for name in ("reference", "logs", "truth", "play"):
        shutil.rmtree(out_dir / name, ignore_errors=True)
    logs_dir = out_dir / "logs"
    tell("district")
    district = make_district(seed, scale)
    write_reference(out_dir / "reference", district=district)
    tell("visits and queues")
    rng = np.random.default_rng([seed, 2])
    visits = plan_visits(district, rng)
    service = serve(district, visits, rng)
    tell("staff")
    parts = [
        write_staff_events(logs_dir, district, muster(district, np.random.default_rng([seed, 3])), play_from_s, seed),
        write_unit_events(logs_dir, district, service, play_from_s, seed),
    ]
    writer = RegistrationWriter(district, visits, service, np.random.default_rng([seed, 4]))
    with ThreadPoolExecutor(2) as pool:
        truth = pool.submit(write_truth, out_dir / "truth", district, visits, service)
        futures = [
            (
                feed,
                pool.submit(write_registrations, logs_dir, district, visits, service, writer, feed, play_from_s, seed),
            )
            for feed in FEED_OF_TOWN.values()
        ]
        for feed, future in futures:
            tell(f"registrations of {feed}")
            parts.append(future.result())
        truth.result()
    tell("manifest")
    if play_from_s is not None:
        _write_play(out_dir / "play", parts, play_from_s)
    manifest = Manifest(
        seed,
        scale,
        int(district.population.household_size.sum()),
        len(district.population.household_size),
        len(visits.site),
        None if play_from is None else play_from.isoformat(),
    )
    for part in parts:
        for own, theirs in ((manifest.logs, part.tallies), (manifest.played, part.played_tallies)):
            for kind, tally in theirs.items():
                own.setdefault(kind, Tally()).add(tally)
        for what, count in part.dirt.items():
            manifest.dirt[what] = manifest.dirt.get(what, 0) + count
    manifest.write(out_dir / "manifest.json")
    tell("done")
    return manifest


def _write_play(directory: Path, parts: list[FeedLogs], play_from_s: int) -> None:
    """`lines.parquet`: every line to be played, in order of delivery; its metadata tell each feed's header and encoding."""
    directory.mkdir(parents=True, exist_ok=True)
    batches = []
    for part in parts:
        for deliver, feed, kind, lines in part.played:
            count = len(lines)
            batches.append(
                pa.table(
                    {
                        "deliver_at": moments(deliver),
                        "feed_code": pa.array([feed]).take(pa.array(np.zeros(count, dtype=np.int32))),
                        "log_kind": pa.array([kind]).take(pa.array(np.zeros(count, dtype=np.int32))),
                        "line": pc.cast(pa.array(lines), pa.string()),
                    }
                )
            )
    table = pa.concat_tables(batches)
    # Stable: lines delivered in the same second keep the order in which they were written.
    order = np.argsort(table["deliver_at"].to_numpy(), kind="stable")
    headers = {}
    for feed, style in STYLES.items():
        for kind, columns in (
            (REGISTRATION, style.columns),
            (UNIT_EVENT, UNIT_COLUMNS),
            (STAFF_EVENT, STAFF_COLUMNS),
            (WHISTLE, WHISTLE_COLUMNS),
        ):
            own = Style(False) if kind == WHISTLE else style
            headers[f"{feed}/{kind}"] = {"header": own.header(columns), "encoding": own.encoding}
    table = table.take(pa.array(order)).replace_schema_metadata(
        {
            "headers": json.dumps(headers, ensure_ascii=False),
            "starts_at": event_time(play_from_s).isoformat(),
            "ends_at": PLAY_UNTIL.isoformat(),
        }
    )
    pq.write_table(table, directory / PLAY_FILE, row_group_size=PLAY_ROWS_PER_GROUP, compression="zstd")
