"""The six figures of a round in a place, each with its test: the time used, the pace needed, who is not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.aside import AsideAnswer
from dashboard.parts import wording
from dashboard.parts.figures import figure, progress_bar, stale_class
from dashboard.parts.markup import Markup, element
from dashboard.parts.moment import Moment
from dashboard.parts.rounds.choice import Place
from dashboard.parts.rounds.words import say_round, tell_share, tell_time
from dashboard.parts.wording import Language

Row = Mapping[str, Any]


def figures_of(
    screening: Row, place: Place, homes: AsideAnswer, moment: Moment, language: Language, title: str
) -> Markup:
    """The figures of a place, with its households as far as they are counted."""
    own = next((row for row in homes.rows or () if (row["kind"], row["code"]) == (place.kind, place.code)), None)
    return round_figures(screening, place.row, own, moment, language, title)


def round_figures(
    screening: Row, place: Row, homes: Row | None, moment: Moment, language: Language, title: str = ""
) -> Markup:
    """The figures of a row of coverage/round_places; `homes` is the place's row of coverage/household_places, once known."""
    people = say_round("people", language)
    pct, missing = place["coverage_pct"], place["missing_count"]
    used = moment.time_used_pct(screening["starts_at"], screening["deadline_at"])
    pace, needed = place["covered_per_hour"], place["needed_per_hour"]
    is_slow = pace is not None and needed is not None and pace < needed
    if needed is None:
        pace_note = say_round("pace_over", language) if pace is not None else ""
    else:
        pace_note = say_round("pace_needed", language, needed=wording.count(needed))
    registered = say_round("registered", language)
    households = say_round(
        "unseen_note",
        language,
        count=wording.count(place["household_count"]),
        seen=wording.count(place["seen_household_count"]),
    )
    if homes:
        households = say_round("whole_note", language, whole=wording.count(homes["whole_household_count"]))
    return element(
        "div",
        figure(
            say_round("coverage", language),
            wording.share(pct, missing),
            "%",
            time_note(screening, moment, language),
            extra=progress_bar(pct, used),
        ),
        ahead_figure(place, moment, language),
        figure(
            say_round("pace", language),
            wording.count(pace),
            say_round("pace_unit", language),
            pace_note,
            is_late=is_slow,
        ),
        figure(
            say_round("sampled", language),
            wording.count(place["covered_person_count"]),
            people,
            f"{registered} {wording.count(place['registered_person_count'])}",
        ),
        figure(
            say_round("missing", language),
            wording.count(missing),
            people,
            say_round("missing_note", language, target=wording.count(place["target_count"])),
        ),
        figure(
            say_round("unseen", language),
            wording.count(place["unseen_household_count"]),
            say_round("households", language),
            households,
        ),
        classes=f"wg-figures wg-six{stale_class(moment)}",
        **({"title": title} if title else {}),
    )


def ahead_figure(place: Row, moment: Moment, language: Language) -> Markup:
    """What coverage will be at the deadline, and between which bounds; after it, what it was."""
    at_deadline = place["coverage_at_deadline_pct"]
    if at_deadline is not None:
        return figure(say_round("at_deadline", language), tell_share(at_deadline).removesuffix("%"), "%", "")
    label = say_round("forecast_then" if moment.is_stale else "forecast", language)
    expected = place["expected_pct"]
    if expected is None:
        known = place["missing_count"] is not None and place["target_count"]
        return figure(label, wording.UNKNOWN, "%", say_round("forecast_early" if known else "forecast_no", language))
    low, high = (tell_share(place[f"{end}_pct"]).removesuffix("%") for end in ("low", "high"))
    note = say_round("forecast_band", language, low=low, high=high)
    return figure(label, tell_share(expected).removesuffix("%"), "%", note)


def time_note(screening: Row, moment: Moment, language: Language) -> str:
    """Until when the round runs, and how long that is; or when it ended."""
    deadline, closes = moment.local(screening["deadline_at"]), moment.local(screening["closes_at"])
    now = moment.shown_at
    if deadline is None or closes is None:
        return ""
    if closes <= now:
        return say_round("closed", language, at=tell_time(closes, moment, language))
    if deadline <= now:
        return say_round("deadline_over", language, at=tell_time(deadline, moment, language))
    return say_round("deadline", language, at=tell_time(deadline, moment, language))
