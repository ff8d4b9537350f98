"""Every question file keeps the house rules, and its header tells the truth about its statement."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data.questions import Question, accepted_params, ask, read_questions
from tests.queries.district import MORNING, REFERENCE
from tests.queries.world import World, build_world

QUESTIONS = read_questions()
EXAMPLES = {
    "grid_code": "G11",
    "community_code": "C1",
    "building_code": "B38",
    "text": "侧贤",
    "code": "B38",
    "round_code": "M4",
    "site_code": "S2",
    "whistle_code": "W1",
    "since": "2022-07-14T07:00:00+08:00",
}
AS_OF = "08:40:24"
# What SQLGlot cannot carry over to another engine, and the clock: a question knows no time but $as_of.
FORBIDDEN = (
    "now()",
    "current_timestamp",
    "current_date",
    "today()",
    "pivot",
    "asof",
    "time_bucket",
    "to_minutes",
    "qualify",
)


@pytest.fixture(scope="module")
def district() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF)


@pytest.fixture(scope="module")
def turned() -> World:
    return build_world(REFERENCE, MORNING, as_of=AS_OF, is_reversed=True)


@pytest.fixture(scope="module")
def bare() -> World:
    return build_world(as_of=None)


def _params(question: Question) -> dict[str, str]:
    accepted = accepted_params(question, QUESTIONS)
    return {name: EXAMPLES[name] for name, param in accepted.items() if name != "as_of" and not param.has_default}


def _without_words(statement: str) -> str:
    """The statement without comments and quoted text."""
    return re.sub(r"'[^']*'", "''", re.sub(r"--.*", "", statement))


every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
every_situation_question = pytest.mark.parametrize(
    "question", [q for q in QUESTIONS.values() if q.reads == "situation"], ids=lambda question: question.name
)


@every_question
def test_a_statement_is_lower_case_portable_and_ordered(question: Question) -> None:
    words = _without_words(question.statement)
    assert words == words.lower()
    assert [word for word in FORBIDDEN if word in words] == []
    assert "order by" in words


@every_question
def test_every_question_has_a_golden_answer(question: Question) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert f'"{question.name}"' in sources or question.name.startswith("checks/")


@every_question
def test_a_header_names_the_parameters_of_its_statement(question: Question) -> None:
    named = {param.name for param in question.params}
    used = set(re.findall(r"\$(\w+)", _without_words(question.statement)))
    inherited = set(accepted_params(question, QUESTIONS)) - named
    assert used <= named
    assert named - used <= ({"as_of"} if question.uses or "as_of" in inherited else set())


@every_situation_question
def test_a_header_names_the_columns_and_types_of_its_answer(question: Question, district: World) -> None:
    answer = ask(district, question.name, **_params(question))
    rows = district.connection.from_arrow(answer)
    got = list(
        zip(
            rows.columns,
            [str(kind).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for kind in rows.types],
            strict=True,
        )
    )
    assert got == [(column.name, column.type) for column in question.columns]


@every_situation_question
def test_the_grain_is_unique(question: Question, district: World) -> None:
    answer = ask(district, question.name, **_params(question)).to_pylist()
    grain = re.fullmatch(r"one row(?: per \((?P<columns>[^)]*)\))?.*", question.grain)
    assert grain, question.grain
    if grain["columns"] is None:
        assert len(answer) == 1
    else:
        columns = [column.strip() for column in grain["columns"].split(",")]
        keys = [tuple(row[column] for column in columns) for row in answer]
        assert len(set(keys)) == len(keys)


@every_situation_question
def test_the_order_of_rows_does_not_depend_on_the_order_of_arrival(
    question: Question, district: World, turned: World
) -> None:
    assert ask(turned, question.name, **_params(question)).equals(ask(district, question.name, **_params(question)))


@every_situation_question
def test_a_question_answers_before_anything_is_imported_or_ingested(question: Question, bare: World) -> None:
    rows = ask(bare, question.name, **_params(question)).to_pylist()
    figures = [
        (column.name, row[column.name])
        for row in rows
        for column in question.columns
        if column.name.endswith(("_pct", "_per_hour", "_min")) and row[column.name] is not None
    ]
    assert figures == []
