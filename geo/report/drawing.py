"""A map with its problems as one SVG: the whole district with numbers, and close-ups of single problems.

Draws on white with the light colours of the pages, so that it prints as it looks; nothing is fetched. A level has its
own form besides its colour: a filled number must be put right, a framed one can be repaired, a plain one is worth a look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from geo.fault import Fault, Level, Shapes
from geo.report.report import MapReport

WIDTH_PX = 1200.0
TALLEST_PX = 1500.0
NUMBERED_COUNT = 150
"""Numbers on one map; more would hide it. The worst come first."""
NUMBER_PX = 20.0
"""Of the numbers: on a laptop the whole map is shown at half its size."""
HALF_PX = 0.75 * NUMBER_PX
LEAST_PX = 12.0
"""A place smaller than this gets a ring round it."""
FONT = '"Source Sans","Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif'
INK = {"refuse": "#9C1812", "repair": "#C77E00", "warn": "#3E4F5C"}
GROUND, LINE, TEXT, SURFACE = "#FFFFFF", "#8798A5", "#12202B", "#EAF2F7"
METRES_PER_DEGREE = 111_320.0
Window = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """Where degrees fall on the drawing: `scale` pixels a degree of latitude, `squeeze` for longitude."""

    west: float
    north: float
    scale: float
    squeeze: float
    width: float
    height: float

    def pixels(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, 2) lon, lat as x, y."""
        return np.column_stack(
            [(points[:, 0] - self.west) * self.squeeze * self.scale, (self.north - points[:, 1]) * self.scale]
        )

    @property
    def metres_per_px(self) -> float:
        """Metres that one pixel stands for."""
        return METRES_PER_DEGREE / self.scale


def draw_map(report: MapReport) -> str:
    """The whole map with every problem's place, the first `NUMBERED_COUNT` of them numbered; "" where nothing has a place."""
    shapes = _drawable(report.grids.shapes)
    places = [fault.place for fault in report.judgement.faults if fault.place is not None]
    if not len(shapes) and not places:
        return ""
    bounds = shapely.total_bounds([*shapes, *places])
    sheet = _lay_sheet(tuple(bounds), WIDTH_PX, TALLEST_PX, margin=36.0)
    out = [_path(sheet, shapes, f'fill="{SURFACE}" stroke="{LINE}" stroke-width="0.7"', 0.4)]
    faults = list(enumerate(report.judgement.faults, start=1))
    for number, fault in reversed(faults):  # the worst on top
        out.append(_draw_place(sheet, fault, number))
    out.append(_place_numbers(sheet, faults[:NUMBERED_COUNT]))
    out.append(_scale_bar(sheet, 18))
    return _svg(sheet, out)


def draw_close_up(
    report: MapReport, fault: Fault, tree: shapely.STRtree, width: float = 300.0, height: float = 200.0
) -> str:
    """One problem with the grids round it, near enough to see it; "" where it has no place. `tree` is of the map's shapes."""
    if fault.place is None or fault.lon is None or fault.lat is None:
        return ""
    squeeze = math.cos(math.radians(fault.lat))
    west, south, east, north = fault.place.bounds
    reach_m = max((east - west) * squeeze * height / width, north - south) * METRES_PER_DEGREE * 0.65
    if fault.width_m is not None:
        reach_m = min(max(reach_m, 4.0), max(6 * fault.width_m, 4.0))
    elif fault.length_m is not None:
        reach_m = max(1.5 * fault.length_m, 30.0) if fault.kind.startswith("point") else min(reach_m, 60.0)
    reach_m = max(reach_m, 4.0)
    is_whole = fault.width_m is None and fault.length_m is None
    lon, lat = ((west + east) / 2, (south + north) / 2) if is_whole else (fault.lon, fault.lat)
    up = reach_m / METRES_PER_DEGREE
    side = up * width / height / squeeze
    window: Window = (lon - side, lat - up, lon + side, lat + up)
    sheet = Sheet(window[0], window[3], height / (2 * up), squeeze, width, height)
    seen = [k for k in tree.query(box(*window)) if report.grids.shapes[k] is not None]
    out = []
    labels = []
    for k in seen:
        part = _clip(report.grids.shapes[k], window)
        if part is None:
            continue
        out.append(_path(sheet, [part], f'fill="{SURFACE}" fill-opacity="0.8" stroke="{TEXT}" stroke-width="1.2"', 0.1))
        labels.append((part, report.grids.label(int(k))))
    place = _clip(fault.place, _widened(window)) if fault.place.area else fault.place
    if place is not None:
        out.append(_paint(sheet, place, fault.level))
    if not fault.place.area:
        (spot,) = sheet.pixels(np.array([[fault.lon, fault.lat]]))
        out.append(
            f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="7" fill="none" stroke="{INK[fault.level]}" stroke-width="3"/>'
        )
    taken: list[Window] = []
    for part, code in labels:
        spot = shapely.point_on_surface(part)
        (at,) = sheet.pixels(np.array([[spot.x, spot.y]]))
        half = 3.4 * len(code) + 2
        x = min(max(float(at[0]), half), width - half)
        y = min(max(float(at[1]), 12.0), height - 6.0)
        area: Window = (x - half, y - 12, x + half, y + 4)
        if not any(_meets(area, other) for other in taken):
            taken.append(area)
            out.append(_text(x, y, code, 11, TEXT))
    out.append(_scale_bar(sheet))
    return _svg(sheet, out, frame=True)


def _drawable(shapes: Shapes) -> list[BaseGeometry]:
    return [shape for shape in shapes if shape is not None and not shape.is_empty]


def _lay_sheet(bounds: Sequence[float], widest: float, tallest: float, margin: float) -> Sheet:
    west, south, east, north = bounds
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.01)
    across, up = max((east - west) * squeeze, 1e-5), max(north - south, 1e-5)
    scale = min((widest - 2 * margin) / across, (tallest - 2 * margin) / up)
    pad = margin / scale
    height = up * scale + 2 * margin
    left = (widest - across * scale) / 2 / scale
    return Sheet(west - left / squeeze, north + pad, scale, squeeze, widest, max(height, 240.0))


def _path(sheet: Sheet, shapes: Sequence[BaseGeometry], style: str, tolerance_px: float) -> str:
    """All shapes as one path, in tenths of a pixel, corners that nobody would see left out."""
    drawn = shapely.transform(np.array(list(shapes), dtype=object), sheet.pixels)
    drawn = shapely.simplify(drawn, tolerance_px, preserve_topology=False)
    lines = []
    for part in shapely.get_parts(drawn):
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for ring in rings:
            if ring.geom_type == "Point" or ring.is_empty:
                continue
            corners = "L".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring))
            lines.append(f"M{corners}" + ("Z" if part.geom_type == "Polygon" else ""))
    return f'<path d="{"".join(lines)}" fill-rule="evenodd" stroke-linejoin="round" {style}/>' if lines else ""


def _paint(sheet: Sheet, place: BaseGeometry, level: Level) -> str:
    fill = f'fill="{INK[level]}" fill-opacity="0.35"' if place.area else 'fill="none"'
    return _path(sheet, [place], f'{fill} stroke="{INK[level]}" stroke-width="2"', 0.2)


def _draw_place(sheet: Sheet, fault: Fault, number: int) -> str:
    if fault.place is None or fault.lon is None or fault.lat is None:
        return ""
    (spot,) = sheet.pixels(np.array([[fault.lon, fault.lat]]))
    west, south, east, north = fault.place.bounds
    extent = max((east - west) * sheet.squeeze, north - south) * sheet.scale
    is_small = extent < LEAST_PX or not fault.place.area
    ring = (
        f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="{LEAST_PX / 2:.1f}" fill="{GROUND}" fill-opacity="0.6" '
        f'stroke="{INK[fault.level]}" stroke-width="2"/>'
        if is_small
        else ""
    )
    return f'<g data-number="{number}">{_paint(sheet, fault.place, fault.level)}{ring}</g>'


def _place_numbers(sheet: Sheet, faults: Sequence[tuple[int, Fault]]) -> str:
    """The numbers beside their places, none over another, each tied to its place by a line."""
    taken: list[Window] = []
    out = []
    for number, fault in faults:
        if fault.lon is None or fault.lat is None:
            continue
        (spot,) = sheet.pixels(np.array([[fault.lon, fault.lat]]))
        half = NUMBER_PX * (0.3 + 0.34 * len(str(number)))
        chosen = _find_room(sheet, float(spot[0]), float(spot[1]), half, taken)
        if chosen is None:
            continue
        x, y = chosen
        taken.append((x - half, y - HALF_PX, x + half, y + HALF_PX))
        ink = INK[fault.level]
        out.append(
            f'<line x1="{spot[0]:.1f}" y1="{spot[1]:.1f}" x2="{x:.1f}" y2="{y:.1f}" stroke="{ink}" stroke-width="1"/>'
        )
        shape = f'x="{x - half:.1f}" y="{y - HALF_PX:.1f}" width="{2 * half:.1f}" height="{2 * HALF_PX:g}"'
        fill, words = (ink, GROUND) if fault.level == "refuse" else (GROUND, ink)
        edge = 0 if fault.level == "warn" else 2
        out.append(f'<rect {shape} rx="3" fill="{fill}" stroke="{ink}" stroke-width="{edge}"/>')
        out.append(_text(x, y + NUMBER_PX * 0.35, str(number), NUMBER_PX, words, has_casing=False))
    return "".join(out)


def _find_room(sheet: Sheet, x: float, y: float, half: float, taken: Sequence[Window]) -> tuple[float, float] | None:
    for reach in (26, 40, 58, 80, 106, 136, 170):
        for turn in range(12):
            angle = math.pi * (2 * turn / 12 - 0.25)
            at = (x + math.cos(angle) * (reach + half - HALF_PX), y + math.sin(angle) * reach)
            area: Window = (at[0] - half - 1, at[1] - HALF_PX - 1, at[0] + half + 1, at[1] + HALF_PX + 1)
            inside = area[0] > 0 and area[1] > 0 and area[2] < sheet.width and area[3] < sheet.height
            if inside and not any(_meets(area, other) for other in taken):
                return at
    return None


def _meets(a: Window, b: Window) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _clip(shape: BaseGeometry, window: Window) -> BaseGeometry | None:
    west, south, east, north = _widened(window)
    try:
        part = shapely.clip_by_rect(shape, west, south, east, north)
    except shapely.GEOSException:
        part = shapely.intersection(shapely.make_valid(shape), box(west, south, east, north))
    return None if part.is_empty else part


def _widened(window: Window) -> Window:
    """A little beyond the frame, so that the frame is not drawn as an edge."""
    west, south, east, north = window
    dx, dy = (east - west) * 0.03, (north - south) * 0.03
    return west - dx, south - dy, east + dx, north + dy


def _scale_bar(sheet: Sheet, font: float = 11) -> str:
    """A round length in metres or kilometres, in the lower left corner."""
    wanted = sheet.width * 0.2 * sheet.metres_per_px
    power = 10 ** math.floor(math.log10(wanted))
    length = next(factor * power for factor in (5, 2, 1) if factor * power <= wanted)
    shown = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    long, y = length / sheet.metres_per_px, sheet.height - 12
    line = f'<path d="M10,{y - 5:.1f}V{y:.1f}H{10 + long:.1f}V{y - 5:.1f}" fill="none" stroke="{TEXT}" stroke-width="1.5"/>'
    return line + _text(10 + long / 2, y - 4, shown, font, TEXT)


def _text(x: float, y: float, text: str, size: float, ink: str, has_casing: bool = True) -> str:
    casing = f' stroke="{GROUND}" stroke-width="3" paint-order="stroke"' if has_casing else ""
    style = f'font-size="{size:g}" font-weight="600" text-anchor="middle" fill="{ink}"{casing}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _svg(sheet: Sheet, parts: Sequence[str], frame: bool = False) -> str:
    edge = f'<rect x="0.5" y="0.5" width="{sheet.width - 1:g}" height="{sheet.height - 1:g}" fill="none" stroke="#C9D2DA"/>'
    family = escape(FONT, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width:g} {sheet.height:.0f}" '
        f'font-family="{family}" role="img"><rect width="100%" height="100%" fill="{GROUND}"/>'
        f"{''.join(parts)}{edge if frame else ''}</svg>"
    )
