"""Puts the brief's figures into words: what stands on the page, block by block, in one language. Both HTML and PDF are written from it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from data import wording
from data.brief.chart_drawing import draw_throughput
from data.brief.figures import Brief, Row
from data.brief.map_drawing import Labels, draw_district, draw_zone_map, number_zones
from data.settings import Settings
from data.wording import Language

MAP_SIZE = (264.0, 272.0)
CHART_SIZE = (540.0, 96.0)
"""Of the drawings, in points: A4 is 595 × 842."""
ROWS_SHOWN = {"towns": 10, "whistles": 4, "alerts": 5, "closed": 3, "zones": 7, "changes": 3, "feeds": 9}
"""Rows of each list at most: the brief is one page."""
ALERT_MINUTES = ("site_jammed", "feed_silent", "zone_without_staff")
"""Rules whose figure is in minutes."""
ALERT_OF_TARGET = ("whistle_late",)
"""Rules whose figure is people of those needed."""


@dataclass(frozen=True)
class Figure:
    """One of the figures on top, with its test."""

    label: str
    value: str
    unit: str
    note: str
    is_late: bool = False


@dataclass(frozen=True)
class Table:
    """A block with rows of text; `numbers` are the columns that stand to the right. `note` stands below, or in its place."""

    title: str
    head: list[str]
    rows: list[list[str]]
    numbers: list[int]
    note: str = ""


@dataclass(frozen=True)
class Legend:
    """What the maps' marks mean: the ramp's ends, then the words of each mark in the order of rank."""

    under: str
    full: str
    high: str
    medium: str
    unknown: str
    classes: dict[str, str]


@dataclass(frozen=True)
class Told:
    """All that the brief says. Drawings are SVG; `columns` hold the tables, three columns from left to right."""

    language: Language
    title: str
    subtitle: str
    notices: list[str]
    figures: list[Figure]
    district_title: str
    district_map: str
    zones_title: str
    zone_map: str
    legend: Legend
    chart_title: str
    chart: str
    columns: list[list[Table]]
    definitions_title: str
    definitions: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """The same as plain lists and mappings."""
        return asdict(self)


@cache
def read_words(language: str) -> Mapping[str, str]:
    """The brief's words in one language."""
    path = Path(__file__).with_name(f"words.{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def tell_brief(brief: Brief, settings: Settings, language: Language) -> Told:
    """The brief in words, with its drawings."""
    tell = _Teller(brief, settings, language)
    district = brief.row("map/district")
    say = tell.say
    labels = Labels(tell.name, partial(wording.wait, language=language), wording.share_with_sign, tell.chip)
    zone_map = draw_zone_map(brief, *MAP_SIZE, labels, say("map_zones"))
    return Told(
        language=language,
        title=say("title", district=tell.name(district, "district_name")),
        subtitle=tell.subtitle(bool(district.get("is_synthetic"))),
        notices=tell.notices(),
        figures=tell.figures(),
        district_title=say("map_district"),
        district_map=draw_district(brief, *MAP_SIZE, labels, say("map_district")),
        zones_title=say("map_zones" if zone_map else "map_zones_none"),
        zone_map=zone_map or "",
        legend=Legend(
            under=say("legend_under"),
            full=say("legend_full"),
            high=say("legend_high"),
            medium=say("legend_medium"),
            unknown=say("legend_unknown"),
            classes={name: say(f"class_short_{name}") for name in ("smooth", "busy", "jammed", "resting")},
        ),
        chart_title=say("chart"),
        chart=draw_throughput(
            tell.local_rows("wall/throughput", "quarter_start_at"),
            *CHART_SIZE,
            *(say(key) for key in ("sampled", "registered", "running", "chart")),
        ),
        columns=[
            [tell.rounds(), tell.towns(), tell.staff()],
            [tell.queues(), tell.whistles(), tell.alerts()],
            [tell.zones(), tell.feeds()],
        ],
        definitions_title=say("definitions"),
        definitions=[say(f"define_{key}") for key in ("coverage", "waiting", "on_duty", "unknown")],
    )


@dataclass(frozen=True)
class _Teller:
    brief: Brief
    settings: Settings
    language: Language

    def say(self, key: str, **values: object) -> str:
        return read_words(self.language)[key].format(**values)

    def name(self, row: Row, stem: str) -> str:
        return wording.name_in(dict(row), stem, self.language)

    def chip(self, number: int) -> str:
        return self.say("chip_high", number=number)

    def local(self, value: datetime | None) -> datetime | None:
        return value.astimezone(self.brief.at.tzinfo) if value and self.brief.at else value

    def local_rows(self, question: str, column: str) -> list[Row]:
        return [row | {column: self.local(row[column])} for row in self.brief.rows(question)]

    def time(self, value: datetime | None) -> str:
        """The time of day, with the day where it is another one than the brief's."""
        at = self.local(value)
        if at is None:
            return wording.UNKNOWN
        told = wording.time_of_day(at)
        if self.brief.at and at.date() != self.brief.at.date():
            day = wording.day(at, self.language, with_weekday=False)
            return self.say("share_of_day", day=day, time=told)
        return told

    def subtitle(self, is_synthetic: bool) -> str:
        at = self.brief.at
        if at is None:
            return self.say("synthetic") if is_synthetic else ""
        parts = [self.say("at", day=wording.day(at, self.language), time=wording.time_of_day(at, seconds=True))]
        last = self.local(self.brief.last_event_at)
        if last:
            told = wording.time_of_day(last, seconds=True)
            if last.date() != at.date():
                told = self.say("share_of_day", day=wording.day(last, self.language, with_weekday=False), time=told)
            parts.append(self.say("last_event", at=told))
        return " · ".join([*parts, *([self.say("synthetic")] if is_synthetic else [])])

    def notices(self) -> list[str]:
        notices = [self.say("empty")] if self.brief.at is None else []
        if self.brief.is_known_then:
            notices.append(self.say("known_then"))
        if self.brief.failed:
            notices.append(self.say("failed", parts=", ".join(sorted(self.brief.failed))))
        return notices

    def figures(self) -> list[Figure]:
        rate, queues = self.brief.row("wall/rate"), self.brief.row("sites/queues")
        duty = self.brief.rows("staffing/on_duty")
        leaders = next((row for row in duty if row["role"] == "grid_leader"), {})
        rounds = [self._round_figure(row) for row in self.brief.rows("wall/rounds")[:2]]
        waiting_note = ""
        if queues.get("busy_count") is not None:
            waiting_note = self.say("waiting_note", busy=queues["busy_count"], jammed=queues["jammed_count"])
        return [
            *(rounds or [Figure(self.say("coverage"), wording.UNKNOWN, "", self.say("round_none"))]),
            Figure(
                self.say("rate"),
                wording.count(rate.get("sampled_per_hour")),
                self.say("rate_unit"),
                self.say("rate_note"),
            ),
            Figure(self.say("waiting"), wording.count(queues.get("waiting_count")), self.say("people"), waiting_note),
            Figure(
                self.say("on_duty"),
                wording.count(add(row["on_duty_count"] for row in duty)),
                self.say("people"),
                self.say("on_duty_note", leaders=_of(leaders.get("on_duty_count"), leaders.get("roster_count"))),
            ),
        ]

    def _round_figure(self, row: Row) -> Figure:
        missing, expected, deadline = row["missing_count"], row["expected_finish_at"], row["deadline_at"]
        if missing == 0:
            note = self.say("round_complete")
        elif expected:
            note = self.say("round_expected", count=wording.count(missing), at=self.time(expected))
        else:
            note = self.say("round_missing", count=wording.count(missing))
        return Figure(
            self.name(row, "round_name"),
            wording.share(row["coverage_pct"], missing),
            "%",
            note,
            is_late=bool(expected and deadline and expected > deadline),
        )

    def rounds(self) -> Table:
        rows = [
            [
                self.name(row, "round_name"),
                wording.share_with_sign(row["coverage_pct"], row["missing_count"]),
                wording.count(row["missing_count"]),
                self.time(row["expected_finish_at"]),
                self.time(row["deadline_at"]),
            ]
            for row in self.brief.rows("wall/rounds")
        ]
        head = ["round", "coverage", "missing", "expected", "deadline"]
        return self._table("rounds", head, rows, [1, 2], "" if rows else self.say("round_none"))

    def towns(self) -> Table:
        names = {row["town_code"]: self.name(row, "town_name") for row in self.brief.rows("map/towns")}
        found = sorted(self.brief.rows("wall/towns"), key=lambda row: (row["coverage_pct"] or 0.0, row["code"]))
        rows = [
            [
                names.get(row["code"], str(row["code"])),
                wording.share_with_sign(row["coverage_pct"], row["missing_count"]),
                wording.count(row["missing_count"]),
            ]
            for row in found
        ]
        return self._table("towns", ["town", "coverage", "missing"], rows, [1, 2])

    def staff(self) -> Table:
        rows = [
            [self.say(f"role_{row['role']}"), wording.count(row["on_duty_count"]), wording.count(row["roster_count"])]
            for row in self.brief.rows("staffing/on_duty")
        ]
        return self._table("staff", ["role", "on_duty", "roster"], rows, [1, 2])

    def queues(self) -> Table:
        row = self.brief.row("sites/queues")
        bounds = {"a": f"{self.settings.busy_from_min:g}", "b": f"{self.settings.jammed_from_min:g}"}
        classes = ("smooth", "busy", "jammed", "resting", "unknown")
        rows = [[self.say(f"class_{name}", **bounds), wording.count(row.get(f"{name}_count"))] for name in classes]
        note = self.say(
            "queues_note",
            open=wording.count(row.get("open_unit_count")),
            needed=wording.count(row.get("needed_unit_count")),
            longest=wording.wait(row.get("longest_wait_min"), self.language),
        )
        return self._table("queues", ["class", "sites"], rows, [1], note)

    def whistles(self) -> Table:
        rows = []
        for row in self.brief.rows("staffing/whistles"):
            expected = (
                self.say("full_expected", at=self.time(row["expected_full_at"])) if row["expected_full_at"] else ""
            )
            place = f"{self.name(row, 'place_name')} {self.say('role_' + row['role'])}"
            full = self.time(row["full_at"]) if row["full_at"] else expected or wording.UNKNOWN
            rows.append([place, _of(row["arrived_count"], row["needed_count"]), self.time(row["raised_at"]), full])
        note = "" if rows else self.say("whistles_none")
        return self._table("whistles", ["place", "arrived", "raised", "full"], rows, [1], note)

    def alerts(self) -> Table:
        """The open ones with their figure, then how the last of the day ended."""
        rows = [
            [
                f"{self.say('level_' + row['level'])} · {self._rule(row['rule'])} {self.name(row, 'place_name')}",
                self._alert_figure(row),
                self.time(row["since_at"]),
            ]
            for row in self.brief.rows("alerts/open")
        ]
        closed = self.brief.rows("alerts/closed_today")
        endings = [
            f"{self._rule(row['rule'])} {self.name(row, 'place_name')}"
            f" {self.time(row['started_at'])}–{self.time(row['ended_at'])}"
            for row in closed[: ROWS_SHOWN["closed"]]
        ]
        told = self.say("alerts_closed", count=len(closed))
        note = " · ".join([told, *endings]) if self.brief.at else ""
        if not rows:
            note = " · ".join(part for part in (self.say("alerts_none") if self.brief.at else "", note) if part)
        return self._table("alerts", ["alert", "", "since"], rows, [1, 2], note)

    def _rule(self, rule: str) -> str:
        return read_words(self.language).get(f"rule_{rule}", rule)

    def _alert_figure(self, row: Row) -> str:
        if row["figure"] is None:
            return ""
        if row["rule"] in ALERT_MINUTES:
            return wording.wait(row["figure"], self.language)
        if row["rule"] in ALERT_OF_TARGET:
            return _of(row["figure"], row["target"])
        return ""

    def zones(self) -> Table:
        numbers = number_zones(self.brief)
        rows = []
        for row in self.brief.rows("zones/inside"):
            number = "" if row["level"] == "low" else numbers[row["zone_code"]]
            zone = self.name(row, "zone_name")
            rows.append(
                [
                    f"{self.say('level_' + row['level'])}{number} {row['zone_code'] if zone == wording.UNKNOWN else zone}",
                    wording.count(row["resident_count"]),
                    wording.count(row["household_count"]),
                    wording.count(row["on_duty_count"]),
                ]
            )
        changes = self.brief.rows("zones/changes")
        told = [
            f"{self.say('change_' + row['change'])} {self.name(row, 'zone_name')} {self.time(row['changed_at'])}"
            for row in changes[: ROWS_SHOWN["changes"]]
        ]
        if len(changes) > len(told):
            told.append(self.say("more", count=len(changes) - len(told)))
        note = f"{self.say('changes')}: {' · '.join(told)}" if told else self.say("changes_none")
        if not rows:
            note = f"{self.say('zones_none')} · {note}"
        return self._table("zones", ["zone", "residents", "households", "on_duty"], rows, [1, 2, 3], note)

    def feeds(self) -> Table:
        rows = [
            [self.name(row, "feed_name"), self.time(row["last_event_at"]), wording.count(row["quarantined_count"])]
            for row in self.brief.rows("quality/feeds")
        ]
        totals = self.brief.row("quality/totals")
        counts = {key: wording.count(totals.get(f"{key}_count")) for key in ("accepted", "duplicate", "corrected")}
        note = self.say(
            "totals",
            files=wording.count(totals.get("file_count")),
            rows=wording.count(totals.get("row_count")),
            quarantined=wording.count(totals.get("quarantined_count")),
            **counts,
        )
        return self._table("feeds", ["feed", "last", "quarantined"], rows, [1, 2], note)

    def _table(
        self, name: str, head: Sequence[str], rows: list[list[str]], numbers: list[int], note: str = ""
    ) -> Table:
        most = ROWS_SHOWN.get(name, len(rows))
        if len(rows) > most:
            note = " · ".join(part for part in (self.say("more", count=len(rows) - most), note) if part)
        titles = [self.say(key) if key else "" for key in head]
        return Table(self.say(name), titles if rows else [], rows[:most], numbers, note)


def add(values: Any) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _of(have: float | None, need: float | None) -> str:
    return f"{wording.count(have)} / {wording.count(need)}"
