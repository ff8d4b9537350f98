"""What a figure means: the question it answers, its grain, and how old it is; from the question's own header.

Every figure's `title=` or `help=` comes from here, and so does the page about the data in a download.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dashboard.answers import Reading
from dashboard.parts import wording
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.text import read_text
from data.questions import Column, Question, find_question, read_questions

OLD_FROM_S = 60.0
_GRAIN = re.compile(r"\(([\w, ]+)\)")


def say_share(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/share.<language>.toml`."""
    return read_text("share", language)[key].format(**values)


def define(question: str, column: str | None, reading: Reading, language: Language) -> str:
    """What the figure in this column is, what one row of the answer stands for, and how old it is; lines of plain text.

    Raises QuestionError for a question that is none.
    """
    return tell_definition(question, column, reading.moment, language)


def tell_definition(question: str, column: str | None, moment: Moment, language: Language) -> str:
    """The same for whoever knows the moment alone."""
    asked = find_question(question, read_questions())
    return "\n".join(
        line
        for line in (
            title_column(asked, column, language) if column else "",
            say_meaning(asked, language),
            say_grain(asked, language),
            say_age(moment, language),
            say_share("source", language, question=question),
        )
        if line
    )


def title_columns(question: str, rows: Sequence[Any], language: Language) -> dict[str, str]:
    """The columns of an answer with their titles: those of the header in its order, then what the rows have besides."""
    asked = find_question(question, read_questions())
    present = rows[0] if rows else {column.name: None for column in asked.columns}
    names = [column.name for column in asked.columns if column.name in present]
    names += [name for name in present if name not in names]
    return {name: title_column(asked, name, language) for name in names}


def title_column(asked: Question, name: str, language: Language) -> str:
    """等候人数（人）; the column's own name where it has no words in this language."""
    known = read_text("columns", language)
    word = known.get(name) or name.replace("_", " ")
    column = next((one for one in asked.columns if one.name == name), None)
    unit = _unit(column, language) if column else ""
    if not unit:
        return word
    return f"{word}（{unit}）" if language == "zh" else f"{word} ({unit})"


def say_meaning(asked: Question, language: Language) -> str:
    """The question, in the page's language where its header has it in that one, with its notes."""
    if language == "zh" and asked.question_zh:
        return asked.question_zh
    return f"{asked.question} {asked.notes}".strip()


def say_grain(asked: Question, language: Language) -> str:
    """What one row is."""
    found = _GRAIN.search(asked.grain)
    if language == "en" or not found:
        return say_share("grain" if found else "grain_alone", language, grain=asked.grain)
    known = read_text("columns", language)
    parts = [known.get(name.strip(), name.strip()) for name in found[1].split(",")]
    return say_share("grain", language, grain=" × ".join(parts))


def say_age(moment: Moment, language: Language) -> str:
    """Until when the data goes, and from a minute on how long ago that was: what changes with every tick would blink."""
    if moment.as_of is None:
        return say_share("age_none", language)
    at = f"{wording.day(moment.as_of, language, with_weekday=False)} {wording.time_of_day(moment.as_of, seconds=True)}"
    if moment.age_s is None or moment.age_s < OLD_FROM_S:
        return say_share("until", language, at=at)
    return say_share("age", language, at=at, age=wording.age(moment.age_s, language))


def _unit(column: Column, language: Language) -> str:
    """The header's unit in words of the page, where it is one that readers know."""
    return read_text("units", language).get(column.note, "")
