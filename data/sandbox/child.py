"""What happens behind the wall: a snapshot is opened and locked, a query is let through, run, and its answer sent as Arrow.

Runs in the processes that `stem` forks, never in the dashboard.
"""

from __future__ import annotations

import array
import io
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from data.engine import DUCKDB_VERSION, quoted
from data.errors import WanggeError
from data.publication import SCHEMA_VERSION
from data.questions import hide_later, open_rows
from data.sandbox import frames, kernel, layers, probe
from data.sandbox.engine_errors import Asked, is_kept_out, is_out_of_memory, tell_engine_error
from data.sandbox.gate import (
    HIDDEN_COLUMNS,
    HIDDEN_TABLES,
    Allowed,
    Engine,
    Passed,
    check_text,
    pass_gate,
    read_allowed,
)
from data.sandbox.plan import hide_files
from data.sandbox.refusal import SandboxError

if TYPE_CHECKING:
    from data.sandbox.stem import Order

SHARE_OF_ENGINE = 0.7
"""Of a query's memory, what the engine may plan with; the rest is for what it does not count, such as long texts."""
BATCH_ROWS = 2048
"""Rows fetched at once, the engine's own measure: an answer of long values is cut soon after it passes the limit."""
_MACROS = """
create temp macro distance_m(lon_a, lat_a, lon_b, lat_b) as 2 * 6371008.8 * asin(sqrt(least(1, greatest(0,
    sin(radians(lat_b - lat_a) / 2) ** 2 + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ** 2
))))
"""
"""What analysts miss without an extension: metres between two places on the sphere of the earth's mean radius (IUGG)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_LONGER_THERE = re.compile(r"No such file|cannot open file|Could not (?:open|read)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An open situation with the views over its rows, locked; and what a query may name."""

    connection: duckdb.DuckDBPyConnection
    as_of: datetime | None
    tables: frozenset[str]
    files: tuple[str, ...]
    allowed: Allowed
    address_space_bytes: int
    """Mapped when it was ready: what a query may take comes on top."""


def warm_up() -> None:
    """Does once, before any fork, what every query would do first: loads what a query's way needs."""
    read_allowed(DUCKDB_VERSION)
    _start_engine().execute("select json_serialize_sql('select 1')").fetchall()
    table = pa.table({"a": pa.array([1], pa.int64()), "b": pa.array(["x"])})
    with pa.ipc.new_stream(io.BytesIO(), table.schema) as writer:
        writer.write_table(table)
    socket.socketpair()[0].close()
    datetime.fromisoformat("2022-07-14T08:40:00+08:00")


@cache
def _start_engine() -> duckdb.DuckDBPyConnection:
    """The engine with nothing open yet and a single thread: started once, a fork has a copy of it."""
    return duckdb.connect(
        config={
            "threads": "1", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
            "temp_directory": "", "allow_community_extensions": "false",
        }
    )  # fmt: skip


def open_snapshot(order: Order) -> Snapshot:
    """The situation of the order, read-only, and views over the Parquet files it names; nothing else can be opened after.

    Raises SandboxError where there is no situation, or one of another release.
    """
    if not os.path.isfile(order.situation):  # noqa: PTH113
        raise SandboxError("situation", "There is no situation yet.", "Start wangge run, or wangge run --demo.")
    kernel.offer_as_victim()
    allowed = read_allowed(duckdb.__version__)
    try:
        connection = _start_engine()
        connection.execute(f"set memory_limit = '{int(order.memory_bytes * SHARE_OF_ENGINE)}B'")
        connection.execute(f"attach {quoted(order.situation)} as situation (read_only); use situation")
        # as a number: a moment fetched as such loads a list of all zones of the world, which takes as long as all the rest
        row = connection.execute("select schema_version, timezone, epoch_us(as_of) from situation.meta").fetchone()
        if row is None or row[0] != SCHEMA_VERSION:
            raise SandboxError(
                "situation",
                "The situation is one of another release.",
                "Start wangge run of this release: it publishes anew.",
            )
        connection.execute(
            f"""
            set TimeZone = {quoted(row[1])}; set enable_progress_bar = false; set python_enable_replacements = false;
            set errors_as_json = true
            """
        )
        files = [
            str(path) for (path,) in connection.execute("select distinct path from lake_file order by all").fetchall()
        ]
        open_rows(connection)
        _hide_columns(connection)
        connection.execute(_MACROS)
        tables = {
            str(name).lower()
            for (name,) in connection.execute(
                """
                select table_name from duckdb_tables() where database_name = 'situation' and schema_name = 'main'
                union select view_name from duckdb_views() where not internal
                """
            ).fetchall()
        }
        if layers.ENGINE in order.layers:
            listed = ", ".join(quoted(path) for path in files)
            connection.execute(
                f"""
                set max_temp_directory_size = '0B'; set allowed_paths = [{listed}]; set enable_external_access = false;
                set lock_configuration = true
                """
            )
    except duckdb.Error as error:
        said = str(error).split("\n")[0]
        if _NO_LONGER_THERE.search(said):
            raise SandboxError(
                "situation",
                "Rows of this state of the situation are gone.",
                "Ask again: a newer state follows within seconds.",
            ) from None
        raise SandboxError("situation", "The situation cannot be opened.", "Run wangge doctor.") from None
    except WanggeError as error:
        if isinstance(error, SandboxError):
            raise
        raise SandboxError("situation", "The situation cannot be opened.", "Run wangge doctor.") from None
    mapped = kernel.read_address_space_bytes()
    if layers.PRIVILEGES in order.layers:
        kernel.renounce_privileges()
    if layers.LANDLOCK in order.layers:
        kernel.see_only([order.situation, *files])
    as_of = None if row[2] is None else _EPOCH + timedelta(microseconds=row[2])
    return Snapshot(connection, as_of, frozenset(tables - HIDDEN_TABLES), tuple(files), allowed, mapped)


def _hide_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the views over rows anew, without what no query sees."""
    written = dict(connection.execute("select view_name, sql from duckdb_views() where not internal").fetchall())
    # what is set aside and waits is looked up by the files' names, which are not there any more
    written["open_quarantine"] = """
        create view open_quarantine as
        from quarantine anti join quarantine_release using (ingest_no, line_no)
    """
    for view, columns in HIDDEN_COLUMNS.items():
        body = re.split(r"\bas\b", written[view].rstrip().rstrip(";"), maxsplit=1, flags=re.IGNORECASE)[1]
        hidden = [] if view == "open_quarantine" else columns
        shown = f"* exclude ({', '.join(hidden)})" if hidden else "*"
        connection.execute(f"create or replace temp view {view} as select {shown} from ({body})")


def answer(snapshot: Snapshot, order: Order, channel: int) -> None:
    """Confines this process, reads the request from the channel, and sends the answer, or why there is none. Never returns."""
    try:
        _confine(snapshot, order, channel)
        request = _read_request(channel)
        try:
            word = (
                probe.attempt(request["attempt"], order)
                if "attempt" in request
                else _run(snapshot, order, request, channel)
            )
        except SandboxError as error:
            word = error.as_word()
        except MemoryError:
            word = _memory_error(order, str(request.get("text", ""))).as_word()
        except RecursionError:
            word = SandboxError("depth", "The query is nested too deeply.", "Split it into steps.").as_word()
        except Exception as error:  # noqa: BLE001  such as a type that Arrow does not know: said without its text, which is anybody's
            word = SandboxError(
                "error",
                f"The answer cannot be given as a table ({type(error).__name__}).",
                "Cast its columns, as in x::varchar.",
            ).as_word()
        word["cpu_s"] = time.process_time()
        frames.write_all(channel, frames.pack_word(frames.ENDED, word))
    finally:
        # nothing of the parent's is run or flushed, and the engine is not closed: it is a copy
        os._exit(0)


def _confine(snapshot: Snapshot, order: Order, channel: int) -> None:
    handles = array.array("i")
    with suppress(AttributeError, OSError):
        handles.append(os.pidfd_open(os.getpid()))
    started = frames.pack_word(frames.STARTED, {"process": os.getpid()})
    with socket.socket(fileno=os.dup(channel)) as line:
        socket.send_fds(line, [started], list(handles))
    for handle in handles:
        os.close(handle)
    # a killed dashboard is an error of writing here, not a signal
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    # the memory of a process that was stopped at its limit of time must not linger in a handler of Python's
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    if layers.LIMITS in order.layers:
        kernel.limit_resources(
            snapshot.address_space_bytes + order.memory_bytes, int(order.seconds) + 2, len(snapshot.files) + 64
        )
    if layers.SECCOMP in order.layers:
        kernel.only_compute()


def _read_request(channel: int) -> dict[str, Any]:
    kind, length = frames.HEADER.unpack(frames.read_exactly(channel, frames.HEADER.size))
    if kind != frames.REQUEST:
        os._exit(1)
    return frames.read_word(frames.read_exactly(channel, length))


def _run(snapshot: Snapshot, order: Order, request: dict[str, Any], channel: int) -> dict[str, Any]:
    text = str(request["text"])
    values = {name: _value(value) for name, value in request.get("values", {}).items()}
    connection = snapshot.connection
    passed = Passed(text)
    try:
        if request.get("moment"):
            hide_later(snapshot, connection, request["moment"])
        if layers.GATE in order.layers:
            if "values" not in request:  # a question of ours, with all that it uses, may be longer
                check_text(text)
            passed = pass_gate(
                text,
                _as_engine(connection, text, snapshot, order),
                snapshot.tables,
                snapshot.allowed,
                parameters=bool(values),
            )
        chosen = _choose_values(connection, passed.statement, values, snapshot) if values else None
        reader = connection.execute(passed.statement, chosen).to_arrow_reader(BATCH_ROWS)
        batches = _cleaned(reader, snapshot, order) if passed.is_plan else iter(reader)
        return _send(reader.schema, batches, order, channel)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise _told(error, text, passed, snapshot, order) from None


def _as_engine(connection: duckdb.DuckDBPyConnection, text: str, snapshot: Snapshot, order: Order) -> Engine:
    def find_values(tree: str) -> list[str]:
        written = str(connection.execute("select json_deserialize_sql(?::json)", [tree]).fetchall()[0][0])
        try:
            return [str(row[0]) for row in connection.execute(written).fetchall()]
        except duckdb.Error as error:
            raise _told(error, text, Passed(written), snapshot, order) from None

    return Engine(
        serialize=lambda text: str(connection.execute("select json_serialize_sql(?)", [text]).fetchall()[0][0]),
        tokenize=lambda text: [start for start, _ in duckdb.tokenize(text)],
        find_values=find_values,
    )


def _send(schema: pa.Schema, batches: Iterator[pa.RecordBatch], order: Order, channel: int) -> dict[str, Any]:
    """Sends the answer up to its limits; gives the word that ends it."""
    rows, size, cut = 0, 0, ""
    _check_types(schema)
    writer = pa.ipc.new_stream(_Sink(channel), schema)
    for batch in batches:
        if batch.num_rows == 0:
            continue
        _check_numbers(batch)
        if rows + batch.num_rows > order.row_count:
            batch, cut = batch.slice(0, order.row_count - rows), "rows"
        if size + batch.nbytes > order.byte_count:
            count = batch.num_rows
            while count and size + batch.slice(0, count).nbytes > order.byte_count:
                count //= 2
            batch, cut = batch.slice(0, count), "bytes"
        rows += batch.num_rows
        size += batch.nbytes
        if batch.num_rows:
            writer.write_batch(batch)
        if cut:
            break
    writer.close()
    if cut == "bytes" and not rows:
        raise SandboxError(
            "bytes",
            f"A single row of the answer is larger than {order.byte_count:,} bytes.",
            "Select fewer or shorter columns.",
        )
    return {"word": "done", "rows": rows, "cut": cut}


def _check_types(schema: pa.Schema) -> None:
    """Refuses parts of a value that share a name, which no reader of tables takes."""
    for field in schema:
        for type_ in _types_within(field.type):
            names = (
                [type_.field(number).name for number in range(type_.num_fields)] if pa.types.is_struct(type_) else []
            )
            if len(set(names)) < len(names):
                raise SandboxError(
                    "error",
                    f"The parts of {field.name!r} have no names of their own.",
                    "Name them: struct_pack(a := 1, b := 2).",
                )


def _types_within(type_: pa.DataType) -> Iterator[pa.DataType]:
    yield type_
    for number in range(type_.num_fields):
        yield from _types_within(type_.field(number).type)


def _check_numbers(batch: pa.RecordBatch) -> None:
    """Refuses what the engine hands over as a decimal of 38 digits and is longer: the other end would take it for garbled."""
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_decimal(field.type) and field.type.precision == 38:
            try:
                column.validate(full=True)
            except pa.ArrowInvalid:
                raise SandboxError(
                    "error",
                    f"A number of {field.name!r} has more than 38 digits.",
                    "Cast it: x::double, or x::varchar.",
                ) from None


class _Sink(io.RawIOBase):
    """A file that sends what is written to it as frames."""

    def __init__(self, channel: int) -> None:
        self._channel = channel

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        view = memoryview(content).cast("B")
        for start in range(0, len(view), frames.DATA_BYTES_MAX):
            piece = view[start : start + frames.DATA_BYTES_MAX]
            frames.write_all(self._channel, frames.HEADER.pack(frames.DATA, len(piece)))
            frames.write_all(self._channel, piece)
        return len(view)


def _value(value: dict[str, Any]) -> Any:
    """A parameter of a question in its type; JSON knows no moments."""
    if value["value"] is None:
        return None
    if value["type"] == "TIMESTAMPTZ":
        return datetime.fromisoformat(value["value"])
    if value["type"] == "DATE":
        return date.fromisoformat(value["value"])
    return value["value"]


def _choose_values(
    connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any], snapshot: Snapshot
) -> dict[str, Any]:
    """The values of the parameters that the statement has; a moment that is not given is the situation's own."""
    wanted = connection.extract_statements(statement)[0].named_parameters
    missing = sorted(wanted - values.keys())
    if missing:
        raise SandboxError(
            "parameter",
            f"${missing[0]} has no value.",
            "Choose one above the editor, or write the value itself.",
        )
    chosen = {name: value for name, value in values.items() if name in wanted}
    if chosen.get("as_of", "") is None:
        chosen["as_of"] = snapshot.as_of or datetime.now(UTC)
    return chosen


def _cleaned(reader: pa.RecordBatchReader, snapshot: Snapshot, order: Order) -> Iterator[pa.RecordBatch]:
    """A plan without the names of files."""
    for batch in reader:
        columns = [
            pa.array(
                [_clean(hide_files(value), "", snapshot, order) if value else value for value in column.to_pylist()],
                pa.string(),
            )
            for column in batch.columns
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=reader.schema)


_PATH = re.compile(r"(?:/[^\s/'\"<>|,;:()\[\]]+){2,}/?")


def _told(error: Exception, text: str, passed: Passed, snapshot: Snapshot, order: Order) -> SandboxError:
    """The engine's error as a person can use it: without paths, with the place, and nothing of what is hidden."""
    said = str(error)
    if is_out_of_memory(error):
        return _memory_error(order, text)
    if is_kept_out(error):
        if _NO_LONGER_THERE.search(said) and any(path in said for path in snapshot.files):
            return SandboxError(
                "situation", "Rows of this state of the situation are gone.", "Ask again: a newer state is there."
            )
        return SandboxError(
            "file",
            "The query asks for a file or for something outside; neither is there.",
            "SHOW TABLES lists what is.",
        )
    if "Max expression depth" in said:
        return SandboxError("depth", "The query is nested too deeply.", "Split it into steps: with a as (…), b as (…).")
    return tell_engine_error(
        error,
        Asked(
            text,
            passed.place_before,
            lambda words: _clean(words, text, snapshot, order),
            lambda: _read_columns(snapshot),
            HIDDEN_TABLES,
        ),
    )


def _read_columns(snapshot: Snapshot) -> dict[str, set[str]]:
    columns: dict[str, set[str]] = {}
    found = snapshot.connection.execute(
        "select lower(table_name), lower(column_name) from duckdb_columns() where not internal"
    )
    for table, column in found.fetchall():
        if table in snapshot.tables:
            columns.setdefault(table, set()).add(column)
    return columns


def _clean(said: str, text: str, snapshot: Snapshot, order: Order) -> str:
    """The words without any path of this machine; one that stands in the query itself is the asker's own."""
    for path in (*snapshot.files, order.situation, order.home):
        said = said.replace(path, "…")
    return _PATH.sub(lambda found: found[0] if found[0] in text else "…", said)


def _memory_error(order: Order, text: str = "") -> SandboxError:
    is_put_together = re.search(r"\b(?:registration|first_seen)\b", text, re.IGNORECASE) is not None
    return SandboxError(
        "memory",
        f"The query needs more than {order.memory_bytes / 1e9:g} GB of memory.",
        "Say which hours or sites: registration is put together from its versions, and those conditions come first."
        if is_put_together
        else "Select fewer rows or columns before joining or sorting; aggregate first.",
    )
