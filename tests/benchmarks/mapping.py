"""A map of a thousand grids: read, judged, repaired and reported, beside reading it and asking whether each shape is valid."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import geopandas
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.fault import GridMap, Shapes
from geo.layer import read_layer
from geo.repair import repair_map
from geo.report import make_report, write_page
from geo.tiling import judge_map
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import cost_of
from tests.geo.damage import scenario_map

COUNT = 1000
MOST_S = 5.0


def measure_mapping() -> None:
    """Judges a thousand grids that tile, and the same drawn carelessly: each rounded and pushed by itself."""
    sound = shapely.segmentize(_lay_side_by_side(), 0.001)
    pushed = [shapely.affinity.translate(shape, *push) for shape, push in zip(sound, _pushes(), strict=True)]
    for name, shapes in (("that tile", sound), ("drawn carelessly", np.array(pushed, dtype=object))):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "grids.geojson"
            path.write_text(json.dumps(_features(shapes)), encoding="utf-8")
            plain = cost_of(lambda at=path: geopandas.read_file(at).geometry.is_valid.all())
            checked = cost_of(lambda at=path: judge_map(_as_map(read_layer(at).shapes)))
        grids = _as_map(shapes)
        fault_count = len(judge_map(grids).faults)
        corners = int(shapely.get_num_coordinates(shapes).sum())
        report(
            Figure(
                f"{COUNT} grids {name} ({corners:,} corners) checked",
                f"{checked}, {fault_count:,} faults",
                f"read and shapely.is_valid: {plain}",
                f"≤ {MOST_S:g} s",
                checked.wall_s <= MOST_S,
            )
        )
        if fault_count:
            repaired = cost_of(partial(repair_map, grids, 3.0))
            told = make_report("grids.geojson", datetime.now(UTC), grids)
            report(Figure("  repaired up to 3 m", f"{repaired}", f"checked: {checked}"))
            report(Figure("  written as a page", f"{cost_of(lambda made=told: write_page(made, 'zh'))}", f"{checked}"))


def _lay_side_by_side() -> Shapes:
    """The scenario's district again and again, from west to east, so that the copies do not touch."""
    shapes = scenario_map().shapes
    copies = [shapely.transform(shapes, lambda points, by=by: np.add(points, (by, 0))) for by in (0.0, 0.4, 0.8)]
    joined: Shapes = np.concatenate(copies)[:COUNT]
    return joined


def _pushes() -> list[tuple[float, float]]:
    """Up to a metre in each direction, the same at every run."""
    pushed = np.random.default_rng(3).uniform(-1e-5, 1e-5, (COUNT, 2))
    return [(float(east), float(north)) for east, north in pushed]


def _as_map(shapes: Shapes) -> GridMap:
    codes = tuple(f"{number:04d}" for number in range(len(shapes)))
    return GridMap(codes, shapes, codes)


def _features(shapes: Shapes) -> dict[str, object]:
    def feature(number: int, shape: BaseGeometry) -> dict[str, object]:
        geometry = json.loads(shapely.to_geojson(shape))
        return {"type": "Feature", "properties": {"grid_code": f"{number:04d}"}, "geometry": geometry}

    return {"type": "FeatureCollection", "features": [feature(i, shape) for i, shape in enumerate(shapes)]}
