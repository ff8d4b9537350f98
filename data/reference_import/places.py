"""Where buildings and sites lie: their grid found by the point, and points that contradict what their row says.

A few such points are the mess of every register, and told; many are a sign that the coordinates are in another system,
and refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from data.reference_import.check import Findings
from data.reference_import.kinds import Kind
from geo.layer import Shapes
from geo.location import find_areas, find_nearest, measure_distances

NEAR_M = 1.0
"""A point this close to its grid lies in it: the rounding of coordinates."""
ASTRAY_SHARE = 0.1
"""From this share of points outside of their own grids on (and from ASTRAY_COUNT), the file is refused."""
ASTRAY_COUNT = 10
_SHOWN = 5


@dataclass(frozen=True)
class _Points:
    record_nos: list[int]
    codes: list[str | None]
    shapes: Shapes


def place_points(connection: duckdb.DuckDBPyConnection, findings: Findings, kind: Kind) -> tuple[str, ...]:
    """Fills in missing grid codes of the staged records, adds points in no grid to the findings; gives notes on the rest.

    Without grids in the lake there is nothing to compare with: then only missing codes are problems.
    """
    grid_codes, grids = _read_grids(connection)
    points = _read_points(connection)
    if not grid_codes:
        for record_no, code in zip(points.record_nos, points.codes, strict=True):
            if code is None:
                findings.add(
                    "grid_code 网格编号", "", "expected a code: no grids are imported to find it by", record_no
                )
        return ()
    if not points.record_nos:
        return ()
    found = find_areas(points.shapes, grids)
    notes = [*_fill_in(connection, findings, points, found, grid_codes, grids)]
    notes += _compare(findings, kind, points, found, grid_codes, grids)
    return tuple(notes)


def _read_grids(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], Shapes]:
    rows = connection.execute(
        "select grid_code, geometry_wkb from lake.grid where geometry_wkb is not null order by grid_code"
    ).fetchall()
    return [row[0] for row in rows], np.asarray(shapely.from_wkb([bytes(row[1]) for row in rows]), dtype=object)


def _read_points(connection: duckdb.DuckDBPyConnection) -> _Points:
    rows = connection.execute(
        """
        select record_no, grid_code, lon, lat from staged.typed
        where lon between -180 and 180 and lat between -90 and 90 order by record_no
        """
    ).fetchall()
    pairs = np.array([(row[2], row[3]) for row in rows]).reshape(-1, 2)
    return _Points([row[0] for row in rows], [row[1] for row in rows], np.asarray(shapely.points(pairs), dtype=object))


def _fill_in(
    connection: duckdb.DuckDBPyConnection,
    findings: Findings,
    points: _Points,
    found: np.ndarray[tuple[int], np.dtype[np.int64]],
    grid_codes: list[str],
    grids: Shapes,
) -> list[str]:
    """Gives points without a code that of the grid around them."""
    lost = [i for i, code in enumerate(points.codes) if code is None]
    if not lost:
        return []
    homeless = [i for i in lost if found[i] < 0]
    nearest, distances = find_nearest(points.shapes[homeless], grids) if homeless else (np.zeros(0, int), np.zeros(0))
    for i, area, distance in zip(homeless, nearest, distances, strict=True):
        expected = f"its point lies in no grid; the nearest is {grid_codes[area]}, {distance:,.0f} m away"
        findings.add("grid_code 网格编号", "", expected, points.record_nos[i])
    filled = pa.table(
        {
            "record_no": pa.array([points.record_nos[i] for i in lost if found[i] >= 0], pa.int64()),
            "grid_code": pa.array([grid_codes[found[i]] for i in lost if found[i] >= 0], pa.string()),
        }
    )
    connection.register("filled", filled)
    for table in ("text", "typed"):
        connection.execute(
            f"update staged.{table} as t set grid_code = f.grid_code from filled as f where f.record_no = t.record_no"
        )
    connection.unregister("filled")
    return [f"{filled.num_rows:,} records had no grid_code; it was found by their point."]


def _compare(
    findings: Findings,
    kind: Kind,
    points: _Points,
    found: np.ndarray[tuple[int], np.dtype[np.int64]],
    grid_codes: list[str],
    grids: Shapes,
) -> list[str]:
    """What is to be said of points outside of the grid that their row names."""
    number = {code: index for index, code in enumerate(grid_codes)}
    stated = [i for i, code in enumerate(points.codes) if code in number and number[code] != found[i]]
    if not stated:
        return []
    own = np.array([number[str(points.codes[i])] for i in stated])
    distances = measure_distances(points.shapes[stated], grids[own])
    astray = [(i, distance) for i, distance in zip(stated, distances, strict=True) if distance > NEAR_M]
    astray.sort(key=lambda one: -one[1])
    told = [
        f"{findings.place_of(points.record_nos[i])}: grid_code is {points.codes[i]}, but the point lies "
        f"{f'in {grid_codes[found[i]]}' if found[i] >= 0 else 'in no grid'}, {distance:,.0f} m from {points.codes[i]}"
        for i, distance in astray[:_SHOWN]
    ]
    if len(astray) > max(ASTRAY_COUNT, ASTRAY_SHARE * len(points.codes)):
        middle = float(np.median([distance for _, distance in astray]))
        findings.add(
            "lon, lat",
            None,
            f"{len(astray):,} of {len(points.codes):,} points lie outside of their own grids, by {middle:,.0f} m in the middle; at most "
            f"{ASTRAY_SHARE:.0%} may. Are the coordinates in another system (--crs gcj02, --crs bd09)? Farthest: {'; '.join(told)}",
        )
        return []
    more = f"; and {len(astray) - len(told):,} more" if len(astray) > len(told) else ""
    return [f"{len(astray):,} {kind.name} lie outside of their own grids. {'; '.join(told)}{more}."] if astray else []
