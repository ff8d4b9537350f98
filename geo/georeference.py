"""From the coordinates of a file to EPSG:4326: which system they are in, whether that can be, and the way across.

A system is what the file says or the operator names, never a guess: where neither does, or where the coordinates
contradict it, the error says what they look like.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from geo.crs import Coordinates
from geo.errors import GeoError
from geo.web_maps import WEB_MAP_SYSTEMS, degrees_from_web_map

Shapes = npt.NDArray[np.object_]
Bounds = tuple[float, float, float, float]

STRAY_DEG = 3.0
"""Surveys use a zone a little beyond its edges; farther out than this, the zone is the wrong one."""
_CHINA: Bounds = (73.0, 3.0, 136.0, 54.0)
_EQUAL_TO_WGS84 = {"GRS 1980", "CGCS2000", "WGS 84", "GRS80"}


@dataclass(frozen=True)
class Georeferenced:
    """Shapes in EPSG:4326, the name of the system that they came from, and what is to be known about the way."""

    shapes: Shapes
    source_crs: str
    notes: tuple[str, ...] = ()


def bring_to_degrees(shapes: Shapes, file_crs: str | None, told_crs: str | None) -> Georeferenced:
    """The shapes in EPSG:4326, lon first; points that were equal stay equal.

    `file_crs` is what the file says (anything that pyproj reads), `told_crs` what the operator says, which wins: an
    EPSG code, WKT, PROJ string, "gcj02" or "bd09". Raises GeoError where both are missing, where a datum shift is
    unknown, or where the coordinates cannot be in that system.
    """
    bounds = _bounds(shapes)
    notes: list[str] = []
    if told_crs and _plain(told_crs) in WEB_MAP_SYSTEMS:
        system = _plain(told_crs)
        _refuse_swapped(bounds, _CHINA, WEB_MAP_SYSTEMS[system])
        moved = _move_distinct(shapes, lambda points: degrees_from_web_map(points, system))
        return Georeferenced(moved, WEB_MAP_SYSTEMS[system])
    declared = _read_crs(file_crs) if file_crs else None
    if told_crs:
        crs = _told(told_crs)
        if declared is not None and not declared.equals(crs, ignore_axis_order=True):
            notes.append(f"The file says {_name(declared)}; read as {_name(crs)}, as told.")
    elif declared is None:
        raise GeoError(
            f"The file does not say what its coordinates are: they run from ({_pair(bounds[:2])}) to ({_pair(bounds[2:])}).",
            f"{describe_coordinates(bounds)} Name the system, such as --crs {_usual_system(bounds)}.",
        )
    else:
        crs = declared
    if crs.is_geographic:
        _refuse_no_degrees(bounds, crs)
    area = crs.area_of_use
    if area is not None and crs.is_geographic and crs.to_epsg() != 4326:
        _refuse_swapped(bounds, area.bounds, _name(crs))
    convert, way = _find_way(crs, bounds)
    notes += way
    moved = shapes if convert is None else _move_distinct(shapes, convert)
    _refuse_astray(moved, bounds, crs, convert)
    _refuse_round_the_world(moved)
    return Georeferenced(moved, _name(crs), tuple(notes))


def describe_coordinates(bounds: Bounds) -> str:
    """What coordinates within these bounds look like, in a sentence or two: a help for naming their system."""
    west, south, east, north = bounds
    if _within(bounds, _CHINA):
        return (
            "They look like degrees in China, longitude first: EPSG:4490 from a survey (CGCS2000), EPSG:4326 from GPS, "
            "gcj02 from most Chinese web maps, bd09 from Baidu."
        )
    if _within((south, west, north, east), _CHINA):
        return "They look like degrees in China with latitude first: swap the two columns or axes."
    if _within(bounds, (-180, -90, 180, 90)):
        return "They look like degrees, longitude first: EPSG:4326 from GPS."
    if _within(bounds, (0, -90, 360, 90)):
        return "They look like degrees that count on past 180°: east of it, expected are those from -180 to 0."
    if _within((south, west, north, east), (-180, -90, 180, 90)):
        return "They look like degrees with latitude first: swap the two columns or axes."
    if 1e6 <= west <= east <= 7e6 and (-1e5 <= south <= north <= 1e6 or 1.3e7 <= south <= north <= 4.6e7):
        return "They look like metres with the northing first, as surveyors write them: swap the two columns or axes."
    found = []
    if 2.5e7 <= west <= east < 4.6e7 and 0 <= south <= north <= 6e6:
        zone = int(west // 1e6)
        found.append(
            f"metres of the 3-degree zone {zone} (the first two digits): EPSG:{4488 + zone} for CGCS2000, "
            f"EPSG:{2324 + zone} for Xian 1980, EPSG:{2376 + zone} for Beijing 1954"
        )
    if 1.3e7 <= west <= east < 2.4e7 and 0 <= south <= north <= 6e6:
        zone = int(west // 1e6)
        found.append(f"metres of the 6-degree zone {zone} (the first two digits): EPSG:{4478 + zone} for CGCS2000")
    if -2.01e7 <= west <= east <= 2.01e7 and not 0 <= west <= 1e6 and abs(south) < 2e7:
        found.append("metres of a web map: EPSG:3857")
    if 0 <= west <= east <= 1e6 and 0 <= south <= north <= 6.1e6:
        found.append(
            "metres of a zone without its number: for CGCS2000 in 3-degree zones EPSG:4534 (75°E) to EPSG:4554 (135°E), "
            "such as EPSG:4547 for 114°E; ask the survey for the central meridian"
        )
    return f"They look like {', or '.join(found)}." if found else "They fit no system that is usual here."


def _find_way(crs: CRS, bounds: Bounds) -> tuple[Callable[[Coordinates], Coordinates] | None, list[str]]:
    """The function into lon, lat of WGS 84 (None where the coordinates are that already), and what to say about it."""
    if crs.to_epsg() == 4326 or (crs.is_geographic and crs.to_authority() == ("OGC", "CRS84")):
        return None, []
    try:
        with _told_here():
            group = TransformerGroup(crs, CRS.from_epsg(4326), always_xy=True, area_of_interest=_area(crs, bounds))
    except ProjError as error:
        raise GeoError(
            f"There is no way from {_name(crs)} to WGS 84: {error}.", "Export the layer in EPSG:4490."
        ) from None
    ways = [way for way in group.transformers if "Ballpark" not in way.description]
    if ways:
        way = ways[0]
        notes = []
        if way.accuracy and way.accuracy > 0:
            notes.append(
                f"From {_name(crs)} to WGS 84 by {_short(way.description)}: right to about {way.accuracy:g} m."
            )
    elif group.transformers and _ellipsoid(crs) in _EQUAL_TO_WGS84:
        # geocentric frames of our time lie within a metre of each other: no shift is published as none is needed
        way, notes = group.transformers[0], []
    else:
        raise GeoError(
            f"{_name(crs)} has another datum than WGS 84, and no public transformation leads across.",
            "Have the survey office convert the layer to CGCS2000 (EPSG:4490), or name the system with its own parameters: "
            '--crs "+proj=… +towgs84=…".',
        )

    def convert(points: Coordinates) -> Coordinates:
        return np.column_stack(way.transform(points[:, 0], points[:, 1]))

    return convert, notes


@contextmanager
def _told_here() -> Iterator[None]:
    """Keeps the library's warning that a finer transformation needs a file from elsewhere off the terminal.

    How exact the way taken is, a note says.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _area(crs: CRS, bounds: Bounds) -> Any:
    """Roughly where the coordinates lie, for the choice among transformations."""
    if crs.is_geographic:
        west, south, east, north = bounds
    else:
        group = TransformerGroup(crs, crs.geodetic_crs, always_xy=True)
        west, south = group.transformers[0].transform(bounds[0], bounds[1])
        east, north = group.transformers[0].transform(bounds[2], bounds[3])
    if not np.isfinite([west, south, east, north]).all() or not (west <= east and south <= north):
        return None
    return AreaOfInterest(west, south, east, north)


def _move_distinct(shapes: Shapes, convert: Callable[[Coordinates], Coordinates]) -> Shapes:
    """Each distinct point is converted once: neighbours that share a vertex go on sharing it to the last bit."""
    coordinates = shapely.get_coordinates(shapes)
    distinct, places = np.unique(coordinates, axis=0, return_inverse=True)
    converted = convert(distinct)[places.reshape(-1)] if len(distinct) else distinct
    if not np.isfinite(converted).all():
        raise GeoError("Some coordinates lie where their system does not reach.", describe_coordinates(_bounds(shapes)))
    moved: Shapes = shapely.set_coordinates(shapes.copy(), converted)
    return moved


def _refuse_no_degrees(bounds: Bounds, crs: CRS) -> None:
    if not _within(bounds, (-180, -90, 180, 90)):
        raise GeoError(
            f"The coordinates run from ({_pair(bounds[:2])}) to ({_pair(bounds[2:])}); in {_name(crs)} they should be "
            "degrees, longitude first.",
            describe_coordinates(bounds),
        )


def _refuse_swapped(bounds: Bounds, area: Sequence[float], name: str) -> None:
    west, south, east, north = bounds
    if not _within(bounds, area, STRAY_DEG) and _within((south, west, north, east), area, STRAY_DEG):
        raise GeoError(
            f"The coordinates run from ({_pair(bounds[:2])}) to ({_pair(bounds[2:])}): latitude stands first; "
            f"{name} is read longitude first.",
            "Swap the two columns or axes and import again; nothing is swapped by itself.",
        )


def _refuse_astray(
    moved: Shapes, bounds: Bounds, crs: CRS, convert: Callable[[Coordinates], Coordinates] | None
) -> None:
    """Coordinates that come out far from where their system is used are not in that system."""
    there = _bounds(moved)
    area = crs.area_of_use
    if area is None or area.west > area.east or _within(there, area.bounds, STRAY_DEG):
        return
    message = (
        f"In {_name(crs)} the layer would lie from ({_pair(there[:2])}) to ({_pair(there[2:])}), far from where that system "
        f"is used ({area.name})."
    )
    if convert is not None and not crs.is_geographic:
        west, south, east, north = bounds
        swapped = convert(np.array([[south, west], [north, east]]))
        if np.isfinite(swapped).all() and _within((*swapped.min(axis=0), *swapped.max(axis=0)), area.bounds, STRAY_DEG):
            raise GeoError(
                f"{message} With the two axes swapped it would lie within.",
                "Swap the two columns or axes and import again; nothing is swapped by itself.",
            )
    raise GeoError(message, f"{describe_coordinates(bounds)} Name the system with --crs.")


def _refuse_round_the_world(moved: Shapes) -> None:
    """A map across 180° has its one half at one end of the world and its other half at the other: no distance is right."""
    west, _, east, _ = _bounds(moved)
    if not east - west > 180:
        return
    middles = shapely.bounds(moved)[:, [0, 2]].mean(axis=1)
    east_count, west_count = int((middles > 0).sum()), int((middles < 0).sum())
    raise GeoError(
        f"The layer runs from longitude {west:.4g} to {east:.4g}, more than half round the world: {east_count:,} of its "
        f"shapes lie east of Greenwich, {west_count:,} west of it.",
        "Correct or remove those that lie far from the district. A map that crosses the 180th meridian cannot be shown: "
        "leave out what lies beyond it.",
    )


def _usual_system(bounds: Bounds) -> str:
    """The system to name as an example, for coordinates within these bounds."""
    is_abroad = _within(bounds, (-180, -90, 180, 90)) and not _within(bounds, _CHINA)
    return "EPSG:4326" if is_abroad else "EPSG:4490"


def _read_crs(text: str) -> CRS | None:
    """The system that a file states, as its EPSG entry where it is one; None where the file says nothing usable."""
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return None
    if not (crs.is_geographic or crs.is_projected or crs.is_bound or crs.is_compound):
        return None
    if len(crs.axis_info) > 2:
        crs = crs.to_2d()  # not for all: it loses the likeness of a .prj to its EPSG entry
    if crs.is_bound:
        return crs
    code = crs.to_epsg()
    return CRS.from_epsg(code) if code else crs


def _told(text: str) -> CRS:
    try:
        crs = CRS.from_user_input(int(text) if text.strip().isdigit() else text)
    except CRSError:
        raise GeoError(
            f"There is no coordinate system {text!r}.", "Such as EPSG:4490, EPSG:4547, EPSG:4326, gcj02 or bd09."
        ) from None
    if not (crs.is_geographic or crs.is_projected or crs.is_bound):
        raise GeoError(f"{text!r} is no system of places on the ground.", "Such as EPSG:4490 or EPSG:4547.")
    return crs.to_2d()


def _plain(text: str) -> str:
    return text.strip().lower().replace("-", "").replace("_", "").replace(" ", "")


def _name(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def _ellipsoid(crs: CRS) -> str:
    return str(crs.ellipsoid.name) if crs.ellipsoid is not None else ""


def _short(description: str) -> str:
    """A transformation's own name, without the steps that only turn axes or undo a projection."""
    steps = [
        step for step in description.split(" + ") if "axis order" not in step and not step.startswith("Inverse of")
    ]
    return " + ".join(steps) or description


def _pair(two: Sequence[float]) -> str:
    return ", ".join(f"{value:.10g}" for value in np.round(two, 5))


def _bounds(shapes: Shapes) -> Bounds:
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return west, south, east, north


def _within(inner: Sequence[float], outer: Sequence[float], margin: float = 0.0) -> bool:
    return bool(
        inner[0] >= outer[0] - margin
        and inner[1] >= outer[1] - margin
        and inner[2] <= outer[2] + margin
        and inner[3] <= outer[3] + margin
    )
