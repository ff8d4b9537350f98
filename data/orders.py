"""Gives orders on risk zones to the one process that may write: the running worker, or this one where none runs.

`give_orders` is what a form calls. The orders are dropped into `orders/` in the home folder, closed to other users; the
worker takes them between two batches, publishes, and answers beside them. Whoever is killed at whatever moment: what was
dropped is taken by the next who can, and taken twice it counts once. Knows no page and does not ask who may give orders.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from data.clock import read_clock
from data.durable import write_durably
from data.errors import LakeError, WanggeError
from data.home import only_one
from data.lake import Lake, LeaseLost, open_lake, write_permission_error
from data.reference_import.check import find_problems, stage_records
from data.reference_import.kinds import ZONES
from data.reference_import.orders import judge_orders, record_orders
from data.reference_import.problems import Problem
from data.reference_import.read import Records
from data.settings import Settings
from data.situation import publish_situation
from data.worker_state import SILENT_AFTER_S, read_worker_state

WAIT_S = 15.0
"""How long a form waits for the worker: its longest transactions take some seconds."""
LOOK_S = 0.1
KEEP_ANSWERS_S = 86_400.0
"""An answer that nobody fetched is kept for a day."""
COLUMNS = tuple(field.name for field in ZONES.fields)
"""What an order may say, as in a file of zones (data/FORMATS.md); besides, `polygon`."""
_numbers = itertools.count()
_log = logging.getLogger("wangge.orders")


@dataclass(frozen=True)
class Refusal:
    """One reason why orders were refused: where ("order 2"), the column, the value found, a code, and the whole in words.

    The codes are `data.reference_import.order_rules.REASONS`; "" where only the words say it.
    """

    place: str
    column: str
    value: str | None
    reason: str
    message: str


_UNREADABLE = Refusal("", "", None, "unreadable", "the orders cannot be read; expected the columns of data/FORMATS.md")


@dataclass(frozen=True)
class GivenOrders:
    """What became of orders: recorded, or known already (given twice); or why all of them were refused."""

    recorded_count: int = 0
    known_count: int = 0
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_taken(self) -> bool:
        return not self.refusals


def give_orders(
    settings: Settings, orders: Sequence[Mapping[str, Any]], *, given_by: str = "", wait_s: float = WAIT_S
) -> GivenOrders:
    """What became of these orders: all of them are in force as they say, or all are refused with every reason at once.

    Each order is a mapping of the columns of a file of zones (`COLUMNS`; data/FORMATS.md): texts, or lists of codes, datetimes,
    numbers, booleans. `polygon` is a drawn extent: a GeoJSON geometry, EPSG:4326, as text or mapping. A code that was given
    before is corrected; with `is_withdrawn` it is taken back; level `lifted` lifts a zone. The same once more changes nothing.
    `given_by` is kept with the versions. When it returns, the situation in place holds the orders.

    Ask `data.roles.may_give_orders` first. Raises LakeError where the worker did not answer within `wait_s` (the orders stay
    dropped, and are taken as soon as it can: say so, and do not drop others), or the lake cannot be written.
    """
    request = _drop(settings, orders, given_by)
    until = time.monotonic() + wait_s
    while True:
        answer = _fetch(request)
        if answer is not None:
            return answer
        if not _is_worker_alive(settings):
            try:
                _take_alone(settings)
            except WanggeError:
                request.unlink(missing_ok=True)
                raise
            answer = _fetch(request)
            if answer is not None:
                return answer
        if time.monotonic() > until:
            raise LakeError(
                f"The worker did not take the orders within {wait_s:.0f} s; they wait and are taken as soon as it can.",
                "Do not give them again; wangge doctor tells what keeps the worker.",
            )
        time.sleep(LOOK_S)


def has_requests(settings: Settings) -> bool:
    """Whether orders wait to be taken; one look into a folder."""
    try:
        with os.scandir(settings.orders_dir) as entries:
            return any(entry.name.endswith(".request") for entry in entries)
    except OSError:
        return False


def take_requests(lake: Lake, settings: Settings, on_recorded: Callable[[], object]) -> None:
    """Takes the orders that wait, each request for itself, and answers. Needs the lease.

    `on_recorded` is called after each commit that changed something, and before the answer: to publish. Raises LakeError
    when the lake fails: what was not answered is taken the next time.
    """
    folder = settings.orders_dir
    with only_one(folder / "taking.lock", lambda holder: OrdersBusy(f"Process {holder} is taking orders.")):
        for request in sorted(folder.glob("*.request")):
            try:
                given = json.loads(request.read_text(encoding="utf-8"))
                orders = [dict(order) for order in given["orders"]]
                asked_at, given_by = datetime.fromisoformat(given["asked_at"]), str(given["given_by"])
                answer = _take(lake, settings, orders, asked_at, given_by)
            except FileNotFoundError:
                continue
            except (ValueError, KeyError, TypeError, duckdb.DataError, shapely.errors.ShapelyError) as error:
                # whatever a form sends, it must not keep the worker from its work for ever
                _log.warning("Orders that cannot be read were refused (%s).", type(error).__name__)
                answer = GivenOrders(refusals=(_UNREADABLE,))
            if answer.recorded_count:
                on_recorded()
            _answer(request, answer)
        _sweep(folder)


def _take(
    lake: Lake, settings: Settings, orders: Sequence[Mapping[str, Any]], asked_at: datetime, given_by: str
) -> GivenOrders:
    connection = lake.connection
    records = _make_records(orders)
    connection.execute(f"set TimeZone = '{settings.timezone}'")
    try:
        stage_records(connection, records, ZONES)
        findings = find_problems(connection, records, ZONES)
        if not orders:
            return GivenOrders(refusals=tuple(_refuse(problem) for problem in findings.problems))
        notes = judge_orders(
            connection, findings, records, asked_at, recorded_by=given_by or None,
            future_tolerance_s=settings.future_tolerance_s,
        )  # fmt: skip
        if findings.count:
            return GivenOrders(refusals=tuple(_refuse(problem) for problem in findings.problems))
        with lake.transaction():
            recorded = record_orders(connection, asked_at)
        return GivenOrders(recorded.new_count, recorded.known_count, notes=notes)
    finally:
        connection.execute("drop schema if exists staged cascade")
        connection.execute("set TimeZone = 'UTC'")


def _refuse(problem: Problem) -> Refusal:
    return Refusal(problem.place, problem.column.partition(" ")[0], problem.value, problem.reason, str(problem))


def _make_records(orders: Sequence[Mapping[str, Any]]) -> Records:
    """The orders as the records of a file: texts, and drawn extents as shapes."""

    def place_of(record: int) -> str:
        return f"order {record + 1}"

    faults = [
        (no, Problem(place_of(no), name, None, f"there is no such column; there are {', '.join(COLUMNS)}", "unknown_column"))
        for no, order in enumerate(orders)
        for name in order
        if name not in (*COLUMNS, "polygon")
    ]  # fmt: skip
    shapes = np.full(len(orders), None, dtype=object)
    for no, order in enumerate(orders):
        drawn = order.get("polygon")
        if drawn in (None, "", {}):
            continue
        try:
            shapes[no] = shapely.from_geojson(drawn if isinstance(drawn, str) else json.dumps(drawn))
        except (shapely.errors.ShapelyError, TypeError, ValueError):
            expected = "expected a GeoJSON geometry of at least three corners"
            faults.append((no, Problem(place_of(no), "polygon 多边形", None, expected, "no_polygon")))
    texts = {name: pa.array([_text(order.get(name)) for order in orders], pa.string()) for name in COLUMNS}
    table = pa.table({**texts, "record_no": pa.array(range(len(orders)), pa.int64())})
    return Records(table, place_of, shapes, tuple(faults))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return ";".join(str(one) for one in value)
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _drop(settings: Settings, orders: Sequence[Mapping[str, Any]], given_by: str) -> Path:
    """The orders' file, whole at once under its name; names follow the order in which they were dropped."""
    body = {
        "asked_at": read_clock(settings.home).now().isoformat(),
        "given_by": given_by,
        "orders": [
            {name: value if name == "polygon" else _text(value) for name, value in order.items()} for order in orders
        ],
    }
    folder = settings.orders_dir
    request = folder / f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}.request"
    write_durably(request, json.dumps(body, ensure_ascii=False).encode(), folder_mode=0o700)
    return request


def _fetch(request: Path) -> GivenOrders | None:
    """The answer to a request, taken away; None while there is none."""
    path = request.with_suffix(".answer")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    with suppress(OSError):
        path.unlink(missing_ok=True)
    refusals = tuple(Refusal(**refusal) for refusal in told["refusals"])
    return GivenOrders(told["recorded_count"], told["known_count"], refusals, tuple(told["notes"]))


def _answer(request: Path, answer: GivenOrders) -> None:
    write_durably(request.with_suffix(".answer"), json.dumps(asdict(answer), ensure_ascii=False).encode())
    try:
        request.unlink(missing_ok=True)
    except OSError as error:
        raise write_permission_error(request, error) from None


def _take_alone(settings: Settings) -> None:
    """Takes what waits in this process: no worker runs here. One of another machine gives the lease for a moment."""
    with open_lake(settings) as lake:
        lake.take_lease("import")
        with suppress(OrdersBusy, LeaseLost):  # a worker that started just now takes them
            take_requests(lake, settings, lambda: publish_situation(lake, settings))


class OrdersBusy(LakeError):
    """Another process is taking orders at this moment."""


def _is_worker_alive(settings: Settings) -> bool:
    state = read_worker_state(settings)
    if state is None or not 0 <= time.monotonic() - state.beat_s <= SILENT_AFTER_S:
        return False
    return Path(f"/proc/{state.process}").exists()


def _sweep(folder: Path) -> None:
    """Removes answers that nobody fetched, and what a killed process left half-written."""
    for path in (*folder.glob("*.answer"), *folder.glob(".*")):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEEP_ANSWERS_S:
                path.unlink()
