"""The box "is this place in a zone?": a building, grid or community by name or code, an address, or lon,lat."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.answers import Shelf
from dashboard.parts import wording
from dashboard.parts.markup import Markup, element, join
from dashboard.parts.moment import Moment
from dashboard.parts.wording import Language
from dashboard.parts.zone_words import Row, level_chip, name_level, name_zone, say_zone, tell_moment
from data.errors import WanggeError
from data.zone_lookup import PlaceInZones

TEXT_MAX = 60
_TEXT, _CHOICE = "zone_box", "zone_box_choice"


def show_zone_box(shelf: Shelf, moment: Moment, language: Language) -> None:
    """The box, and below it which order holds at the place, since when."""
    hint = say_zone("box_hint", language)
    text = st.text_input(say_zone("box", language), key=_TEXT, placeholder=hint).strip()[:TEXT_MAX]
    if not text:
        return
    try:
        found = shelf.look_up(text)
    except WanggeError as error:
        told = element("p", say_zone("broken", language, message=error.message), classes="wg-watch")
    else:
        place = _choose(found, text, language) if found else None
        if found and place is None:
            return
        told = (
            tell_place(place, moment, language) if place else element("p", say_zone("box_unknown", language, text=text))
        )
    st.html(element("div", told, classes="wg-zone-answer", role="status"))


def tell_place(place: PlaceInZones, moment: Moment, language: Language) -> Markup:
    """The zone whose level holds at the place, then the others around it; or that there is none."""
    name = f"{place.lon:g}, {place.lat:g}" if place.place_kind == "point" else _name(place, language)
    if place.zones is None:
        return element("p", say_zone("box_town", language, place=name))
    if not place.zones:
        return element("p", say_zone("box_out", language, place=name))
    return join(*(_tell_zone(name, zone, number > 0, moment, language) for number, zone in enumerate(place.zones)))


def _tell_zone(place: str, zone: Row, is_further: bool, moment: Moment, language: Language) -> Markup:
    told = {"place": place, "zone": name_zone(zone, language), "level": name_level(zone["level"], language)}
    since = say_zone("box_since", language, order=zone["order_code"], at=tell_moment(zone["from_at"], moment, language))
    if not zone.get("is_whole", True):
        counts = {"buildings": wording.count(zone["building_count"]), "people": wording.count(zone["resident_count"])}
        words = say_zone("box_partly", language, **told, **counts)
    else:
        words = say_zone("box_also" if is_further else "box_in", language, **told)
    return element("p", level_chip(zone["level"], None, language), element("span", f"{words} · {since}"))


def _choose(found: Sequence[PlaceInZones], text: str, language: Language) -> PlaceInZones | None:
    """The place that is meant; of several, none of which is called exactly so, the one that the reader picks."""
    plain = text.casefold()
    exact = [
        place
        for place in found
        if plain in (str(name or "").casefold() for name in (place.place_code, place.place_name, place.place_name_en))
    ]
    if len(found) == 1 or len(exact) == 1:
        return (exact or found)[0]
    shown = {f"{place.place_kind} {place.place_code}": place for place in found}
    picked = st.pills(
        say_zone("box_many", language, text=text, count=len(found)),
        list(shown),
        format_func=lambda key: _name(shown[key], language),
        key=f"{_CHOICE}_{text}",
    )
    return shown[picked] if picked else None


def _name(place: PlaceInZones, language: Language) -> str:
    return wording.name_in({"name": place.place_name, "name_en": place.place_name_en}, "name", language)
