"""The account of queries in SQL as a list: a line each, which opens to the whole text; and as a file. Never an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from dashboard.parts import wording
from dashboard.parts.markup import Markup, element
from dashboard.parts.wording import Language
from dashboard.text import read_text
from data.sandbox import Asked
from data.sandbox.audit import UNENDED
from data.spreadsheet import write_csv

COLUMNS = ("at", "user", "by", "outcome", "word", "seconds", "rows", "text")
WATCHED = ("refused", "failed", UNENDED)
"""Outcomes that somebody may want to look into."""
_LINE_MAX = 160


def say_audit(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/audit.<language>.toml`."""
    return read_text("audit", language)[key].format(**values)


def draw_account(account: Sequence[Asked], zone: tzinfo, language: Language) -> Markup:
    """The queries in their order; a press on a line opens its text."""
    return element("div", *_draw_all(account, zone, language), classes="wg-account")


def write_account(account: Sequence[Asked], zone: tzinfo, language: Language) -> bytes:
    """The queries as CSV, with their whole texts."""
    titles = {name: say_audit(f"column_{name}", language) for name in COLUMNS}
    rows: list[dict[str, Any]] = [
        {
            "at": asked.asked_at,
            "user": asked.user,
            "by": say_by(asked.by, language),
            "outcome": say_outcome(asked, language),
            "word": say_reason(asked.word, language) or asked.word,
            "seconds": asked.seconds,
            "rows": asked.row_count,
            "text": asked.text,
        }
        for asked in account
    ]
    return write_csv(titles, rows, zone)


def say_by(by: str, language: Language) -> str:
    """Through what it was asked; a way that has no words here stays as it is written."""
    return read_text("audit", language).get(f"by_{by}", by)


def say_outcome(asked: Asked, language: Language) -> str:
    """How it ended."""
    kind = "cut" if asked.outcome == "done" and asked.is_truncated else asked.outcome or UNENDED
    return read_text("audit", language).get(f"outcome_{kind}", kind)


def say_reason(word: str, language: Language) -> str:
    """Why there was no answer; "" for a word that has none here, such as of an error of another kind."""
    return read_text("audit", language).get(f"reason_{word.replace(' ', '_')}", "")


def _draw_all(account: Sequence[Asked], zone: tzinfo, language: Language) -> Iterator[Markup]:
    day = ""
    for asked in account:
        at = asked.asked_at.astimezone(zone)
        if day != (today := f"{at:%Y-%m-%d}"):
            day = today
            yield element("h4", day)
        yield _draw(asked, f"{at:%H:%M:%S}", language)


def _draw(asked: Asked, at: str, language: Language) -> Markup:
    is_watched = (asked.outcome or UNENDED) in WATCHED
    reason = say_reason(asked.word, language) if is_watched else ""
    outcome = say_outcome(asked, language) + (f" · {reason}" if reason else "")
    rows, seconds = wording.UNKNOWN, wording.UNKNOWN
    if asked.row_count is not None and asked.outcome != "refused":
        rows = say_audit("rows", language, rows=wording.count(asked.row_count))
    if asked.seconds is not None:
        seconds = say_audit("seconds", language, seconds=f"{asked.seconds:,.1f}")
    text = " ".join(asked.text.split())
    line = element(
        "summary",
        element("time", at),
        element("b", asked.user),
        element("span", say_by(asked.by, language)),
        element("span", outcome, classes="wg-watch" if is_watched else ""),
        element("span", seconds, classes="wg-number"),
        element("span", rows, classes="wg-number"),
        element("code", text if len(text) <= _LINE_MAX else f"{text[: _LINE_MAX - 1]}…"),
    )
    return element("details", line, element("pre", asked.text))
