"""The brief's colours: the design's light theme, on white, told apart in grey too; and SVG that no text can break."""

from __future__ import annotations

from html import escape

FONT = "Source Sans 3, Source Sans, Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
PAGE, SURFACE, RAISED, RULE = "#FFFFFF", "#F4F6F8", "#E8ECF0", "#C9D2DA"
TEXT, TEXT_2, TEXT_3 = "#12202B", "#3E4F5C", "#485863"
ZONE, ACT, WATCH, UNKNOWN = "#9E0056", "#9C1812", "#6B4200", "#E6E6E6"
BAR, BAR_2 = "#4F6474", "#8798A5"
WAIT = {"smooth": "#075C34", "busy": "#C77E00", "jammed": "#9C1812", "resting": "#4A5964", "unknown": TEXT_3}
RAMP = ("#EAF2F7", "#CFE1EC", "#ABCBDF", "#7FB0CF", "#518FB8", "#2A6C99", "#0E4A75")
BOUNDS_PCT = (20.0, 40.0, 60.0, 75.0, 90.0, 98.0)
"""Lower bounds of the ramp's classes from the second on."""


def of_share(pct: float | None) -> str:
    """The ramp's colour of a share; that of the unknown without one."""
    return UNKNOWN if pct is None else RAMP[sum(pct >= bound for bound in BOUNDS_PCT)]


def text(
    words: str,
    x: float,
    y: float,
    size: float,
    *,
    ink: str = TEXT,
    weight: int = 400,
    anchor: str = "start",
    casing: float = 0,
) -> str:
    """A line of text; `casing` is the width of the page's colour around it, so that it reads on any fill."""
    halo = f' stroke="{PAGE}" stroke-width="{casing:g}" stroke-linejoin="round" paint-order="stroke"' if casing else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" font-weight="{weight}" text-anchor="{anchor}" fill="{ink}"{halo}>'
        f"{escape(words)}</text>"
    )


def rectangle(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{f" {more}" if more else ""}/>'


def sheet(width: float, height: float, parts: list[str], title: str) -> str:
    """The parts as one SVG of this size in points, with its title for who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'font-family="{escape(FONT)}" role="img" aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'
    )
