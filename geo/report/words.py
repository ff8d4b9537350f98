"""A fault in words: title, one sentence with its figures, what to do, where it is. In Chinese or English."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geo.fault import Fault

LANGUAGES = ("zh", "en")
SHOWN_CODES = 6
"""Codes named in one sentence; the GeoJSON names all."""


@dataclass(frozen=True)
class Told:
    """A fault as a reader meets it; `place` is "" where it has none."""

    title: str
    sentence: str
    advice: str
    place: str


@cache
def read_words(language: str) -> dict[str, dict[str, str]]:
    """All words of a language, by section."""
    path = Path(__file__).resolve().parent / f"words.{language}.toml"
    words: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return words


def say(key: str, language: str, **values: object) -> str:
    """Words of the report's frame, with values put in."""
    return read_words(language)["frame"][key].format(**values)


def describe_fault(fault: Fault, language: str) -> Told:
    """The fault in words."""
    words = read_words(language)
    own = words[fault.kind]
    joiner = words["frame"]["separator"]

    def listed(codes: tuple[str, ...]) -> str:
        shown = joiner.join(codes[:SHOWN_CODES])
        return f"{shown} …" if len(codes) > SHOWN_CODES else shown

    first, second, third = (*fault.codes[:3], "", "", "")[:3]
    values = {
        "codes": listed(fault.codes[:1] if fault.kind == "not_nested" else fault.codes),
        "first": first,
        "second": second,
        "third": third,
        "rest": listed(fault.codes[3:] if fault.kind == "two_parents" else fault.codes[1:]),
        "rows": joiner.join(map(str, fault.rows)),
        "count": len(fault.rows),
        "area": area_text(fault.area_m2),
        "width": length_text(fault.width_m),
        "length": length_text(fault.length_m),
        "detail": _detail(fault, words["detail"], joiner),
        "away": words["detail"]["away"].format(length=length_text(fault.length_m)) if fault.length_m else "",
    }
    place = ""
    if fault.lon is not None and fault.lat is not None:
        near = " ".join(part for part in (fault.near_code, fault.near_name) if part)
        place = f"{fault.lon:.5f}, {fault.lat:.5f}" + (f" · {words['frame']['near']} {near}" if near else "")
    return Told(own["title"], own["say"].format(**values), own["advice"].format(**values), place)


def _detail(fault: Fault, words: dict[str, str], joiner: str) -> str:
    if fault.kind == "missing_parent":
        kind, _, parent = fault.detail.partition(":")
        return words[f"unknown_{kind}"].format(parent=parent) if parent else words[f"no_{kind}"]
    if fault.kind == "no_shape":
        return words["found_instead"].format(kind=words.get(fault.detail, fault.detail)) if fault.detail else ""
    if fault.kind == "two_parents":
        return joiner.join(fault.detail.split(";"))
    return words.get(fault.detail, fault.detail)


def area_text(area_m2: float | None) -> str:
    """An area with its unit: 0.4 m², 1,250 m², 3.2 km²."""
    if area_m2 is None:
        return "—"
    if area_m2 >= 1_000_000:
        return f"{area_m2 / 1e6:,.1f} km²"
    return f"{area_m2:,.1f} m²" if area_m2 < 10 else f"{area_m2:,.0f} m²"


def length_text(length_m: float | None) -> str:
    """A length with its unit: 0.35 m, 12 m, 1.2 km."""
    if length_m is None:
        return "—"
    if length_m >= 1000:
        return f"{length_m / 1000:,.1f} km"
    return f"{length_m:.2f} m" if length_m < 10 else f"{length_m:,.0f} m"
