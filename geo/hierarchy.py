"""Do grids, communities and towns nest, and does each lie in one piece?

Part of the judgement of a map (`geo.tiling`), which hands over its areas in metres and the gaps it found: a community
that only a narrow gap parts is not in pieces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.crs import metres_from_degrees
from geo.fault import Fault, Level, Outlines, Shapes

if TYPE_CHECKING:
    from geo.tiling import Ground


def find_hierarchy_faults(ground: Ground, tears: Sequence[Fault], outlines: Sequence[Outlines]) -> list[Fault]:
    """Missing parents, communities in two towns, what lies in pieces, grids beyond their community's own outline."""
    known = {layer.kind: set(layer.codes) for layer in outlines}
    faults = [*_find_missing(ground, known), *_find_two_parents(ground)]
    gaps = _fillings(ground, tears)
    land = shapely.get_parts(shapely.union_all([ground.whole, *gaps]))
    faults += _find_exclaves(ground, land)
    faults += _find_pieces(ground, gaps, land, "community_apart", ground.grids.communities, None)
    faults += _find_pieces(ground, gaps, land, "town_apart", ground.grids.towns, ground.grids.communities or None)
    for layer in outlines:
        faults += _find_unnested(ground, layer)
    return faults


def _find_missing(ground: Ground, known: Mapping[Literal["community", "town"], set[str]]) -> list[Fault]:
    grids, faults = ground.grids, []
    place_of = {int(index): k for k, index in enumerate(ground.indices)}
    layers: tuple[tuple[Literal["community", "town"], tuple[str, ...]], ...] = (
        ("community", grids.communities),
        ("town", grids.towns),
    )
    for kind, parents in layers:
        for index, parent in enumerate(parents):
            if parent and parent in known.get(kind, {parent}):
                continue
            detail = f"{kind}:{parent}"
            # what belongs to no community cannot be stored; its town may come with the communities
            level: Level = "refuse" if kind == "community" and not parent else "warn"
            if index in place_of:
                k = place_of[index]
                faults.append(
                    ground.fault("missing_parent", level, [k], ground.areas[k], detail=detail, rows=(grids.row(index),))
                )
            else:
                faults.append(Fault("missing_parent", level, (grids.label(index),), (grids.row(index),), detail=detail))
    return faults


def _find_two_parents(ground: Ground) -> list[Fault]:
    grids = ground.grids
    if not grids.communities or not grids.towns:
        return []
    towns: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for k, index in enumerate(ground.indices):
        community, town = grids.communities[index], grids.towns[index]
        if community and town:
            towns[community][town].append(k)
    faults = []
    for community, found in towns.items():
        if len(found) > 1:
            fewest = min(found.values(), key=len)
            fault = ground.fault("two_parents", "refuse", fewest, shapely.union_all(ground.areas[fewest]))
            codes = (community, *found, *fault.codes)
            faults.append(_renamed(fault, codes, ";".join(found)))
    return faults


def _find_exclaves(ground: Ground, land: Shapes) -> list[Fault]:
    """Parts of the map that hang together with nothing else, each with its grids; the largest part is the mainland."""
    if len(land) < 2:
        return []
    faults = []
    for part in np.delete(land, int(np.argmax(shapely.area(land)))):
        # of a union, the corners are the members' to a hair only
        members = [int(k) for k in ground.tree.query(part.buffer(0.01, join_style="mitre"), predicate="covers")]
        if members:  # else it is a part of a grid that has others: told as that
            faults.append(ground.fault("exclave", "warn", members, part))
    return faults


def _find_pieces(
    ground: Ground, gaps: Shapes, land: Shapes, kind: str, owners: Sequence[str], lower: Sequence[str] | None
) -> list[Fault]:
    """What lies in several pieces on one mainland: told for each piece that holds a whole grid (or community: `lower`)."""
    members: dict[str, list[int]] = defaultdict(list)
    for k, index in enumerate(ground.indices):
        if owners and owners[index]:
            members[owners[index]].append(k)
    mainland = max(land, key=lambda part: float(part.area), default=None)
    shapely.prepare(mainland)
    near_gaps = shapely.STRtree(gaps)
    faults = []
    for code, indices in members.items():
        united = shapely.union_all(ground.areas[indices])
        parts = shapely.get_parts(united)
        if len(parts) > 1 and len(gaps):
            around = united.buffer(1.0)
            joints = shapely.intersection(gaps[near_gaps.query(around, predicate="intersects")], around)
            parts = shapely.get_parts(shapely.union_all([united, *joints]))
        parts = [part for part in parts if mainland is not None and mainland.intersects(part)]
        if len(parts) < 2:
            continue
        smaller = sorted(parts, key=lambda part: float(part.area))[:-1]
        pieces = [(part, _whole_members(ground, part, indices, lower)) for part in smaller]
        told = [(part, held) for part, held in pieces if held]
        if told:
            place = shapely.union_all([shapely.union_all(ground.areas[held]) for _, held in told])
            held = [k for _, found in told for k in found]
            fault = ground.fault(kind, "warn", held, place)
            faults.append(_renamed(fault, (code, *fault.codes), str(len(told) + 1)))
    return faults


def _whole_members(ground: Ground, part: BaseGeometry, indices: list[int], lower: Sequence[str] | None) -> list[int]:
    """The areas that lie wholly in this piece; with `lower`, only those of communities that do."""
    around = part.buffer(0.01)
    inside = [k for k in indices if around.covers(ground.areas[k])]
    if lower is None:
        return inside
    beyond = {lower[ground.indices[k]] for k in indices if k not in set(inside)}
    return [k for k in inside if lower[ground.indices[k]] not in beyond]


def _find_unnested(ground: Ground, layer: Outlines) -> list[Fault]:
    """Grids that reach beyond the outline of what they belong to, by more than a metre's width."""
    owners = ground.grids.communities if layer.kind == "community" else ground.grids.towns
    if not owners:
        return []
    outline = dict(
        zip(layer.codes, shapely.transform(layer.shapes, metres_from_degrees(ground.lon, ground.lat)), strict=True)
    )
    faults = []
    for k, index in enumerate(ground.indices):
        shape = outline.get(owners[index])
        if shape is None or shape.is_empty:
            continue
        beyond = shapely.difference(ground.areas[k], shapely.buffer(shapely.make_valid(shape), 1.0))
        if beyond.area > 1.0:
            fault = ground.fault(
                "not_nested", "warn", [k], shapely.difference(ground.areas[k], shapely.make_valid(shape))
            )
            faults.append(_renamed(fault, (*fault.codes, owners[index]), layer.kind))
    return faults


def _fillings(ground: Ground, tears: Sequence[Fault]) -> Shapes:
    """The gaps that were found, in metres, a little widened so that they touch what is round them."""
    gaps = [fault.place for fault in tears if fault.kind in ("gap", "sliver") and fault.detail != "overlap"]
    parts: Shapes = shapely.get_parts(np.array(gaps, dtype=object))
    # grown by mitres: a narrow gap has hundreds of corners, and each arc would have sixteen more
    widened: Shapes = shapely.buffer(
        shapely.transform(parts, metres_from_degrees(ground.lon, ground.lat)), 0.05, join_style="mitre"
    )
    return widened


def _renamed(fault: Fault, codes: tuple[str, ...], detail: str) -> Fault:
    return replace(fault, codes=codes, detail=detail)
