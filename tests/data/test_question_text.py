"""Questions as texts: what a text may say beside its statement, and that it then runs as the question does."""

from __future__ import annotations

import pytest

from data.errors import QuestionError
from data.question_text import add_values, prepare_text, read_needs, read_values, write_text
from data.questions import compose_question, read_questions

USING = "-- uses: sites/state\nselect site_code, wait\nfrom sites_state"


def test_every_question_opened_as_a_text_is_what_the_question_is() -> None:
    for name, question in read_questions().items():
        text = write_text(name, "title")
        values = {param: _sample(needed.type) for param, needed in read_needs(text).items() if not needed.has_default}
        prepared = prepare_text(add_values(text, values), {})
        composed = compose_question(name, "2022-07-14T08:40", **values)
        shown = prepared.statement if question.uses else prepared.statement.split("\n", text.count("\n--") + 1)[-1]
        assert shown.startswith(composed.statement), name
        assert prepared.values.keys() == composed.values.keys(), name


def test_a_plain_text_stays_to_the_letter() -> None:
    text = "-- all of them\nselect '$5' as price -- $x\nfrom site"
    prepared = prepare_text(text, {"busy_from_min": 25.0})
    assert (prepared.statement, prepared.values, prepared.moment) == (text, {}, None)


def test_a_mistake_in_a_text_that_uses_questions_is_placed_in_the_text() -> None:
    prepared = prepare_text(USING, {})
    lines = prepared.statement.split("\n")
    assert lines[-2] == "select site_code, wait"
    assert prepared.place_in_text(len(lines) - 1, 19) == (2, 19)
    assert prepared.place_in_text(3, 1) == (0, 0)
    assert prepared.place_in_text(0, 0) == (0, 0)


def test_what_a_text_uses_comes_behind_its_explain() -> None:
    statement = prepare_text("-- uses: sites/state\nexplain select 1 from sites_state", {}).statement
    assert statement.startswith("explain with ")


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("select $round_code", {"round_code": "VARCHAR"}),
        ("select $limit, $as_of", {"limit": "BIGINT"}),
        ("select $colour", {"colour": "VARCHAR"}),
        ("-- params: $colour BIGINT default 3\nselect $colour", {"colour": "BIGINT"}),
        ("-- uses: zones/changes\nselect 1 from zones_changes", {"since": "TIMESTAMPTZ"}),
        ("-- uses: sites/state\nselect 1 from sites_state", {}),
        ("select 1 -- $round_code", {}),
    ],
)
def test_a_text_says_what_values_it_needs(text: str, types: dict[str, str]) -> None:
    assert {name: param.type for name, param in read_needs(text).items()} == types


def test_values_stand_in_the_last_line_and_are_replaced() -> None:
    text = add_values("select $a;\n", {"a": "1"})
    assert text == 'select $a;\n-- values: {"a": "1"}\n'
    assert read_values(text) == {"a": "1"}
    assert add_values(text, {"a": "汉"}) == 'select $a;\n-- values: {"a": "汉"}\n'
    assert add_values(text, {}) == "select $a;"


def test_the_moment_is_the_newest_unless_it_is_given() -> None:
    assert prepare_text("select $as_of", {}).values == {"as_of": ("TIMESTAMPTZ", None)}
    given = prepare_text('select $as_of\n-- values: {"as_of": "2022-07-14T08:40"}', {})
    assert given.values["as_of"][1].isoformat() == given.moment.isoformat() == "2022-07-14T08:40:00+08:00"


def test_what_the_district_has_set_counts_unless_the_text_says_otherwise() -> None:
    text = "select $busy_from_min"
    assert prepare_text(text, {"busy_from_min": 30.0}).values["busy_from_min"] == ("DOUBLE", 30.0)
    chosen = add_values(text, {"busy_from_min": "10"})
    assert prepare_text(chosen, {"busy_from_min": 30.0}).values["busy_from_min"] == ("DOUBLE", 10.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-- uses: site/stat\nselect 1", "no question 'site/stat'"),
        ("-- params: $x BLOB\nselect 1", "-- params:"),
        ("select 1\n-- values: {x}", "-- values:"),
        ("-- uses: zones/changes\nselect 1 from zones_changes", "$since has no value"),
        ('select $limit\n-- values: {"limit": "many"}', "$limit as BIGINT"),
    ],
)
def test_comments_that_cannot_be_followed_say_why(text: str, said: str) -> None:
    with pytest.raises(QuestionError) as refused:
        prepare_text(text, {})
    assert said in refused.value.message and refused.value.hint


def _sample(type_: str) -> str:
    return {"TIMESTAMPTZ": "2022-07-14T08:00:00+08:00", "BIGINT": "1"}.get(type_, "G1")
