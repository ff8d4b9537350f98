"""What a browser draws at each zoom, of the scenario's 410 grids: the same tiling, coarser."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from dashboard.geometry import COARSER_M, draw_geometry
from data.outline import COARSER_M as DRAWN_M
from data.outline import GridShape, draw_outlines
from tests.geo.damage import scenario_map


@cache
def sent() -> tuple[dict[str, Any], int]:
    """The geometry that a browser gets, and its size in bytes, compressed."""
    grids = scenario_map()
    belong = zip(grids.codes, grids.communities, grids.towns, shapely.to_wkb(grids.shapes), strict=True)
    drawn = {(one.kind, one.code): one for one in draw_outlines([GridShape(*row) for row in belong])}
    rows = [
        {
            "grid_code": code,
            "grid_name": name,
            "grid_name_en": name,
            "community_code": community,
            "label_lon": drawn["grid", code].label_lon,
            "label_lat": drawn["grid", code].label_lat,
            "resident_count": 2000,
            "vulnerable_count": 150,
            "geojson": drawn["grid", code].geojson,
            "corner_ranks": drawn["grid_ranks", code].geojson,
        }
        for code, name, community in zip(grids.codes, grids.names, grids.communities, strict=True)
    ]
    about = dict.fromkeys(("district_name", "district_name_en", "timezone", "geometry_source"), "")
    outline = draw_geometry(lambda name: rows if name == "map/grids" else [], {**about, "is_synthetic": True})
    return json.loads(outline.payload.body), len(outline.payload.zipped)


def drawn_at(level: int) -> list[Polygon]:
    """The grids as the browser joins them at a level, in steps of the geometry."""
    body, _ = sent()
    lines = []
    for flat, ranks in zip(body["arcs"], body["ranks"], strict=True):
        points = np.cumsum(np.array(flat).reshape(-1, 2), axis=0).tolist()
        last = len(points) - 1
        kept = [point for i, point in enumerate(points) if i in (0, last) or int(ranks[i]) >= level]
        lines.append(kept if len(kept) > 3 or points[0] != points[-1] else points)

    def walk(ring: list[int]) -> list[list[float]]:
        joined: list[list[float]] = []
        for number in ring:
            line = lines[~number][::-1] if number < 0 else lines[number]
            joined += line[1:] if joined else line
        return joined

    return [Polygon(walk(rings[0]), [walk(ring) for ring in rings[1:]]) for rings in body["grids"]["rings"]]


def test_at_every_zoom_neighbours_share_their_borders() -> None:
    for level in range(len(COARSER_M) + 1):
        assert shapely.coverage_is_valid(np.array(drawn_at(level), dtype=object))


def test_from_farther_off_fewer_corners_are_drawn_and_no_grid_is_lost() -> None:
    counts = [int(shapely.get_num_coordinates(drawn_at(level)).sum()) for level in range(3)]
    assert counts[0] > 1.2 * counts[1]
    assert counts[1] > 1.5 * counts[2]
    assert min(shape.area for shape in drawn_at(2)) > 0


def test_the_geometry_of_410_grids_stays_under_150_kilobytes_on_the_line() -> None:
    assert sent()[1] < 150_000


def test_pages_and_lake_agree_on_the_tolerances() -> None:
    assert COARSER_M == DRAWN_M


def test_without_a_background_map_none_is_spoken_of() -> None:
    assert "tiles" not in sent()[0]
