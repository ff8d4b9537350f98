"""The brief's maps as SVG: coverage by grid, zones hatched, sites where people stand long; the district, and the zones near.

Hatching is drawn as lines, not as a pattern: a pattern shows its seams in print. Nothing is fetched and no map library is loaded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from data.brief import ink
from data.brief.figures import Brief, Row
from geo.topology import Ring, Topology, build_topology, list_rings

Point = tuple[float, float]
MARGIN = 4.0
AROUND = 0.12
"""Ground shown around the zones, as a share of their extent (design, zone map)."""
SEALED = ("high", "medium")
LEAST_SIZE = 8.0
"""A sealed building is drawn at least so large, in points."""
_STEP = 1e-5


@dataclass(frozen=True)
class Labels:
    """What is written on a map, in the brief's language: a row's name by its stem, a wait, a share, the chip of a high-risk zone."""

    name: Callable[[Row, str], str]
    wait: Callable[[float], str]
    share: Callable[[float], str]
    chip: Callable[[int], str]


@dataclass
class Places:
    """Where words stand already: what comes later gives way, by other places first, then by being left out."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def find(
        self, words: str, size: float, tries: Iterable[tuple[float, float, str]]
    ) -> tuple[float, float, str] | None:
        """The first of the places (x, y of the baseline, anchor) where the words touch nothing; None without one."""
        width = sum(size if ord(character) > 0x2E7F else size * 0.56 for character in words)
        for x, y, anchor in tries:
            left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
            box = left - 1, y - size, left + width + 1, y + size * 0.3
            if not any(
                box[0] < right and west < box[2] and box[1] < low and top < box[3]
                for west, top, right, low in self.taken
            ):
                self.taken.append(box)
                return x, y, anchor
        return None

    def keep(self, place: Point, half: float) -> None:
        """Keeps words off a mark."""
        x, y = place
        self.taken.append((x - half, y - half, x + half, y + half))


@dataclass(frozen=True)
class Frame:
    """Where degrees fall on the sheet: one scale for both axes at this latitude, the extent in the middle."""

    width: float
    height: float
    west: float
    north: float
    scale: float
    squeeze: float

    def place(self, lon: float, lat: float) -> Point:
        return (lon - self.west) * self.squeeze * self.scale, (self.north - lat) * self.scale

    def holds(self, point: Point, margin: float = 0) -> bool:
        return margin <= point[0] <= self.width - margin and margin <= point[1] <= self.height - margin


def fit_frame(points: Sequence[Sequence[float]], width: float, height: float, around: float = 0.0) -> Frame:
    """The frame in which all points lie, with a share of their extent around them."""
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    squeeze = math.cos(math.radians((min(lats) + max(lats)) / 2))
    wide = max((max(lons) - min(lons)) * squeeze * (1 + 2 * around), 1e-6)
    high = max((max(lats) - min(lats)) * (1 + 2 * around), 1e-6)
    scale = min((width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high)
    west = (min(lons) + max(lons)) / 2 - width / scale / squeeze / 2
    north = (min(lats) + max(lats)) / 2 + height / scale / 2
    return Frame(width, height, west, north, scale, squeeze)


def draw_district(brief: Brief, width: float, height: float, labels: Labels, title: str) -> str:
    """The whole district: towns with their coverage, zones, and the sites that are jammed by name."""
    rings = _grid_rings(brief)
    if not any(rings):
        return ink.sheet(width, height, [], title)
    frame = fit_frame(list(chain.from_iterable(chain.from_iterable(rings))), width, height)
    parts = [*_draw_grids(brief, rings, frame, is_near=False), *_draw_zones(brief, frame, is_near=False)]
    places = Places()
    parts += _draw_sites(brief, frame, labels, places, is_near=False)
    shares = {row["code"]: row["coverage_pct"] for row in brief.rows("wall/towns")}
    for town in brief.rows("map/towns"):
        if town["label_lon"] is None:
            continue
        x, y = frame.place(town["label_lon"], town["label_lat"])
        pct = shares.get(town["town_code"])
        words = labels.name(town, "town_name") + (f" {labels.share(pct)}" if pct is not None else "")
        found = places.find(words, 8, [(x, y + step, "middle") for step in (3, -10, 16, -20, 26)])
        if found:
            parts.append(ink.text(words, *found[:2], 8, weight=600, anchor=found[2], casing=2))
    return ink.sheet(width, height, parts, title)


def draw_zone_map(brief: Brief, width: float, height: float, labels: Labels, title: str) -> str | None:
    """The ground around the high-risk and medium-risk zones, with every site; None without such a zone."""
    sealed = [point for row in _sealed_shapes(brief) for ring in _rings_of(row) for point in ring]
    if not sealed:
        return None
    frame = fit_frame(sealed, width, height, AROUND)
    rings = _grid_rings(brief)
    parts = [*_draw_grids(brief, rings, frame, is_near=True), *_draw_zones(brief, frame, is_near=True)]
    places = Places()
    marks = _draw_sites(brief, frame, labels, places, is_near=True)
    parts += [*marks, *_draw_chips(brief, frame, labels, places)]
    for community in brief.rows("map/communities"):
        if community["label_lon"] is None:
            continue
        x, y = frame.place(community["label_lon"], community["label_lat"])
        words = labels.name(community, "community_name")
        tries = [(x, y + step, "middle") for step in (3, -8, 14)]
        found = places.find(words, 7, tries) if frame.holds((x, y), 14) else None
        if found:
            parts.append(ink.text(words, *found[:2], 7, anchor=found[2], casing=2))
    return ink.sheet(width, height, parts, title)


def number_zones(brief: Brief) -> dict[str, int]:
    """Each zone's number within its level, as on the pages: 高1, 高2 …"""
    counted: dict[str, int] = {}
    numbers = {}
    for row in brief.rows("zones/inside"):
        counted[row["level"]] = numbers[row["zone_code"]] = counted.get(row["level"], 0) + 1
    return numbers


def hatch(rings: Sequence[Sequence[Point]], pitch: float, is_falling: bool = False) -> Iterator[tuple[Point, Point]]:
    """Lines at 45° through the inside of a polygon (even-odd), `pitch` apart; they fall together across polygons."""
    side = -1.0 if is_falling else 1.0
    half = math.sqrt(0.5)
    turned = [[((x * side + y) * half, (y - x * side) * half) for x, y in ring] for ring in rings]
    heights = [across for ring in turned for _, across in ring]
    if not heights:
        return
    for number in range(math.ceil(min(heights) / pitch), math.floor(max(heights) / pitch) + 1):
        level = number * pitch + 1e-6  # never exactly through a corner
        cuts = sorted(
            along + (level - across) / (next_across - across) * (next_along - along)
            for ring in turned
            for (along, across), (next_along, next_across) in zip(ring, [*ring[1:], ring[0]], strict=True)
            if (across > level) != (next_across > level)
        )
        for start, end in zip(cuts[::2], cuts[1::2], strict=True):
            yield tuple(((along - level) * half * side, (along + level) * half) for along in (start, end))  # type: ignore[misc]


def _grid_rings(brief: Brief) -> list[list[Ring]]:
    """The rings of each grid, in the order of map/grids; none for one without a shape."""
    return [list_rings(json.loads(row["geojson"])) if row["geojson"] else [] for row in brief.rows("map/grids")]


def _draw_grids(brief: Brief, rings: Sequence[Sequence[Ring]], frame: Frame, *, is_near: bool) -> list[str]:
    grids = brief.rows("map/grids")
    shares = {row["grid_code"]: row["coverage_pct"] for row in brief.rows("coverage/list")}
    topology = build_topology(rings, _STEP)
    coarse = [_thin(topology, arc, 0.3, frame) for arc in topology.arcs]
    parts = [ink.rectangle(0, 0, frame.width, frame.height, ink.SURFACE)]
    by_fill: dict[str, list[str]] = {}
    for grid, shape in zip(grids, topology.shapes, strict=True):
        outline = _outline(shape, coarse)
        if any(frame.holds(point, -20) for ring in outline for point in ring):
            by_fill.setdefault(ink.of_share(shares.get(grid["grid_code"])), []).append(_path(outline, is_closed=True))
    parts += [f'<path d="{"".join(paths)}" fill="{fill}" fill-rule="evenodd"/>' for fill, paths in by_fill.items()]
    for key, width, stroke in _borders(is_near):
        lines = "".join(
            _path([line], is_closed=False)
            for line, around in zip(coarse, _neighbours(topology), strict=True)
            if key == "" or len({grids[index][key] if key else index for index in around}) > 1 or len(around) == 1
            if any(frame.holds(point, -20) for point in line)
        )
        parts.append(
            f'<path d="{lines}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round"/>'
        )
    return parts


def _borders(is_near: bool) -> tuple[tuple[str, float, str], ...]:
    """Lines of each rank from below: the column that changes across it ("" is any border), its width, its colour."""
    near = 1.6 if is_near else 1.0
    return (
        ("", 0.3 * near, ink.PAGE),
        ("community_code", 0.8 * near, ink.PAGE),
        ("town_code", 2.0, ink.PAGE),
        ("town_code", 0.9, ink.TEXT),
    )


def _neighbours(topology: Topology) -> list[set[int]]:
    """The polygons on the sides of each arc."""
    around: list[set[int]] = [set() for _ in topology.arcs]
    for index, shape in enumerate(topology.shapes):
        for arc in chain.from_iterable(shape):
            around[arc if arc >= 0 else ~arc].add(index)
    return around


def _thin(topology: Topology, arc: Sequence[tuple[int, int]], least: float, frame: Frame) -> list[Point]:
    """The arc on the sheet without corners that print cannot show; its ends stay, so neighbours still meet."""
    places = [frame.place(lon * topology.step, lat * topology.step) for lon, lat in arc]
    kept = places[:1]
    for before, place in pairwise(places):
        if math.dist(kept[-1], place) >= least or before == place:
            kept.append(place)
    if kept[-1] != places[-1]:
        kept.append(places[-1])
    return kept


def _outline(shape: Sequence[Sequence[int]], arcs: Sequence[list[Point]]) -> list[list[Point]]:
    return [[point for arc in ring for point in (arcs[arc] if arc >= 0 else arcs[~arc][::-1])[:-1]] for ring in shape]


def _path(lines: Sequence[Sequence[Point]], *, is_closed: bool) -> str:
    drawn = []
    for line in lines:
        steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        drawn.append(f"M{steps}{'Z' if is_closed else ''}")
    return "".join(drawn)


def _sealed_shapes(brief: Brief) -> list[Row]:
    """Members of high-risk and medium-risk zones; the highest level last, so that it lies on top."""
    rows = [row for row in brief.rows("zones/shapes") if row["level"] in SEALED and row["geojson"]]
    return sorted(rows, key=lambda row: row["level"] == "high")


def _rings_of(row: Row) -> list[Ring]:
    return list_rings(json.loads(row["geojson"]))


def _draw_zones(brief: Brief, frame: Frame, *, is_near: bool) -> list[str]:
    parts = []
    near = 1.5 if is_near else 1.0
    for row in _sealed_shapes(brief):
        rings = [[frame.place(lon, lat) for lon, lat, *_ in ring] for ring in _rings_of(row)]
        is_high = row["level"] == "high"
        rings = _at_least(rings, LEAST_SIZE * near)
        outline = _path(rings, is_closed=True)
        lines = list(hatch(rings, (3.4 if is_high else 7.0) * near))
        lines += hatch(rings, 3.4 * near, is_falling=True) if is_high else []
        drawn = _path(lines, is_closed=False)
        if is_high:
            parts.append(f'<path d="{outline}" fill="{ink.PAGE}" stroke="{ink.PAGE}" stroke-width="3.2"/>')
            parts.append(f'<path d="{drawn}" stroke="{ink.ZONE}" stroke-width="{0.9 * near:g}"/>')
            parts.append(f'<path d="{outline}" fill="none" stroke="{ink.ZONE}" stroke-width="1.5"/>')
        else:
            parts.append(f'<path d="{drawn}" stroke="{ink.PAGE}" stroke-opacity="0.7" stroke-width="{2 * near:g}"/>')
            parts.append(f'<path d="{drawn}" stroke="{ink.ZONE}" stroke-width="{0.8 * near:g}"/>')
            parts.append(f'<path d="{outline}" fill="none" stroke="{ink.PAGE}" stroke-width="2.8"/>')
            parts.append(
                f'<path d="{outline}" fill="none" stroke="{ink.ZONE}" stroke-width="1.3" stroke-dasharray="5 2"/>'
            )
    return parts


def _draw_chips(brief: Brief, frame: Frame, labels: Labels, places: Places) -> list[str]:
    """The numbers of the high-risk zones, beside them, each in a filled box."""
    numbers = number_zones(brief)
    parts = []
    drawn: set[str] = set()
    for row in _sealed_shapes(brief):
        code = row["zone_code"]
        if row["level"] != "high" or code in drawn or code not in numbers:
            continue
        drawn.add(code)
        x, y = next(iter(frame.place(*point[:2]) for point in _rings_of(row)[0]))
        words = labels.chip(numbers[code])
        tries = [(x + 18, y + 3, "middle"), (x - 18, y + 3, "middle"), (x, y - 10, "middle"), (x, y + 18, "middle")]
        at_x, at_y, _ = places.find(words, 10, tries) or tries[0]
        parts.append(ink.rectangle(at_x - 9, at_y - 8, 18, 11, ink.ZONE))
        parts.append(ink.text(words, at_x, at_y, 8, ink=ink.PAGE, weight=600, anchor="middle"))
    return parts


def _at_least(rings: list[list[Point]], size: float) -> list[list[Point]]:
    """The rings, or a square in their place where they would be too small to be seen."""
    xs, ys = ([point[axis] for ring in rings for point in ring] for axis in (0, 1))
    if max(xs) - min(xs) >= size or max(ys) - min(ys) >= size:
        return rings
    x, y, half = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, size / 2
    return [[(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]]


def _draw_sites(brief: Brief, frame: Frame, labels: Labels, places: Places, *, is_near: bool) -> list[str]:
    """Every site by its wait class, the longest wait on top; minutes beside the busy ones near, the jammed ones always."""
    states = {row["site_code"]: row for row in brief.rows("sites/state")}
    order = list(ink.WAIT)
    parts: list[str] = []
    notes: list[str] = []
    sites = brief.rows("map/sites")
    told: list[tuple[Point, str, str]] = []
    for site in sorted(sites, key=lambda row: _rank(states.get(row["site_code"]), order)):
        state = states.get(site["site_code"])
        place = frame.place(site["lon"], site["lat"])
        if not frame.holds(place, 2):
            continue
        wait_class = state["wait_class"] if state else "unknown"
        parts.append(draw_mark(wait_class, *place, 1.3 if is_near else 0.8))
        if wait_class in ("busy", "jammed"):
            places.keep(place, 4)
        if state and state["wait_min"] is not None and (wait_class == "jammed" or (is_near and wait_class == "busy")):
            wait = labels.wait(state["wait_min"])
            told.append((place, f"{labels.name(site, 'site_name')} {wait}" if wait_class == "jammed" else wait, wait))
    for (x, y), words, wait in reversed(told):  # the longest wait first: it keeps its name
        for shown in dict.fromkeys((words, wait)):
            found = places.find(shown, 7.5, [(x + 6, y + 3, "start"), (x - 6, y + 3, "end"), (x, y - 6, "middle")])
            if found:
                notes.append(ink.text(shown, *found[:2], 7.5, weight=600, anchor=found[2], casing=2))
                break
    return [*parts, *notes]


def _rank(state: Row | None, order: list[str]) -> tuple[int, float]:
    shown = ["resting", "unknown", "smooth", "busy", "jammed"]
    if state is None or state["wait_class"] not in order:
        return shown.index("unknown"), 0.0
    return shown.index(state["wait_class"]), state["wait_min"] or 0.0


def draw_mark(wait_class: str, x: float, y: float, scale: float = 1.0) -> str:
    """The shape of a wait class: ring, diamond, square, bar, dot. The shape tells it in grey too."""
    fill = ink.WAIT.get(wait_class, ink.TEXT_3)
    edge = f'stroke="{ink.PAGE}" stroke-width="0.8"'
    size = {"busy": 3.2, "jammed": 3.6}.get(wait_class, 1.7) * scale
    if wait_class == "smooth":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{ink.PAGE}" stroke="{fill}" stroke-width="{0.9 * scale:g}"/>'
    if wait_class == "busy":
        corners = [[(x, y - size), (x + size, y), (x, y + size), (x - size, y)]]
        return f'<path d="{_path(corners, is_closed=True)}" fill="{fill}" {edge}/>'
    if wait_class == "jammed":
        return ink.rectangle(x - size, y - size, 2 * size, 2 * size, fill, edge)
    if wait_class == "resting":
        return ink.rectangle(x - 2, y - 0.6, 4, 1.2, fill)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="0.9" fill="{fill}"/>'
