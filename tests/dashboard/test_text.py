"""The words of the pages: every language says the same things."""

from __future__ import annotations

import re

import pytest

from dashboard.text import LANGUAGES, TEXT_DIR, read_language, read_text

PARTS = sorted({path.name.split(".")[0] for path in TEXT_DIR.glob("*.toml")})


@pytest.mark.parametrize("part", PARTS)
def test_every_language_has_the_same_keys(part: str) -> None:
    keys = {lang: set(read_text(part, lang)) for lang in LANGUAGES}
    assert keys["zh"] == keys["en"]


@pytest.mark.parametrize("part", PARTS)
def test_no_language_names_a_value_that_the_other_does_not_know(part: str) -> None:
    named = {
        lang: {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in read_text(part, lang).items()}
        for lang in LANGUAGES
    }
    known = {key: named["zh"][key] | named["en"][key] for key in named["zh"]}
    # One language may leave a value out (English tells no number of places), but both name the same ones.
    assert {key for key in known if named["zh"][key] < known[key]} == set()


def test_an_unknown_language_is_answered_in_chinese() -> None:
    assert [read_language(wanted) for wanted in ("en", "zh", "fr", None, "")] == ["en", "zh", "zh", "zh", "zh"]
