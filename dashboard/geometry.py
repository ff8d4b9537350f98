"""The map's shapes, names and places as one payload that a browser keeps until it changes.

Owns the format of `/api/geometry`: borders once each (`geo.topology`), codes and names in the order in which
`/api/live` lists its figures. Knows nothing of figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from dashboard.payload import Payload, pack_payload
from data.tiles import Tiles
from geo.topology import build_topology, delta_encode, list_rings, rank_arcs

Row = dict[str, Any]

COARSER_M = (12.0, 48.0)
"""Tolerances of the outlines that a corner's rank counts (data/outline.py draws them; pages carry no map library)."""
STEP_DEG = 1e-5
"""Degrees that a coordinate is rounded to: about a metre, a third of a pixel on the wall's zone map."""


@dataclass(frozen=True)
class Outline:
    """The geometry's bytes, and the order of codes that every list of figures follows.

    `source` tells one set of reference data from the next; `hash` is that of the bytes.
    """

    source: str
    hash: str
    district: Row
    grid_codes: list[str]
    community_codes: list[str]
    town_codes: list[str]
    site_codes: list[str]
    payload: Payload


def draw_geometry(rows: Callable[[str], list[Row]], district: Row, tiles: Tiles | None = None) -> Outline:
    """The outline of the situation that `rows` asks; takes a fraction of a second, once per set of reference data.

    With a background map its address goes along, and where its ground is shifted, by how much.
    """
    grids, communities, towns, sites = (rows(f"map/{kind}") for kind in ("grids", "communities", "towns", "sites"))
    place = {
        kind: {row[f"{kind}_code"]: index for index, row in enumerate(found)}
        for kind, found in (("grid", grids), ("community", communities), ("town", towns))
    }
    topology = build_topology([list_rings(json.loads(row["geojson"])) for row in grids], STEP_DEG)
    ranks = rank_arcs(topology, chain.from_iterable(_list_corners(row) for row in grids))
    about = {
        "name": district["district_name"],
        "name_en": district["district_name_en"],
        "timezone": district["timezone"],
        "is_synthetic": bool(district["is_synthetic"]),
    }
    body = {
        "district": about,
        "step": STEP_DEG,
        "coarser_m": COARSER_M,
        "arcs": [delta_encode(arc) for arc in topology.arcs],
        "ranks": ranks,
        "grids": {
            **_list_names(grids, "grid"),
            "community": [place["community"].get(row["community_code"]) for row in grids],
            "residents": [row["resident_count"] for row in grids],
            "vulnerable": [row["vulnerable_count"] for row in grids],
            "rings": topology.shapes,
        },
        "communities": {
            **_list_names(communities, "community"),
            "town": [place["town"].get(row["town_code"]) for row in communities],
        },
        "towns": _list_names(towns, "town"),
        "sites": {
            "codes": [row["site_code"] for row in sites],
            "names": [row["site_name"] for row in sites],
            "names_en": [row["site_name_en"] for row in sites],
            "lon_lat": [[round(row["lon"], 6), round(row["lat"], 6)] for row in sites],
            "grid": [place["grid"].get(row["grid_code"]) for row in sites],
            "feed": [row["feed_code"] for row in sites],
        },
    }
    if tiles is not None:
        body["tiles"] = _describe_tiles(tiles, topology.arcs)
    payload = pack_payload(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    return Outline(
        source=district["geometry_source"],
        hash=payload.etag.strip('"')[:16],
        district=about,
        grid_codes=[row["grid_code"] for row in grids],
        community_codes=[row["community_code"] for row in communities],
        town_codes=[row["town_code"] for row in towns],
        site_codes=[row["site_code"] for row in sites],
        payload=payload,
    )


def _describe_tiles(tiles: Tiles, arcs: Sequence[Sequence[tuple[int, int]]]) -> Row:
    """What a page needs to lay the tiles under the grids. The shift is drawn, not stored: shapes, points and what a click
    says stay in WGS 84, and one projection in the page moves them all alike."""
    described = {"url": tiles.url, "attribution": tiles.attribution, "max_zoom": tiles.max_zoom, "shift": None}
    corners = [corner for arc in arcs for corner in arc]
    if tiles.datum != "wgs84" and corners:
        from geo.web_maps import lay_shift_lattice  # here: a page without shifted tiles does not wait for a map library

        xs, ys = ([corner[axis] * STEP_DEG for corner in corners] for axis in (0, 1))
        lattice = lay_shift_lattice((min(xs), min(ys), max(xs), max(ys)))
        described["shift"] = asdict(lattice) if lattice else None
    return described


def _list_corners(row: Row) -> Iterator[tuple[Sequence[float], str]]:
    """A grid's corners with their ranks; where those are not known, every corner counts as one that always stays."""
    shape = json.loads(row["geojson"])
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    rings = [ring for polygon in polygons for ring in polygon]
    digits = (row["corner_ranks"] or "").split(",")
    for ring, own in zip(rings, digits, strict=False):
        yield from zip(ring, own, strict=False)


def _list_names(found: list[Row], kind: str) -> Row:
    return {
        "codes": [row[f"{kind}_code"] for row in found],
        "names": [row[f"{kind}_name"] for row in found],
        "names_en": [row[f"{kind}_name_en"] for row in found],
        "label": [_round_place(row["label_lon"], row["label_lat"]) for row in found],
    }


def _round_place(lon: float | None, lat: float | None) -> list[float] | None:
    return None if lon is None or lat is None else [round(lon, 5), round(lat, 5)]
