"""The box "is this place in a zone?": a building, grid or community by name or code, an address, or lon,lat."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from dashboard.answers import Shelf
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zone_words import Row, level_chip, name_level, name_zone, say_zone, tell_moment
from data.errors import WanggeError
from data.zone_point import find_at_point

_POINT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*[,，]\s*([+-]?\d+(?:\.\d+)?)\s*")
TEXT_MAX, CHOICES_SHOWN = 60, 8
_TEXT, _CHOICE = "zone_box", "zone_box_choice"


def show_zone_box(shelf: Shelf, moment: Moment, language: Language) -> None:
    """The box, and below it which order holds at the place, since when."""
    text = st.text_input(say_zone("box", language), key=_TEXT, placeholder=say_zone("box_hint", language))
    if not (text := text.strip()[:TEXT_MAX]):
        return
    try:
        point = _POINT.fullmatch(text)
        answer: Markup | None
        if point:
            answer = _tell_point(shelf, float(point[1]), float(point[2]), moment, language)
        else:
            answer = _tell_place(shelf, text, moment, language)
    except WanggeError as error:
        answer = element("p", say_zone("broken", language, message=error.message), classes="wg-watch")
    if answer:
        st.html(element("div", answer, classes="wg-zone-answer", role="status"))


def _tell_point(shelf: Shelf, lon: float, lat: float, moment: Moment, language: Language) -> Markup:
    place = f"{lon:g}, {lat:g}"
    if abs(lon) > 180 or abs(lat) > 90:
        return element("p", say_zone("box_no_point", language))
    held = find_at_point(shelf.ask("zones/shapes"), lon, lat)
    zones = [row for row in shelf.ask("zones/orders_in_force") if row["order_code"] in held]
    return _tell_zones(place, sorted(zones, key=_rank), moment, language)


def _tell_place(shelf: Shelf, text: str, moment: Moment, language: Language) -> Markup | None:
    """The place that is meant, asked for where there are several; then the zones around it."""
    found = shelf.ask("zones/find_places", text=text)
    if not found:
        return element("p", say_zone("box_unknown", language, text=text))
    place = found[0] if _is_meant(found, text) else _choose(found, text, language)
    if place is None:
        return None
    name = wording.name_in(dict(place), "place_name", language)
    kind, code = place["place_kind"], place["place_code"]
    if kind == "building":
        return _tell_zones(name, shelf.ask("zones/at_building", building_code=code), moment, language)
    if kind == "grid":
        return _tell_zones(name, shelf.ask("zones/at_grid", grid_code=code), moment, language)
    if kind == "site" and place["lon"] is not None:
        return _tell_point(shelf, place["lon"], place["lat"], moment, language)
    return _tell_area(shelf, place, name, moment, language)


def _is_meant(found: Sequence[Row], text: str) -> bool:
    """Whether the first place is the only one, or the only one that is called exactly so."""
    exact = [
        row
        for row in found
        if text.casefold()
        in (str(row[name] or "").casefold() for name in ("place_code", "place_name", "place_name_en"))
    ]
    return len(found) == 1 or (len(exact) == 1 and exact[0] is found[0])


def _choose(found: Sequence[Row], text: str, language: Language) -> Row | None:
    """The place that the reader picks of those that were found."""
    shown = {f"{row['place_kind']} {row['place_code']}": row for row in found[:CHOICES_SHOWN]}
    picked = st.pills(
        say_zone("box_many", language, text=text, count=len(found)),
        list(shown),
        format_func=lambda key: wording.name_in(dict(shown[key]), "place_name", language),
        key=f"{_CHOICE}_{text}",
    )
    return shown[picked] if picked else None


def _tell_zones(place: str, zones: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """The zone whose level holds there, then the others around it; or that there is none."""
    if not zones:
        return element("p", say_zone("box_out", language, place=place))
    lines = []
    for number, zone in enumerate(zones):
        told = {"zone": name_zone(zone, language), "level": name_level(zone["level"], language)}
        order = {"order": zone["order_code"], "at": tell_moment(zone["from_at"], moment, language)}
        if not zone.get("is_whole", True):
            people = {
                "buildings": wording.count(zone["building_count"]),
                "people": wording.count(zone["resident_count"]),
            }
            words = f"{say_zone('box_partly', language, place=place, **told, **people)} · {say_zone('box_since', language, **order)}"
        elif number:
            words = say_zone("box_also", language, **told, **order)
        else:
            words = f"{say_zone('box_in', language, place=place, **told)} · {say_zone('box_since', language, **order)}"
        lines.append(element("p", level_chip(zone["level"], None, language), element("span", words)))
    return join(*lines)


def _tell_area(shelf: Shelf, place: Row, name: str, moment: Moment, language: Language) -> Markup:
    """Of a community or town: the zones that hold all of it, and how many of its grids the others reach into."""
    column = f"{place['place_kind']}_code"
    own = {row["grid_code"] for row in shelf.ask("coverage/list") if row[column] == place["place_code"]}
    reached: dict[int, list[Row]] = {}
    for row in shelf.ask("zones/extent_grids"):
        if row["grid_code"] in own:
            reached.setdefault(row["extent_no"], []).append(row)
    zones = sorted((row for row in shelf.ask("zones/orders_in_force") if row["extent_no"] in reached), key=_rank)
    whole = [zone for zone in zones if sum(row["is_whole"] for row in reached[zone["extent_no"]]) == len(own)]
    lines = [_tell_zones(name, whole, moment, language)] if whole or not zones else []
    for zone in zones:
        if zone in whole:
            continue
        told = {"zone": name_zone(zone, language), "level": name_level(zone["level"], language)}
        words = say_zone(
            "box_area", language, place=name, count=len(reached[zone["extent_no"]]), total=len(own), **told
        )
        lines.append(element("p", level_chip(zone["level"], None, language), element("span", words)))
    return join(*lines)


def _rank(zone: Row) -> tuple[int, str]:
    return ("high", "medium", "low").index(zone["level"]), str(zone["zone_code"])
