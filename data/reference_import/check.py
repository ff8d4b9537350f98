"""Judges the records of a reference file: every cell against its column, then the records against each other and
against what the lake holds. Vectorised in DuckDB; 300,000 records take about a second.

Owns the rules of data/FORMATS.md. Writes nothing to the lake.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from data.reference_import.kinds import BOOLEANS, Field, Kind
from data.reference_import.problems import SHOWN_COUNT, Problem
from data.reference_import.read import Records
from data.reference_import.release import INFECTION_CHECKS, RESULT_CHECKS, RULE_CHECKS

_BLANKS = r"e' \t\r\n　'"
_LIST_SEPARATOR = "'[;；]'"


class Findings:
    """Problems found so far: the first of each rule in full, all of them counted."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._found: list[tuple[int, Problem]] = list(records.faults)
        self.count = len(records.faults)

    @property
    def problems(self) -> list[Problem]:
        """What was kept, in the order of the file."""
        return [problem for _, problem in sorted(self._found, key=lambda found: found[0])]

    def place_of(self, record_no: int) -> str:
        """Where a record stands in the file."""
        return self._records.place_of(record_no)

    def add(
        self,
        column: str,
        value: str | None,
        expected: str,
        record_no: int | None = None,
        count: int = 1,
        reason: str = "",
    ) -> None:
        """Notes a problem; `record_no` None for the file as a whole."""
        place = "" if record_no is None else self._records.place_of(record_no)
        self._found.append((-1 if record_no is None else record_no, Problem(place, column, value, expected, reason)))
        self.count += count

    def add_rows(
        self,
        connection: duckdb.DuckDBPyConnection,
        condition: str,
        column: str,
        expected: str,
        origin: str,
        is_private: bool = False,
        reason: str = "",
    ) -> None:
        """Notes every record of `origin` (with `record_no` and `value`) for which the condition holds.

        What is private is not repeated.
        """
        rows = connection.execute(
            f"""
            select record_no, coalesce(value, ''), count(*) over () from ({origin})
            where {condition} order by record_no limit {SHOWN_COUNT}
            """
        ).fetchall()
        for record_no, value, _ in rows:
            self.add(column, None if is_private else value, expected, record_no, count=0, reason=reason)
        self.count += rows[0][2] if rows else 0


def stage_records(connection: duckdb.DuckDBPyConnection, records: Records, kind: Kind) -> None:
    """Puts the records into `staged.text` (as found, trimmed, null where empty) and `staged.typed` (in their types).

    A cell that does not fit its type is null in `staged.typed`; `find_problems` tells it.
    """
    connection.register("records", records.table)
    trimmed = ", ".join(f"nullif(trim({field.name}, {_BLANKS}), '') as {field.name}" for field in kind.fields)
    connection.execute("create schema if not exists staged")
    connection.execute(f"create or replace table staged.text as select record_no, {trimmed} from records")
    connection.unregister("records")
    typed = ", ".join(f"{_typed(field)} as {field.name}" for field in kind.fields)
    connection.execute(f"create or replace table staged.typed as select record_no, {typed} from staged.text")


def find_problems(connection: duckdb.DuckDBPyConnection, records: Records, kind: Kind) -> Findings:
    """Everything wrong with the staged records; empty findings mean that they can be stored."""
    findings = Findings(records)
    if records.table.num_rows == 0:
        findings.add("", None, "the file has no record")
        return findings
    for field in kind.fields:
        _check_cells(connection, findings, field)
    if kind.key:
        _check_key(connection, findings, kind)
    for field in kind.fields:
        if field.refers_to:
            _check_reference(connection, findings, field)
    for column, value, expected, record_no in _rules(connection, kind):
        findings.add(column, value, expected, record_no)
    return findings


def _typed(field: Field) -> str:
    """The SQL that turns the text of a field into its type, null where it does not fit."""
    value = f"coalesce({field.name}, '{field.default}')" if field.default is not None else field.name
    if field.words:
        return _word(value, field.words)
    return {
        "text": value,
        "integer": f"case when regexp_full_match({value}, '[+-]?[0-9]+') then try_cast({value} as integer) end",
        "number": f"case when isfinite(try_cast({value} as double)) then try_cast({value} as double) end",
        # the engine breaks off at times far from ours, instead of calling them none
        "time": f"case when regexp_full_match({value}, '(19|20|21)[0-9]{{2}}[^0-9].*') then try_cast({value} as timestamptz) end",
        "boolean": f"{_word(value, BOOLEANS)} = 'true'",
        "list": f"list_filter(list_transform(regexp_split_to_array({value}, {_LIST_SEPARATOR}), x -> trim(x, {_BLANKS})), x -> x != '')",
    }[field.type]


def _word(value: str, words: dict[str, str]) -> str:
    cases = " ".join(
        f"when lower({value}) = '{english}' or {value} = '{chinese}' then '{english}'"
        for english, chinese in words.items()
    )
    return f"case {cases} end"


def _check_cells(connection: duckdb.DuckDBPyConnection, findings: Findings, field: Field) -> None:
    name = f"{field.name} {field.name_zh}"
    origin = f"""
        select t.record_no, t.{field.name} as value, v.{field.name} as typed
        from staged.text as t inner join staged.typed as v on v.record_no = t.record_no
    """
    if field.is_required and not field.is_cell_optional:
        expected = f"expected {field.expected}"
        findings.add_rows(connection, "value is null", name, expected, origin, reason="missing_value")
    wrong = ["value is not null and typed is null"]
    if field.type in ("integer", "number"):
        if field.at_least is not None:
            wrong.append(f"typed < {field.at_least}")
        if field.at_most is not None:
            wrong.append(f"typed > {field.at_most}")
    if field.pattern:
        wrong.append(f"value is not null and not regexp_full_match(value, '{field.pattern}')")
    if field.reserved:
        names = ", ".join(f"'{name}'" for name in field.reserved)
        wrong.append(f"lower(value) in ({names})")
    if field.type == "list":
        wrong.append("value is not null and len(typed) = 0")
    condition = " or ".join(f"({one})" for one in wrong)
    expected = f"expected {field.expected}"
    findings.add_rows(connection, condition, name, expected, origin, field.is_private, "wrong_value")


def _check_key(connection: duckdb.DuckDBPyConnection, findings: Findings, kind: Kind) -> None:
    merging = ", or --dissolve to merge the parts of an area" if kind.shape in ("area", "outline") else ""
    findings.add_rows(
        connection,
        "value is not null and earlier > 0",
        kind.key,
        f"this code stands in an earlier record already; expected each once{merging}",
        f"""
        select record_no, {kind.key} as value, row_number() over (partition by {kind.key} order by record_no) - 1 as earlier
        from staged.text
        """,
        any(field.is_private for field in kind.fields if field.name == kind.key),
        "code_twice",
    )


def _check_reference(connection: duckdb.DuckDBPyConnection, findings: Findings, field: Field) -> None:
    table, _, column = (field.refers_to or "").partition(".")
    findings.add_rows(
        connection,
        "value is not null",
        f"{field.name} {field.name_zh}",
        f"expected the code of a {table} that was imported before",
        f"""
        select record_no, {field.name} as value from staged.text
        anti join (select {column} as {field.name} from lake.{table}) using ({field.name})
        """,
        reason="unknown_place",
    )


def _rules(connection: duckdb.DuckDBPyConnection, kind: Kind) -> Iterator[tuple[str, str | None, str, int]]:
    """What holds between the columns of a kind: column, value, what was expected, record."""
    for statement in _RULES.get(kind.name, ()):
        yield from connection.execute(statement).fetchall()


_ONE_NAME = """
select '{other}', t.{other}, 'expected ' || first.{other} || ', as in the first record with {code} ' || t.{code}, t.record_no
from staged.text as t
inner join (select {code}, arg_min({other}, record_no) as {other} from staged.text group by {code}) as first on first.{code} = t.{code}
where t.{other} != first.{other}
order by t.record_no
"""
_STAND_IN = """
select 'stand_in_staff_code AB角工号', t.stand_in_staff_code, 'expected a staff_code of this file', t.record_no
from staged.text as t
where t.stand_in_staff_code is not null and t.stand_in_staff_code not in (select staff_code from staged.text where staff_code is not null)
order by t.record_no
"""
_ROUND_TIMES = """
select 'deadline_at 截止时间', t.deadline_at, 'expected later than starts_at ' || t.starts_at, t.record_no
from staged.typed as v inner join staged.text as t on t.record_no = v.record_no
where v.deadline_at <= v.starts_at
union all
select 'closes_at 关闭时间', t.closes_at, 'expected not before deadline_at ' || t.deadline_at, t.record_no
from staged.typed as v inner join staged.text as t on t.record_no = v.record_no
where v.closes_at < v.deadline_at
"""
_ROUND_COMMUNITIES = """
select 'community_codes 社区编号', '', 'expected at least one community, as scope is community', record_no
from staged.typed where scope = 'community' and community_codes is null
union all
select 'community_codes 社区编号', code, 'expected the code of a community that was imported with the grids', record_no
from (select record_no, unnest(community_codes) as code from staged.typed)
where code not in (select community_code from lake.community)
"""
_SITE_FEED = """
select 'feed_code 数据源编号', t.feed_code, 'expected a feed of kind registrations, this one is of kind ' || f.kind, t.record_no
from staged.text as t inner join lake.feed as f on f.feed_code = t.feed_code
where f.kind != 'registrations'
order by t.record_no
"""

_RULES = {
    "communities": (_ONE_NAME.format(code="town_code", other="town_name"),),
    "grids": (
        _ONE_NAME.format(code="community_code", other="community_name"),
        _ONE_NAME.format(code="community_code", other="town_code"),
        _ONE_NAME.format(code="town_code", other="town_name"),
    ),
    "sites": (_SITE_FEED,),
    "staff": (_STAND_IN,),
    "rounds": (_ROUND_TIMES, _ROUND_COMMUNITIES),
    "zone_rules": RULE_CHECKS,
    "infections": INFECTION_CHECKS,
    "round_results": RESULT_CHECKS,
}
