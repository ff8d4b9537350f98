"""Alerts as messages: the markdown of a WeCom group robot, and plain JSON. No name of a person is in them: role and staff number."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from math import ceil, floor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.alert_log import LogEntry, as_moment
from data.settings import Settings

WECOM_BYTES = 4096
"""Bytes of markdown that a WeCom group robot takes at most (developer.work.weixin.qq.com/document/path/91770)."""
_COLOURS = {"act": "warning", "watch": "comment", "closed": "info"}


def write_wecom(events: Sequence[LogEntry], settings: Settings) -> tuple[bytes, int]:
    """A robot's message on the first of these events, as many as it may hold; and how many they are."""
    words = _read_words(settings.webhook_language)
    lines = [words["heading"].format(district=_district(settings))]
    count = 0
    for event in events:
        line = _write_line(event, settings, words)
        if count and len("\n".join([*lines, line]).encode()) > WECOM_BYTES:
            break
        lines.append(line)
        count += 1
    content = "\n".join(lines).encode()[:WECOM_BYTES].decode(errors="ignore")
    return _dump({"msgtype": "markdown", "markdown": {"content": content}}), count


def write_json(event: LogEntry, settings: Settings) -> bytes:
    """One event as JSON, described in dashboard/LIVE.md; `idempotency_key` is the same however often it is sent."""
    words = _read_words(settings.webhook_language)
    detail = dict(event.detail)
    return _dump(
        {
            "idempotency_key": event.entry_id,
            "event": event.kind,
            "at": event.at.isoformat(),
            "district": settings.district_name,
            "rule": event.rule,
            "level": event.level,
            "place": {
                "kind": detail.get("place_kind"),
                "code": event.place_code,
                "name": event.place_name,
                "name_en": event.place_name_en or None,
                **{name: detail.get(name) for name in ("lon", "lat", "grid_code", "town_code")},
            },
            "since_at": event.since_at.isoformat(),
            "ended_at": detail.get("ended_at"),
            **{
                name: detail.get(name)
                for name in ("figure", "target", "detail_pct", "detail_count", "expected_at", "action")
            },
            "responsible": {
                "role": detail.get("responsible_role"),
                "staff_code": detail.get("responsible_staff_code"),
                "is_on_duty": detail.get("is_responsible_on_duty"),
            },
            "text": " · ".join(_tell(event, settings, words)),
        }
    )


def write_trial(format_: str, settings: Settings, now: datetime) -> bytes:
    """A message that says it is a trial."""
    text = _read_words(settings.webhook_language)["trial"].format(
        district=_district(settings), time=_clock(now, settings)
    )
    if format_ == "wecom":
        return _dump({"msgtype": "markdown", "markdown": {"content": text}})
    return _dump(
        {"idempotency_key": f"trial {now.timestamp():.0f}", "event": "trial", "at": now.isoformat(), "text": text}
    )


def _write_line(event: LogEntry, settings: Settings, words: Mapping[str, str]) -> str:
    kind = "closed" if event.kind == "closed" else event.level
    mark = words["closed"] if kind == "closed" else words["escalated"] if event.kind == "escalated" else words[kind]
    title, *rest = (_plain(part) for part in _tell(event, settings, words))
    return f'> <font color="{_COLOURS.get(kind, "comment")}">{mark}</font> **{title}**\n> {" · ".join(rest)}'


def _tell(event: LogEntry, settings: Settings, words: Mapping[str, str]) -> list[str]:
    """What, how bad; since when; what to do; who."""
    detail, language = event.detail, settings.webhook_language
    place = (event.place_name_en if language == "en" else "") or event.place_name or event.place_code
    if event.rule == "sum_mismatch":
        place = words.get(f"check_{event.place_code}", event.place_code)
    figure = _tell_figure(event, words)
    title = f"{words[f'rule_{event.rule}'].format(place=place)} {figure}".strip()
    if event.kind == "closed":
        ended = detail.get("ended_at")
        until = _clock(as_moment(ended), settings) if ended else ""
        span = words["span" if ended else "gone"].format(since=_clock(event.since_at, settings), until=until)
        return [words[f"rule_{event.rule}"].format(place=place), span]
    neighbour = (detail.get("neighbour_name_en") if language == "en" else None) or detail.get("neighbour_name") or ""
    idle = detail.get("figure") or 0
    action = words.get(f"action_{detail.get('action')}", "").format(
        n=ceil(idle / 2) if event.rule == "unit_idle" else detail.get("detail_count") or 0, place=neighbour
    )
    role = words.get(f"role_{detail.get('responsible_role')}", "")
    who = f"{role} {detail.get('responsible_staff_code') or ''}".strip()
    return [part for part in (title, words["since"].format(time=_clock(event.since_at, settings)), action, who) if part]


def _tell_figure(event: LogEntry, words: Mapping[str, str]) -> str:
    figure, target = event.detail.get("figure"), event.detail.get("target")
    if figure is None:
        return ""
    if event.rule in ("whistle_late", "unit_idle"):
        return f"{figure:,.0f}/{target or 0:,.0f}"
    if event.rule == "coverage_behind":
        return f"{min(floor(figure * 10) / 10, 99.9):.1f}%"
    if event.rule == "sum_mismatch":
        return ""
    return words["minutes"].format(n=f"{floor(figure):,}")


def _plain(text: str) -> str:
    """Names come from reference files: none of their signs is markup here."""
    for sign, instead in (
        ("<", "＜"),
        (">", "＞"),
        ("*", "＊"),
        ("[", "［"),
        ("]", "］"),
        ("`", "'"),
        ("\n", " "),
        ("\r", " "),
    ):
        text = text.replace(sign, instead)
    return text


def _clock(moment: datetime, settings: Settings) -> str:
    return f"{moment.astimezone(ZoneInfo(settings.timezone)):%H:%M}"


def _district(settings: Settings) -> str:
    return settings.district_name_en if settings.webhook_language == "en" else settings.district_name


def _dump(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _read_words(language: str) -> dict[str, str]:
    name = f"words.{'en' if language == 'en' else 'zh'}.toml"
    words: dict[str, str] = tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return words
