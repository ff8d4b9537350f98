"""The box "is this place in a zone?": a building, grid or community by name or code, an address, or lon,lat."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from dashboard.address import write_address
from dashboard.answers import Row, Shelf
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zones.words import level_chip, name_level, name_zone, say_zone, tell_moment
from data.errors import WanggeError
from data.zone_point import find_at_point

_POINT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*[,，]\s*([+-]?\d+(?:\.\d+)?)\s*")
TEXT_MAX, CHOICES_SHOWN = 60, 10
_TEXT, _CHOICE = "zone_box", "zone_box_choice"


def show_zone_box(shelf: Shelf, moment: Moment, language: Language) -> None:
    """The box, and below it which order holds at the place, since when."""
    hint = say_zone("box_hint", language)
    text = st.text_input(say_zone("box", language), key=_TEXT, placeholder=hint).strip()[:TEXT_MAX]
    if not text:
        return
    try:
        told, grid_code = _answer(shelf, text, moment, language)
    except WanggeError as error:
        told, grid_code = element("p", say_zone("broken", language, message=error.message), classes="wg-watch"), None
    if told:
        st.html(element("div", told, classes="wg-zone-answer", role="status"))
    if grid_code:
        said = say_zone("box_history", language, grid=grid_code)
        there = {"grid": grid_code, "zone": None, "show": None}
        st.button(said, key="zone_box_history", type="tertiary", on_click=write_address, kwargs=there)


def _answer(shelf: Shelf, text: str, moment: Moment, language: Language) -> tuple[Markup, str | None]:
    """What is to be said of a text, nothing while the reader has to pick one of several places; and the place's grid."""
    point = _POINT.fullmatch(text)
    if point:
        lon, lat = float(point[1]), float(point[2])
        if abs(lon) > 180 or abs(lat) > 90:
            return element("p", say_zone("box_no_point", language)), None
        return _tell_zones(f"{lon:g}, {lat:g}", _find_at(shelf, lon, lat), moment, language), None
    found = shelf.ask("zones/find_places", text=text)
    if not found:
        return element("p", say_zone("box_unknown", language, text=text)), None
    place = _choose(found, text, language)
    if place is None:
        return join(), None
    name, kind = wording.name_in(place, "place_name", language), place["place_kind"]
    if kind == "town":
        return element("p", say_zone("box_town", language, place=name)), None
    if kind == "site":
        return _tell_zones(name, _find_at(shelf, place["lon"], place["lat"]), moment, language), place["grid_code"]
    around = shelf.ask(f"zones/at_{kind}", **{f"{kind}_code": place["place_code"]})
    return _tell_zones(name, around, moment, language), place["grid_code"]


def _find_at(shelf: Shelf, lon: float, lat: float) -> list[Row]:
    """The zones that hold the point, the highest level first."""
    held = find_at_point(shelf.ask("zones/shapes"), lon, lat)
    here = [row for row in shelf.ask("zones/orders_in_force") if row["order_code"] in held]
    return sorted(here, key=lambda zone: (("high", "medium", "low").index(zone["level"]), zone["zone_code"]))


def _tell_zones(place: str, zones: Sequence[Row], moment: Moment, language: Language) -> Markup:
    """The zone whose level holds at the place, then the others around it; or that there is none."""
    if not zones:
        return element("p", say_zone("box_out", language, place=place))
    return join(*(_tell_zone(place, zone, number > 0, moment, language) for number, zone in enumerate(zones)))


def _tell_zone(place: str, zone: Row, is_further: bool, moment: Moment, language: Language) -> Markup:
    told = {"place": place, "zone": name_zone(zone, language), "level": name_level(zone["level"], language)}
    since = say_zone("box_since", language, order=zone["order_code"], at=tell_moment(zone["from_at"], moment, language))
    if zone.get("is_whole", True):
        words = say_zone("box_also" if is_further else "box_in", language, **told)
    elif "grid_count" in zone:
        words = say_zone("box_grids", language, **told, count=zone["grid_count"])
    else:
        counts = {"buildings": wording.count(zone["building_count"]), "people": wording.count(zone["resident_count"])}
        words = say_zone("box_partly", language, **told, **counts)
    return element("p", level_chip(zone["level"], None, language), element("span", f"{words} · {since}"))


def _choose(found: Sequence[Row], text: str, language: Language) -> Row | None:
    """The place that is meant; of several, none or many of which are called exactly so, the one that the reader picks."""
    names = ("place_code", "place_name", "place_name_en")
    exact = [row for row in found if text.casefold() in (str(row[name] or "").casefold() for name in names)]
    if len(found) == 1 or len(exact) == 1:
        return (exact or found)[0]
    shown = {f"{row['place_kind']} {row['place_code']}": row for row in found[:CHOICES_SHOWN]}
    picked = st.pills(
        say_zone("box_many", language, text=text, count=len(found)),
        list(shown),
        format_func=lambda key: wording.name_in(dict(shown[key]), "place_name", language),
        key=f"{_CHOICE}_{text}",
    )
    return shown[picked] if picked else None
