"""The design's colours for what the server draws: charts and their labels. The stylesheet has the same tokens for the rest.

No colour outside its meaning: throughput, channels and staff are grey (`bar`, `bar_2`); blue (`ramp`) is the share done, rose is a
risk zone, amber and red are late and act-now.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Palette:
    """The tokens of one theme; `ramp` is coverage from under 20 % to done, `ramp_stale` the same without its colour."""

    page: str
    surface: str
    raised: str
    rule: str
    text: str
    text_2: str
    text_3: str
    act: str
    watch: str
    ok: str
    busy: str
    jam: str
    rest: str
    zone: str
    bar: str
    bar_2: str
    done: str
    stale: str
    focus: str
    unknown: str
    ramp: tuple[str, ...]
    ramp_stale: tuple[str, ...]

    def of_wait(self, wait_class: str) -> str:
        """The colour of a wait class: smooth, busy, jammed, resting; that of small print for one that is unknown."""
        return {"smooth": self.ok, "busy": self.busy, "jammed": self.jam, "resting": self.rest}.get(
            wait_class, self.text_3
        )


LIGHT = Palette(
    page="#FFFFFF",
    surface="#F4F6F8",
    raised="#E8ECF0",
    rule="#C9D2DA",
    text="#12202B",
    text_2="#3E4F5C",
    text_3="#485863",
    act="#9C1812",
    watch="#6B4200",
    ok="#075C34",
    busy="#C77E00",
    jam="#9C1812",
    rest="#4A5964",
    zone="#9E0056",
    bar="#4F6474",
    bar_2="#8798A5",
    done="#518FB8",
    stale="#4A5964",
    focus="#0A4E94",
    unknown="#E6E6E6",
    ramp=("#EAF2F7", "#CFE1EC", "#ABCBDF", "#7FB0CF", "#518FB8", "#2A6C99", "#0E4A75"),
    ramp_stale=("#F2F2F2", "#E4E4E4", "#D0D0D0", "#B9B9B9", "#9F9F9F", "#858585", "#6A6A6A"),
)
DARK = Palette(
    page="#0B1015",
    surface="#121A21",
    raised="#1B252E",
    rule="#33414D",
    text="#F3F6F8",
    text_2="#B9C5CE",
    text_3="#9BABB7",
    act="#FF857A",
    watch="#FFC445",
    ok="#43D18B",
    busy="#FFC445",
    jam="#FF857A",
    rest="#9BABB7",
    zone="#FF8FC0",
    bar="#9FB2C1",
    bar_2="#5C7183",
    done="#5596BB",
    stale="#A7B0B8",
    focus="#7CC4FF",
    unknown="#2A3138",
    ramp=("#172A3A", "#1B4059", "#225A7C", "#34779E", "#5596BB", "#82B8D4", "#BCDDEC"),
    ramp_stale=("#22272B", "#30363B", "#40474D", "#535A61", "#686F76", "#7F868C", "#9AA0A5"),
)
HUES = (
    ("#0E4A75", "#82B8D4"), ("#7FB0CF", "#34779E"), ("#5B4B9A", "#A795E0"), ("#B7A8DC", "#6A5AA8"), ("#2F7F8C", "#5FA8B0"),
    ("#4F6474", "#9FB2C1"), ("#8A6A4F", "#B89878"), ("#A9B4BC", "#5C7183"),
)  # fmt: skip
"""Colours of words, in light and dark: none that has a meaning of its own elsewhere. The last is that of all the others together."""
LINE_HUES = tuple(HUES[place] for place in (0, 1, 2, 5, 6))
"""Those that thin lines and points are told apart by."""


def read_palette() -> Palette:
    """The colours of the theme that this viewer sees; light where the browser has not said yet.

    Streamlit runs the page anew when a viewer changes the theme, so a chart follows.
    """
    return DARK if st.context.theme.type == "dark" else LIGHT
