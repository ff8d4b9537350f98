"""Questions: one SQL file each in `queries/`, read with their headers and asked with typed parameters.

Owns the header's grammar and the binding of parameters. Knows nothing of pages, and nothing of what a
question means.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any, Protocol
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from data.errors import QuestionError
from data.publication import ROW_TABLES
from data.settings import PROJECT_ROOT

QUERIES_DIR = PROJECT_ROOT / "queries"
SCHEMA_DIR = PROJECT_ROOT / "data" / "schema"

_KEYS = ("question", "zh", "grain", "params", "columns", "reads", "notes", "uses")
_REQUIRED_KEYS = ("question", "grain", "columns", "reads")
_HEADER_LINE = re.compile(r"^--\s?(?P<key>[a-z]+):\s*(?P<text>.*)$")
_PARAM = re.compile(
    r"^\$(?P<name>\w+)\s+(?P<type>[A-Za-z]+)(?:\s+default\s+(?P<default>'[^']*'|\S+))?(?:\s+(?P<note>.*))?$"
)
_COLUMN = re.compile(r"^(?P<name>\w+)\s+(?P<type>[A-Za-z]+(?:\(\d+,\s*\d+\))?(?:\[\])?)(?:\s+\((?P<note>.*)\))?$")
_WITH = re.compile(r"^with\s+(?P<recursive>recursive\s+)?", re.IGNORECASE)
_NOTE = b"wangge.note"
_TYPES = {"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "TIMESTAMPTZ", "DATE"}


class Source(Protocol):
    """What a question is asked of: an open situation file and the moment it stands at."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection: ...

    @property
    def as_of(self) -> datetime | None: ...


@dataclass(frozen=True)
class Param:
    """A parameter of a question; `default` counts only where `has_default`."""

    name: str
    type: str
    has_default: bool = False
    default: Any = None
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the answer, with its unit in words where it has one."""

    name: str
    type: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Question:
    """A question as its file states it. `params` are its own; those of the questions it uses come on top.

    `question_zh` is the same question in Chinese with what its notes say, for pages; empty where its file has none.
    """

    name: str
    question: str
    grain: str
    params: tuple[Param, ...]
    columns: tuple[Column, ...]
    reads: str
    notes: str
    uses: tuple[str, ...]
    statement: str
    question_zh: str = ""


def read_questions(folder: Path = QUERIES_DIR) -> dict[str, Question]:
    """All questions of a folder by name, such as `sites/state`; read once.

    Raises QuestionError, naming file and header, where a header is missing, unknown or malformed.
    """
    return _read_folder(folder)


@cache
def _read_folder(folder: Path) -> dict[str, Question]:
    questions = {}
    for path in sorted(folder.rglob("*.sql")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        questions[name] = parse_question(name, path.read_text(encoding="utf-8"))
    for question in questions.values():
        for used in question.uses:
            if used not in questions:
                raise QuestionError(
                    f"queries/{question.name}.sql uses {used!r}, which is no question.", _closest(used, questions)
                )
    return questions


def parse_question(name: str, text: str) -> Question:
    """The question in a file's text; its header is the block of `--` lines at the top."""
    lines = text.splitlines()
    body = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header: dict[str, str] = {}
    key = ""
    for line in lines[:body]:
        found = _HEADER_LINE.match(line)
        if found and found["key"] in _KEYS:
            key = found["key"]
            if key in header:
                raise _malformed(name, f"has {key!r} twice", "Keep one.")
            header[key] = found["text"].strip()
        elif key:
            header[key] = f"{header[key]} {line.removeprefix('--').strip()}".strip()
        else:
            raise _malformed(
                name, f"starts with {line!r}", f"Start with `-- question:`; the keys are {', '.join(_KEYS)}."
            )
    missing = [wanted for wanted in _REQUIRED_KEYS if not header.get(wanted)]
    if missing:
        raise _malformed(name, f"lacks {', '.join(missing)}", "Every question states these in its header.")
    if header["reads"] not in ("situation", "rows"):
        raise _malformed(name, f"reads {header['reads']!r}", "A question reads `situation` or `rows`.")
    statement = "\n".join(lines[body:]).strip().rstrip(";").strip()
    if not statement:
        raise _malformed(name, "has no statement", "Write one select below the header.")
    return Question(
        name=name,
        question=header["question"],
        grain=header["grain"],
        params=parse_params(name, header.get("params", "")),
        columns=tuple(_parse_column(name, part) for part in _parts(header["columns"])),
        reads=header["reads"],
        notes=header.get("notes", ""),
        uses=tuple(part.strip() for part in header.get("uses", "").split(",") if part.strip()),
        statement=statement,
        question_zh=header.get("zh", ""),
    )


def ask(source: Source, name: str, /, as_of: datetime | str | None = None, **params: Any) -> pa.Table:
    """The answer to a question, as of a moment: by default that of the situation, else now.

    Raises QuestionError for an unknown question, and for a missing, unknown or mistyped parameter, with the
    names that come closest; and where the statement itself fails.
    """
    questions = read_questions()
    question = find_question(name, questions)
    order = _used_first(question, questions)
    moment = as_of if as_of is not None else source.as_of or datetime.now(UTC)
    values = bind_params(question.name, accepted_params(question, questions), {**params, "as_of": moment})
    with source.connection.cursor() as cursor:
        try:
            database = _settle(source, cursor)
            if not _counts_all(order):
                hide_later(source, cursor, values["as_of"])
            reads_rows = any(part.reads == "rows" for part in order)
            if reads_rows:
                open_rows(cursor, database)
            answer = _execute(cursor, _compose(order), values).to_arrow_table()
            return _note_erasures(cursor, answer) if reads_rows else answer
        except duckdb.Error as error:
            raise _failure(name, error) from error


class Sitting:
    """Several questions asked of one situation as of one moment: what more than one uses is worked out once.

    A question that others use becomes a table of the sitting's own when it is first needed; where it is known beforehand
    what will be asked, one that has a single user becomes a part of that user's statement instead. Most of what a small
    question costs is planning and making tables. Several threads may ask at once: each gets a cursor of its own, and finds
    what the others have worked out.
    """

    def __init__(
        self,
        source: Source,
        as_of: datetime | str,
        given: dict[str, Any],
        expected: Iterable[str] = (),
    ) -> None:
        self._source = source
        self._as_of = as_of
        self._given = given
        self._sharing = _foresee(frozenset(expected))
        self._name = f"sitting_{next(_SITTINGS)}"
        self._kept: dict[str, tuple[dict[str, Any], bool]] = {}
        self._owned: dict[str, dict[str, Any]] = {}
        self._making: defaultdict[str, RLock] = defaultdict(RLock)
        self._seats: list[_Seat] = []
        self._free: list[_Seat] = []
        self._lock = RLock()
        with source.connection.cursor() as cursor:
            cursor.execute(f"attach ':memory:' as {self._name}")

    def ask(self, name: str, /, **params: Any) -> pa.Table:
        """The answer to a question, as `ask` gives it; of the sitting's parameters each takes those it has."""
        questions = read_questions()
        question = find_question(name, questions)
        accepted = accepted_params(question, questions)
        given = {key: value for key, value in self._given.items() if key in accepted} | params
        with self._seated() as seat:
            if seat.hides_later and _counts_all(_used_first(question, questions)):
                return ask(self._source, name, self._as_of, **given)
            values = bind_params(question.name, accepted, {**given, "as_of": self._as_of})
            try:
                reads_rows = any(part.reads == "rows" for part in _used_first(question, questions))
                if reads_rows and not seat.has_rows:
                    open_rows(seat.cursor, seat.database)
                    seat.has_rows = True
                if name in self._kept or name in seat.kept or self._sharing.is_shared(name):
                    self._keep(seat, question, values, is_ordered=True)
                    answer = seat.cursor.execute(f"from {_table_name(question)}").to_arrow_table()
                else:
                    answer = _execute(seat.cursor, self._compose(seat, question, values), values).to_arrow_table()
                return _note_erasures(seat.cursor, answer) if reads_rows else answer
            except duckdb.Error as error:
                raise _failure(name, error) from error

    def close(self) -> None:
        """Gives back what the sitting has worked out. Nobody may be asking any more."""
        for seat in self._seats:
            seat.cursor.close()
        self._seats, self._free = [], []
        with suppress(duckdb.Error), self._source.connection.cursor() as cursor:
            cursor.execute(f"detach {self._name}")

    @contextmanager
    def _seated(self) -> Iterator[_Seat]:
        """A cursor for one who asks, alone: one that is free, else another."""
        with self._lock:
            seat = self._free.pop() if self._free else None
        if seat is None:
            seat = self._sit()
            with self._lock:
                self._seats.append(seat)
        try:
            yield seat
        finally:
            with self._lock:
                self._free.append(seat)

    def _sit(self) -> _Seat:
        cursor = self._source.connection.cursor()
        database = _settle(self._source, cursor)
        hides_later = hide_later(self._source, cursor, self._as_of)
        cursor.execute(f"set search_path = '{self._name}.main,\"{database}\".main'")
        return _Seat(cursor, database, hides_later)

    def _keep(self, seat: _Seat, part: Question, values: dict[str, Any], is_ordered: bool) -> None:
        """Makes the part's answer a table, unless one made with the same parameters is there.

        With the sitting's own parameters it is a table for all; with others it hides that one, of this cursor alone.
        """
        own = {key: values[key] for key in accepted_params(part, read_questions()) if key in values}
        table = _table_name(part)
        if own != self._own_values(part):
            known, was_ordered = seat.kept.get(part.name, (None, False))
            if known != own or was_ordered < is_ordered:
                self._make(seat, part, values, f"temp table {table}", is_ordered)
                seat.kept[part.name] = own, is_ordered
            return
        if seat.kept.pop(part.name, None):
            seat.cursor.execute(f"drop table temp.main.{table}")
        with self._lock:
            making = self._making[part.name]
        with making:
            known, was_ordered = self._kept.get(part.name, (None, False))
            if known is None or was_ordered < is_ordered:
                self._make(seat, part, values, f"table {self._name}.main.{table}", is_ordered)
                self._kept[part.name] = own, is_ordered

    def _make(self, seat: _Seat, part: Question, values: dict[str, Any], table: str, is_ordered: bool) -> None:
        statement = self._compose(seat, part if is_ordered else _without_order(part), values)
        _execute(seat.cursor, f"create or replace {table} as {statement}", values)

    def _own_values(self, part: Question) -> dict[str, Any]:
        """The part's parameters as the sitting has them; those without a value here are missing."""
        if part.name not in self._owned:
            accepted = accepted_params(part, read_questions())
            given = {**self._given, "as_of": self._as_of}
            known = {key: param for key, param in accepted.items() if key in given or param.has_default}
            given = {key: value for key, value in given.items() if key in known}
            self._owned[part.name] = bind_params(part.name, known, given)
        return self._owned[part.name]

    def _compose(self, seat: _Seat, question: Question, values: dict[str, Any]) -> str:
        """The question's statement with the parts that only it uses; those that others use too are tables by then."""
        return _compose([*self._gather(seat, question, values), question])

    def _gather(self, seat: _Seat, question: Question, values: dict[str, Any]) -> list[Question]:
        gathered: list[Question] = []
        for used in question.uses:
            part = read_questions()[used]
            if self._sharing.is_single(used):
                inner = [*self._gather(seat, part, values), _without_order(part)]
                gathered += [own for own in inner if own not in gathered]
            else:
                self._keep(seat, part, values, is_ordered=used in self._sharing.asked)
        return gathered


@dataclass
class _Seat:
    """One cursor of a sitting, and what was made with other parameters than the sitting's: its own temporary tables."""

    cursor: duckdb.DuckDBPyConnection
    database: str
    hides_later: bool
    has_rows: bool = False
    kept: dict[str, tuple[dict[str, Any], bool]] = field(default_factory=dict)


_SITTINGS = itertools.count()


@dataclass(frozen=True)
class _Sharing:
    """Which questions a sitting will be asked, and how many others use each of what they rest on."""

    asked: frozenset[str]
    user_counts: dict[str, int]

    def is_single(self, name: str) -> bool:
        """Whether one question alone will need this one's answer."""
        return name not in self.asked and self.user_counts.get(name) == 1

    def is_shared(self, name: str) -> bool:
        """Whether others will need the answer besides whoever asks; of what was not foreseen, whether any might."""
        if name in self.asked:
            return name in self.user_counts
        return name in _shared_names(read_questions())


def _foresee(asked: frozenset[str]) -> _Sharing:
    questions = read_questions()
    needed = {part for name in asked if name in questions for part in _used_first(questions[name], questions)}
    return _Sharing(asked, Counter(used for part in needed for used in part.uses))


_ORDER = re.compile(r"\norder by (?:(?!\nlimit ).)*\Z", re.DOTALL)


@cache
def _without_order(part: Question) -> Question:
    """The question without the order of its rows, which costs a sort and means nothing to who uses it.

    Every question ends in its own `order by`, at the beginning of a line; with a limit it stays.
    """
    return replace(part, statement=_ORDER.sub("", part.statement))


@contextmanager
def sit_down(
    source: Source, as_of: datetime | str | None = None, expected: Iterable[str] = (), **given: Any
) -> Iterator[Sitting]:
    """A sitting over the source as of a moment: by default that of the situation, else now.

    `expected` are the questions that will be asked, where that is known: it saves a seventh of their cost, and changes
    no answer. `given` are parameters for all questions of the sitting; each takes those that it has.
    """
    moment = as_of if as_of is not None else source.as_of or datetime.now(UTC)
    with closing(Sitting(source, moment, given, expected)) as sitting:
        yield sitting


def find_question(name: str, questions: dict[str, Question]) -> Question:
    """The question of that name; QuestionError with the closest names where there is none."""
    if name not in questions:
        raise QuestionError(f"There is no question {name!r}.", _closest(name, questions))
    return questions[name]


def accepted_params(question: Question, questions: dict[str, Question]) -> dict[str, Param]:
    """Every parameter that the question takes, with those of the questions it uses; `as_of` always."""
    accepted = {"as_of": Param("as_of", "TIMESTAMPTZ")}
    for part in _used_first(question, questions):
        for param in part.params:
            known = accepted.get(param.name)
            if known and known.type != param.type:
                raise _malformed(
                    question.name, f"takes ${param.name} as {known.type} and as {param.type}", "Give it one type."
                )
            accepted[param.name] = param
    return accepted


def bind_params(name: str, accepted: dict[str, Param], given: dict[str, Any]) -> dict[str, Any]:
    """The given values in the types that the parameters have, defaults filled in."""
    for key in given:
        if key not in accepted:
            raise QuestionError(
                f"The question {name!r} has no parameter {key!r}.", _closest(key, accepted, "parameters")
            )
    values = {}
    for key, param in accepted.items():
        if key in given:
            values[key] = _typed(name, param, given[key])
        elif param.has_default:
            values[key] = param.default
        else:
            raise QuestionError(f"The question {name!r} needs ${key} ({param.type}).", f"Add `-p {key}=…`.")
    return values


@dataclass(frozen=True)
class Composed:
    """A question as one statement, for whoever runs it elsewhere, as the sandbox does."""

    statement: str
    values: dict[str, tuple[str, Any]]
    """Of each parameter in it, the type and the value."""
    moment: datetime | str | None
    """What came after it is to be hidden with `hide_later`; None where the question speaks of all there is."""


def compose_question(name: str, as_of: datetime | str, **params: Any) -> Composed:
    """The question with all that it uses, as of a moment. Raises QuestionError as `ask` does."""
    return compose(find_question(name, read_questions()), {**params, "as_of": as_of})


def compose(question: Question, given: dict[str, Any]) -> Composed:
    """The question, one of ours or made of an analyst's text, with all that it uses; `as_of` is None for the newest moment."""
    questions = read_questions()
    accepted = accepted_params(question, questions)
    values = bind_params(question.name, accepted, given)
    order = _used_first(question, questions)
    statement = _compose(order)
    present = find_params(statement)
    return Composed(
        statement,
        {key: (accepted[key].type, value) for key, value in values.items() if key in present},
        None if _counts_all(order) else values["as_of"],
    )


def _compose(order: list[Question]) -> str:
    """One statement: each used question as a common table expression named after it, then the question."""
    *used, question = order
    if not used:
        return question.statement
    tables = ",\n".join(f"{_table_name(part)} as (\n{part.statement}\n)" for part in used)
    own = _WITH.match(question.statement)
    if not own:
        return f"with {tables}\n{question.statement}"
    return f"with {own['recursive'] or ''}{tables},\n{question.statement[own.end() :]}"


def _execute(cursor: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    present = find_params(statement)
    return cursor.execute(statement, {key: value for key, value in values.items() if key in present})


def _failure(name: str, error: duckdb.Error) -> QuestionError:
    return QuestionError(
        f"The question {name!r} (queries/{name}.sql) failed: {str(error).strip()}",
        "Run `wangge doctor`; if it finds nothing, the question and the situation's schema disagree.",
    )


def _table_name(question: Question) -> str:
    return question.name.replace("/", "_")


def _shared_names(questions: dict[str, Question]) -> set[str]:
    return {used for question in questions.values() for used in question.uses}


_orders: WeakKeyDictionary[Question, list[Question]] = WeakKeyDictionary()


def _used_first(question: Question, questions: dict[str, Question], above: tuple[str, ...] = ()) -> list[Question]:
    """The question behind all that it uses, directly or not, each once; found out once, as every asking needs it."""
    if question in _orders:
        return _orders[question]
    if question.name in above:
        raise _malformed(question.name, f"uses itself by way of {' → '.join(above)}", "Break the circle.")
    order: dict[str, Question] = {}
    for used in question.uses:
        for part in _used_first(questions[used], questions, (*above, question.name)):
            order.setdefault(part.name, part)
    _orders[question] = [*order.values(), question]
    return _orders[question]


_settlings: WeakKeyDictionary[Source, tuple[str, str]] = WeakKeyDictionary()


def _settle(source: Source, cursor: duckdb.DuckDBPyConnection) -> str:
    """Gives a new cursor what it does not take over from its connection: the database in use, which it names, and the time zone.

    What to say is found out once a source: asking for it costs 0.8 ms, as much as many a question.
    """
    if source not in _settlings:
        database = getattr(source, "database", "situation")
        if cursor.execute("select 1 from duckdb_databases() where database_name = ?", [database]).fetchone():
            cursor.execute(f'use "{database}"')
        (database,) = cursor.execute("select current_database()").fetchall()[0]
        row = cursor.execute("select timezone from meta").fetchone()
        zone = ZoneInfo(row[0]).key if row else "UTC"
        _settlings[source] = database, f"use \"{database}\"; set timezone = '{zone}'"
    database, statements = _settlings[source]
    cursor.execute(statements)
    return database


_BUCKET = timedelta(minutes=5)
_BUCKETED = {"site_bucket": "<= {complete}", "grid_bucket": "<= {complete}", "feed_bucket": "< {moment}"}
"""Of which buckets a past moment knows. When a feed told something counts from the running bucket too, not how much."""
_hidings: WeakKeyDictionary[Source, str] = WeakKeyDictionary()


def hide_later(source: Source, cursor: duckdb.DuckDBPyConnection, as_of: datetime | str) -> bool:
    """Keeps from a past moment what came after it: buckets that were not complete by then. Says whether it is a past one.

    A bucket tells of its five minutes together: one that runs at a past moment holds people who had not come yet. At the
    newest moment the last bucket holds what is known, and counts. Questions that name no moment speak of all there is.
    """
    moment = _typed("", Param("as_of", "TIMESTAMPTZ"), as_of)
    if source.as_of is None or moment is None or moment >= source.as_of:
        return False
    if source not in _hidings:
        found = cursor.execute(
            """
            select database_name, table_name from duckdb_tables()
            where database_name = current_database() and list_contains(?, table_name)
            """,
            [list(_BUCKETED)],
        ).fetchall()
        _hidings[source] = "".join(
            f'create or replace temp view {table} as from "{database}".main.{table} where bucket_start_at {_BUCKETED[table]};'
            for database, table in found
        )
    moments = {"complete": moment - _BUCKET, "moment": moment}
    literals = {name: f"timestamptz '{at.astimezone(UTC).isoformat()}'" for name, at in moments.items()}
    cursor.execute(_hidings[source].format(**literals))
    return True


def _counts_all(order: Iterable[Question]) -> bool:
    """Whether a question speaks of all buckets, whatever the moment: neither it nor one that it uses names one."""
    parts = list(order)
    if any(param.name == "as_of" for part in parts for param in part.params):
        return False
    return any(table in part.statement for part in parts for table in _BUCKETED)


def open_rows(cursor: duckdb.DuckDBPyConnection, database: str | None = None) -> None:
    """Temporary views over exactly the Parquet files that the situation was made from.

    Each table of rows and each view of the lake is there under its own name, unless the situation has one of that
    name; so `registration` is what the versions say together. `database` is the situation's, where the engine has others.
    """
    listed = "select table_name from duckdb_tables() where schema_name = 'main' and database_name = coalesce(?, database_name)"
    taken = {row[0] for row in cursor.execute(listed, [database]).fetchall()}
    lake = _lake_schema()
    until = "received_until" in taken
    files: dict[str, list[str]] = {}
    for table, path in _list_files(cursor, until):
        files.setdefault(table, []).append(path)
    for table in ROW_TABLES:
        if table not in taken:
            cursor.execute(f"create or replace temp view {table} as {select_rows(table, files.get(table, ()), until)}")
    for view, statement in lake.views.items():
        if view not in taken:
            cursor.execute(statement)


def _list_files(cursor: duckdb.DuckDBPyConnection, is_limited: bool) -> list[tuple[str, str]]:
    """The Parquet files by table; of a situation as known at a past moment those of the one in force: its own may be gone by now."""
    listing = "select table_name, path from lake_file order by all"
    if is_limited:
        row = cursor.execute("select situation_path from received_until").fetchone()
        if row and Path(row[0]).is_file():
            quoted = str(row[0]).replace("'", "''")
            with duckdb.connect() as newest:
                newest.execute(f"attach '{quoted}' as newest (read_only); use newest")
                return newest.execute(listing).fetchall()
    return cursor.execute(listing).fetchall()


def select_rows(table: str, paths: Sequence[str], is_limited: bool = False) -> str:
    """The select that reads a lake table from its Parquet files; `is_limited` to what came until the moment in `received_until`."""
    columns = _lake_schema().tables[table]
    nulls = ", ".join(f"null::{type_} as {column}" for column, type_ in columns.items())
    nothing = f"select {nulls} where false"
    if not paths:
        return nothing
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    # no file may have the columns of the newest migration: the empty half has all
    whole = (
        f"select {', '.join(columns)} from"
        f" (from read_parquet([{listed}], union_by_name = true) union all by name {nothing})"
    )
    came = next((column for column in ("received_at", "recorded_at", "released_at") if column in columns), "")
    return f"{whole} where {came} <= (select received_until from received_until)" if is_limited and came else whole


def read_note(answer: pa.Table) -> str:
    """What must be said beside an answer, such as that rows it would rest on were destroyed; "" where nothing must."""
    return str((answer.schema.metadata or {}).get(_NOTE, b""), "utf-8")


def _note_erasures(cursor: duckdb.DuckDBPyConnection, answer: pa.Table) -> pa.Table:
    """The answer with a note on what was destroyed: an answer from single rows lacks it, and would seem to be whole."""
    has_table = cursor.execute(
        "select count(*) from duckdb_tables() where schema_name = 'main' and table_name = 'erasure'"
    ).fetchone()
    if not has_table or not has_table[0]:
        return answer
    erasures = cursor.execute(
        """
        select scope, round_code, strftime(until_at, '%Y-%m-%d %H:%M'), strftime(erased_at, '%Y-%m-%d'), certificate
        from erasure where scope != 'key' order by erasure_no
        """
    ).fetchall()
    if not erasures:
        return answer
    told = [
        f"{f'of round {round_code}' if scope == 'round' else f'before {until_at}'} (on {erased_on}, {certificate})"
        for scope, round_code, until_at, erased_on, certificate in erasures
    ]
    note = f"Single registrations were destroyed: {'; '.join(told)}. This answer holds none of them; totals are kept."
    return answer.replace_schema_metadata({**(answer.schema.metadata or {}), _NOTE: note.encode()})


@dataclass(frozen=True)
class _LakeSchema:
    """The lake as the migrations make it: the columns of each table with their types, and views as statements."""

    tables: dict[str, dict[str, str]]
    views: dict[str, str]


def know_lake_schema() -> None:
    """Reads what the migrations make now, so that no later question, nor a process forked from here, has to."""
    _lake_schema()


@cache
def _lake_schema() -> _LakeSchema:
    with duckdb.connect() as memory:
        for path in sorted(SCHEMA_DIR.glob("[0-9][0-9][0-9]_*.sql")):
            memory.execute(path.read_text(encoding="utf-8"))
        rows = memory.execute(
            """
            select table_name, column_name, data_type
            from duckdb_columns() semi join duckdb_tables() using (table_name)
            where not internal order by table_name, column_index
            """
        ).fetchall()
        views = memory.execute(
            "select view_name, sql from duckdb_views() where not internal order by view_oid"
        ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, type_ in rows:
        tables.setdefault(table, {})[column] = type_
    # DuckDB writes its row constructor as a function of the schema main, which a temporary view cannot look up.
    return _LakeSchema(
        tables,
        {
            name: sql.replace("CREATE VIEW", "create or replace temp view", 1).replace('main."row"(', "row(")
            for name, sql in views
        },
    )


def parse_params(name: str, text: str) -> tuple[Param, ...]:
    """The parameters that a header's `params:` names. QuestionError, naming the question, where one is malformed."""
    return tuple(_parse_param(name, part) for part in _parts(text))


def _parse_param(name: str, part: str) -> Param:
    found = _PARAM.match(part)
    if not found or found["type"].upper() not in _TYPES:
        raise _malformed(
            name,
            f"has the parameter {part!r}",
            f"Write `$name TYPE [default value] [note]`, TYPE of {', '.join(sorted(_TYPES))}.",
        )
    param = Param(found["name"], found["type"].upper(), note=found["note"] or "")
    if found["default"] is None:
        return param
    raw = found["default"].strip("'")
    default = None if raw.lower() == "null" else _typed(name, param, raw)
    return Param(param.name, param.type, True, default, param.note)


def _parse_column(name: str, part: str) -> Column:
    found = _COLUMN.match(part)
    if not found:
        raise _malformed(name, f"has the column {part!r}", "Write `name TYPE` or `name TYPE (unit)`.")
    return Column(found["name"], found["type"].upper(), found["note"] or "")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip() and part.strip() != "none"]


def _typed(name: str, param: Param, value: Any) -> Any:
    """The value in the parameter's type. Text is read as a person types it; a time without offset is local."""
    wrong = QuestionError(
        f"The question {name!r} takes ${param.name} as {param.type}, not {value!r}.",
        f"Such as `-p {param.name}={_example(param.type)}`.",
    )
    if value is None:
        return None
    try:
        if param.type == "VARCHAR":
            if not isinstance(value, str):
                raise wrong
            return value
        if isinstance(value, bool) or param.type == "BOOLEAN":
            text = str(value).lower()
            if param.type != "BOOLEAN" or text not in ("true", "false"):
                raise wrong
            return text == "true"
        if param.type in ("BIGINT", "INTEGER"):
            if isinstance(value, float) and not value.is_integer():
                raise wrong
            return int(value)
        if param.type == "DOUBLE":
            return float(value)
        if param.type == "DATE":
            return date.fromisoformat(value) if isinstance(value, str) else value
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            raise wrong
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    except (ValueError, TypeError):
        raise wrong from None


def _example(type_: str) -> str:
    return {
        "VARCHAR": "440703002143002",
        "BIGINT": "10",
        "INTEGER": "10",
        "DOUBLE": "25",
        "BOOLEAN": "true",
        "DATE": "2022-07-14",
        "TIMESTAMPTZ": "2022-07-14T08:40:00+08:00",
    }[type_]


def find_params(statement: str) -> set[str]:
    """The names behind a `$` in a statement, comments left out."""
    return set(re.findall(r"\$(\w+)", re.sub(r"--.*", "", statement)))


def _closest(name: str, known: Iterable[str], what: str = "questions") -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or [other for other in names if name in other][:3]
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"The {what} are: {', '.join(names)}." if len(names) <= 12 else f"`wangge ask` lists the {what}."


def _malformed(name: str, what: str, hint: str) -> QuestionError:
    return QuestionError(f"queries/{name}.sql {what}.", hint)
