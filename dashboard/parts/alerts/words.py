"""Words of the alerts' page: rules, levels, roles, and what the log tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.parts import wording
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.text import read_text

Row = Mapping[str, Any]


def say_alert(key: str, language: Language, **values: object) -> str:
    """The words for `key` in `dashboard/text/alerts.<language>.toml`."""
    return read_text("alerts", language)[key].format(**values)


def name_rule(rule: str, language: Language) -> str:
    """采样点拥堵; a rule that nobody named is told by its own name."""
    return read_text("alerts", language).get(f"rule_{rule}", rule)


def name_responsible(alert: Row, language: Language, *, is_short: bool) -> str:
    """责任人 网格长 BS-3501（在岗）; short, where the line above names the role: BS-3501（在岗）. Empty where nobody is known."""
    role, code = alert.get("responsible_role"), alert.get("responsible_staff_code")
    if not role or not code:
        return ""
    is_on_duty = alert.get("is_responsible_on_duty")
    duty = "" if is_on_duty is None else say_alert("on_duty" if is_on_duty else "off_duty", language)
    if is_short:
        return f"{code}{duty}"
    title = read_text("alerts", language).get(f"role_{role}", role)
    return say_alert("responsible", language, who=f"{title} {code}{duty}")


def name_place(row: Row, language: Language) -> str:
    """The place of an alert; of a check, what does not agree."""
    check = read_text("wall", language).get(f"check_{row.get('place_code')}")
    return check or wording.name_in(dict(row), "place_name", language)


def tell_time(value: Any, moment: Moment, language: Language) -> str:
    """08:30, with the day where it is not today's."""
    at = moment.local(value)
    if at is None:
        return wording.UNKNOWN
    day = "" if at.date() == moment.now.date() else f"{wording.day(at, language, with_weekday=False)} "
    return f"{day}{wording.time_of_day(at)}"
