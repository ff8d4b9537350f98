"""Plays 14 July into the inbox: small files per feed, every real second, on a clock that runs `speed` times as fast.

Knows nothing of how the lines were made. What was sent is written down after each second, so that a restart goes on
where the play stopped.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.clock import write_clock
from data.errors import WanggeError
from data.settings import Settings

PLAY_FILE = "lines.parquet"
POSITION_FILE = "position.json"
TICK_S = 1.0


@dataclass(frozen=True)
class _Position:
    """How many lines were sent, in how many ticks, and the moment up to which."""

    row_count: int
    tick_count: int
    at: datetime


def play(settings: Settings, speed: float, stop: threading.Event) -> None:
    """Sends the lines of `scenario/play` as their moments come, until the scenario's end or until `stop`; then returns.

    Starts the home's clock at `speed` seconds a second, where the last play stopped or at the beginning; the clock
    ends by itself at the scenario's end. A file appears in `inbox/<feed>/` whole, by renaming.

    Raises WanggeError when there is nothing to play or the speed is not above zero.
    """
    if not speed > 0:
        raise WanggeError(f"The scenario cannot be played at speed {speed}.", "Choose a speed above 0, such as 60.")
    directory = settings.scenario_dir / "play"
    try:
        file = pq.ParquetFile(directory / PLAY_FILE)
    except (FileNotFoundError, pa.ArrowInvalid):
        raise WanggeError(
            f"{directory / PLAY_FILE} is missing or unreadable.", "Build the scenario again: wangge demo --speed 60."
        ) from None
    metadata = {key.decode(): value.decode() for key, value in (file.schema_arrow.metadata or {}).items()}
    headers: dict[str, dict[str, str]] = json.loads(metadata["headers"])
    ends_at = datetime.fromisoformat(metadata["ends_at"])
    position = _read_position(directory) or _Position(0, 0, datetime.fromisoformat(metadata["starts_at"]))
    clock = write_clock(settings.home, min(position.at, ends_at), speed, ends_at)
    aside = directory / "aside"
    aside.mkdir(exist_ok=True)
    pending: pa.Table | None = None
    groups = _rest(file, position.row_count)
    while True:
        now = clock.now()
        while pending is None or not len(pending) or pending["deliver_at"][-1].as_py() <= now:
            group = next(groups, None)
            if group is None:
                break
            pending = group if pending is None else pa.concat_tables([pending, group])
        due = _count_due(pending, now)
        if pending is not None and due:
            _send(pending.slice(0, due), settings.inbox_dir, aside, headers, position.tick_count)
            pending = pending.slice(due)
        position = _Position(position.row_count + due, position.tick_count + 1, now)
        _write_position(directory, position)
        if stop.is_set() or now >= ends_at:
            return
        stop.wait(TICK_S)


def _rest(file: pq.ParquetFile, sent: int) -> Iterator[pa.Table]:
    """The row groups after the first `sent` rows, read one at a time."""
    before = 0
    for number in range(file.num_row_groups):
        count = file.metadata.row_group(number).num_rows
        if before + count > sent:
            yield file.read_row_group(number).slice(max(0, sent - before))
        before += count


def _count_due(pending: pa.Table | None, now: datetime) -> int:
    """How many of the first rows are to be delivered by now."""
    if pending is None or not len(pending):
        return 0
    moments = pending["deliver_at"].to_numpy()
    return int(np.searchsorted(moments, np.datetime64(int(now.timestamp()), "s"), side="right"))


def _send(rows: pa.Table, inbox: Path, aside: Path, headers: dict[str, dict[str, str]], tick: int) -> None:
    """Writes the rows as one file a feed and kind of log."""
    bodies: dict[tuple[str, str], list[str]] = {}
    columns = (rows[name].to_pylist() for name in ("feed_code", "log_kind", "line"))
    for feed, kind, line in zip(*columns, strict=True):
        bodies.setdefault((feed, kind), []).append(line)
    for (feed, kind), lines in bodies.items():
        form = headers[f"{feed}/{kind}"]
        name = f"{feed}-{kind}-live-{tick:07d}.csv"
        text = form["header"] + "\n" + "".join(lines)
        (aside / name).write_bytes(text.encode(form["encoding"]))
        (inbox / feed).mkdir(parents=True, exist_ok=True)
        (aside / name).replace(inbox / feed / name)


def _read_position(directory: Path) -> _Position | None:
    try:
        raw = json.loads((directory / POSITION_FILE).read_text(encoding="utf-8"))
        return _Position(int(raw["row_count"]), int(raw["tick_count"]), datetime.fromisoformat(raw["at"]))
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _write_position(directory: Path, position: _Position) -> None:
    body = {"row_count": position.row_count, "tick_count": position.tick_count, "at": position.at.isoformat()}
    aside = directory / f".{POSITION_FILE}"
    aside.write_text(json.dumps(body), encoding="utf-8")
    aside.replace(directory / POSITION_FILE)
