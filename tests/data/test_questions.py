"""Question files: what their headers may say, and how parameters reach the statement."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from data import questions
from data.errors import QuestionError
from data.questions import ask, parse_question, read_questions, sit_down

JAMMED = """\
-- question: Which sites keep people waiting?
-- grain:    one row per (site_code)
-- params:   $as_of TIMESTAMPTZ; $jammed_from_min DOUBLE default 50 minutes of waiting
-- columns:  site_code VARCHAR; wait_min DOUBLE (min)
-- reads:    situation
-- notes:    a wait is counted
--           from registering
select site_code, wait_min from waits where wait_min >= $jammed_from_min and seen_at <= $as_of order by site_code
"""
COUNT_JAMMED = """\
-- question: How many sites keep people waiting?
-- grain:    one row
-- columns:  site_count BIGINT
-- reads:    situation
-- uses:     sites/jammed
with counted as (select count(*) as site_count from sites_jammed)
select site_count from counted order by site_count
"""
SAMPLED = """\
-- question: When was each person sampled?
-- grain:    one row per (site_code, person_token, registered_at)
-- columns:  site_code VARCHAR; sampled_at TIMESTAMPTZ; unit_no INTEGER
-- reads:    rows
select site_code, sampled_at, unit_no from registration order by site_code
"""


@dataclass(frozen=True)
class Waits:
    """A source of two sites, one of which waits for an hour, as of 09:00."""

    connection: duckdb.DuckDBPyConnection
    as_of: datetime | None = datetime(2022, 7, 14, 1, tzinfo=UTC)


@pytest.fixture
def waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waits:
    for name, text in {"sites/jammed": JAMMED, "sites/count_jammed": COUNT_JAMMED, "sites/sampled": SAMPLED}.items():
        path = tmp_path / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(questions, "read_questions", lambda: read_questions(tmp_path))
    connection = duckdb.connect()
    connection.execute(
        """
        create table meta as select 'Asia/Shanghai' as timezone;
        create table lake_file (table_name varchar, path varchar);
        create table waits as from (values
            ('S01', 60.0, timestamptz '2022-07-14 08:40:00+08'),
            ('S02', 30.0, timestamptz '2022-07-14 08:40:00+08'),
            ('S03', 70.0, timestamptz '2022-07-14 09:40:00+08')
        ) as t (site_code, wait_min, seen_at);
        create table site as select 'S01' as site_code, true as is_sampling_reported;
        """
    )
    return Waits(connection)


def test_a_header_says_what_is_asked_and_a_line_may_run_on() -> None:
    question = parse_question("sites/jammed", JAMMED)
    assert question.question == "Which sites keep people waiting?"
    assert question.notes == "a wait is counted from registering"
    assert [(param.name, param.type, param.default) for param in question.params] == [
        ("as_of", "TIMESTAMPTZ", None),
        ("jammed_from_min", "DOUBLE", 50.0),
    ]
    assert [(column.name, column.type, column.note) for column in question.columns] == [
        ("site_code", "VARCHAR", ""),
        ("wait_min", "DOUBLE", "min"),
    ]
    assert question.statement.startswith("select site_code")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (JAMMED.replace("-- grain:    one row per (site_code)\n", ""), "lacks grain"),
        (JAMMED.replace("-- reads:    situation", "-- reads:    everything"), "reads 'everything'"),
        (JAMMED.replace("$as_of TIMESTAMPTZ", "$as_of MOMENT"), "has the parameter '$as_of MOMENT'"),
        (JAMMED.replace("site_code VARCHAR;", "site code, a text;"), "has the column 'site code, a text'"),
        (JAMMED.partition("select")[0], "has no statement"),
        ("select 1", "lacks question, grain, columns, reads"),
        ("-- what is it?\n" + JAMMED, "starts with '-- what is it?'"),
    ],
)
def test_a_malformed_header_is_refused_by_name(wrong: str, said: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse_question("sites/jammed", wrong)
    assert "queries/sites/jammed.sql" in caught.value.message
    assert said in caught.value.message


def test_the_answer_stands_at_the_moment_of_its_source(waits: Waits) -> None:
    assert ask(waits, "sites/jammed").column("site_code").to_pylist() == ["S01"]


def test_another_moment_and_another_parameter_give_another_answer(waits: Waits) -> None:
    later = ask(waits, "sites/jammed", as_of="2022-07-14 10:00:00", jammed_from_min="25")
    assert later.column("site_code").to_pylist() == ["S01", "S02", "S03"]


def test_a_used_question_is_a_table_and_its_parameters_are_taken(waits: Waits) -> None:
    assert ask(waits, "sites/count_jammed").column("site_count").to_pylist() == [1]
    assert ask(waits, "sites/count_jammed", jammed_from_min=25).column("site_count").to_pylist() == [2]


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("sites/jamed", {}, "Did you mean sites/jammed"),
        ("sites/jammed", {"jammed_from": 1}, "Did you mean jammed_from_min?"),
        ("sites/jammed", {"jammed_from_min": "long"}, "takes $jammed_from_min as DOUBLE, not 'long'"),
        ("sites/jammed", {"as_of": "yesterday"}, "takes $as_of as TIMESTAMPTZ, not 'yesterday'"),
    ],
)
def test_a_wrong_name_or_parameter_is_answered_with_what_is_right(
    waits: Waits, name: str, params: dict[str, object], said: str
) -> None:
    with pytest.raises(QuestionError) as caught:
        ask(waits, name, **params)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_a_parameter_without_default_is_asked_for(waits: Waits, tmp_path: Path) -> None:
    text = JAMMED.replace(" default 50 minutes of waiting", "")
    (tmp_path / "sites" / "jammed.sql").write_text(text, encoding="utf-8")
    questions._read_folder.cache_clear()
    with pytest.raises(QuestionError, match=r"needs \$jammed_from_min \(DOUBLE\)"):
        ask(waits, "sites/jammed")


def test_rows_are_the_merge_of_their_versions(waits: Waits, tmp_path: Path) -> None:
    columns = ", ".join(
        f"null::{type_} as {name}" for name, type_ in questions._lake_schema().tables["registration_version"].items()
    )
    for number, filled in enumerate(["null::timestamptz, null::integer", "timestamptz '2022-07-14 08:49:30+08', 3"]):
        sampled_at, unit_no = filled.rsplit(",", 1)
        path = tmp_path / f"version-{number}.parquet"
        waits.connection.execute(
            f"""
            copy (
                select * replace (
                    'S01' as site_code, '\\x01'::blob as person_token,
                    timestamptz '2022-07-14 08:21:07+08' as registered_at, 'M4' as round_code,
                    {sampled_at} as sampled_at, {unit_no} as unit_no
                ) from (select {columns})
            ) to '{path}' (format parquet)
            """
        )
        waits.connection.execute("insert into lake_file values ('registration_version', ?)", [str(path)])
    rows = ask(waits, "sites/sampled").to_pylist()
    assert [(row["site_code"], row["sampled_at"].astimezone(UTC).isoformat(), row["unit_no"]) for row in rows] == [
        ("S01", "2022-07-14T00:49:30+00:00", 3)
    ]


def test_rows_come_with_the_views_of_the_lake(waits: Waits, tmp_path: Path) -> None:
    question = SAMPLED.replace(
        "select site_code, sampled_at, unit_no from registration", "select count(*) as n from first_seen"
    )
    (tmp_path / "sites" / "sampled.sql").write_text(
        question.replace("order by site_code", "order by n"), encoding="utf-8"
    )
    questions._read_folder.cache_clear()
    assert ask(waits, "sites/sampled").to_pylist() == [{"n": 0}]


def test_rows_of_a_lake_without_registrations_are_none(waits: Waits) -> None:
    assert ask(waits, "sites/sampled").num_rows == 0


def test_a_statement_that_fails_names_its_file(waits: Waits) -> None:
    waits.connection.execute("drop table waits")
    with pytest.raises(QuestionError, match=r"queries/sites/jammed\.sql"):
        ask(waits, "sites/jammed")


def test_a_sitting_answers_as_single_questions_do_and_gives_each_the_parameters_it_has(waits: Waits) -> None:
    with sit_down(waits, jammed_from_min=70.0) as sitting:
        assert sitting.ask("sites/count_jammed").to_pylist() == [{"site_count": 0}]
        assert sitting.ask("sites/jammed").num_rows == 0
        assert sitting.ask("sites/count_jammed", jammed_from_min=50.0).to_pylist() == [{"site_count": 1}]
    assert ask(waits, "sites/count_jammed").to_pylist() == [{"site_count": 1}]


def test_a_sitting_goes_on_after_a_question_that_failed(waits: Waits) -> None:
    with sit_down(waits) as sitting:
        with pytest.raises(QuestionError, match="jamed"):
            sitting.ask("sites/jamed")
        waits.connection.execute("alter table waits rename to queue")
        with pytest.raises(QuestionError, match="sites/count_jammed"):
            sitting.ask("sites/count_jammed")
        waits.connection.execute("alter table queue rename to waits")
        assert sitting.ask("sites/count_jammed").to_pylist() == [{"site_count": 1}]


def test_many_may_ask_one_sitting_at_once_each_with_parameters_of_its_own(waits: Waits) -> None:
    asked = [(name, least) for name in ("sites/count_jammed", "sites/jammed") for least in (50.0, 70.0, 50.0, 20.0)] * 3
    with sit_down(waits) as sitting, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: sitting.ask(one[0], jammed_from_min=one[1]).to_pylist(), asked))
    assert answers == [ask(waits, name, jammed_from_min=least).to_pylist() for name, least in asked]


@pytest.mark.parametrize("expected", [[], ["sites/count_jammed"], ["sites/count_jammed", "sites/jammed"]])
def test_what_a_sitting_expects_changes_no_answer(waits: Waits, expected: list[str]) -> None:
    with sit_down(waits, expected=expected) as sitting:
        for name in ("sites/count_jammed", "sites/jammed", "sites/count_jammed"):
            assert sitting.ask(name).to_pylist() == ask(waits, name).to_pylist()
