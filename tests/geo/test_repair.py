"""What a repair mends, what it leaves, and what it says that it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geo.fault import ROUNDING_M, GridMap
from geo.repair import Repair, repair_map
from geo.tiling import judge_map
from tests.geo.damage import (
    added,
    cornered,
    crossed,
    emptied,
    gaping,
    in_degrees,
    in_metres,
    open_gap,
    overlapping,
    place_of,
    recoded,
    reshaped,
    scenario_map,
    sound_map,
)


def mended(grids: GridMap, width_m: float = 1.0) -> GridMap:
    return replace(grids, shapes=repair_map(grids, width_m).shapes)


def changes_of(repair: Repair) -> dict[str, tuple[float, float]]:
    return {change.code: (change.gained_m2, change.lost_m2) for change in repair.changes}


def assert_moved_no_farther(before: GridMap, after: GridMap, width_m: float) -> None:
    for old, new in zip(before.shapes, after.shapes, strict=True):
        old, new = shapely.make_valid(in_metres(old), method="structure"), in_metres(new)
        assert old.buffer(width_m * 1.02 + 0.01).covers(new)
        assert new.buffer(width_m * 1.02 + 0.01).covers(old)


def test_a_map_that_tiles_is_left_as_it_is_to_the_last_digit() -> None:
    grids = sound_map()
    repair = repair_map(grids)
    assert repair.changes == ()
    assert shapely.equals_exact(repair.shapes, grids.shapes, tolerance=0).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda grids: overlapping(grids, 0.7),
        lambda grids: gaping(grids, 0.7),
        lambda grids: open_gap(grids, 0.7),
        cornered,
        lambda grids: open_gap(overlapping(gaping(grids, 0.4), 0.0), 0.6),
        lambda grids: cornered(open_gap(grids, 0.3)),
    ],
    ids=["overlap", "gap", "open gap", "corner", "gap and open gap", "corner and open gap"],
)
def test_a_repaired_map_passes_and_no_edge_moved_farther_than_the_width(damage: Callable[[GridMap], GridMap]) -> None:
    damaged = damage(sound_map())
    assert judge_map(damaged).faults != ()
    after = mended(damaged)
    assert judge_map(after).faults == ()
    assert shapely.coverage_is_valid(after.shapes)
    assert_moved_no_farther(damaged, after, 1.0)


def test_a_repair_says_who_lost_the_overlap_and_how_much() -> None:
    said = changes_of(repair_map(overlapping(sound_map(), 0.7)))
    ((code, (gained, lost)),) = said.items()
    assert code in ("B2", "C2")
    assert (gained, lost) == (pytest.approx(0, abs=0.5), pytest.approx(70, rel=0.01))


def test_a_repair_says_who_gained_the_gap_and_how_much() -> None:
    said = changes_of(repair_map(gaping(sound_map(), 0.7)))
    assert set(said) <= {"B2", "C2"}
    assert sum(gained for gained, _ in said.values()) == pytest.approx(70, rel=0.01)
    assert sum(lost for _, lost in said.values()) == pytest.approx(0, abs=0.5)


def test_what_is_wider_than_stated_stays_for_a_person_to_decide() -> None:
    grids = gaping(open_gap(sound_map(), 0.5), 10)
    grids = reshaped(grids, D1=box(0, 300, 110, 400))
    after = mended(grids)
    assert [fault.kind for fault in judge_map(after).faults] == ["overlap", "gap"]
    faults = {fault.kind: fault for fault in judge_map(after).faults}
    assert faults["gap"].area_m2 == pytest.approx(1000, rel=1e-3)
    assert faults["overlap"].area_m2 == pytest.approx(1000, rel=1e-3)


def test_a_wider_width_mends_what_a_narrow_one_left() -> None:
    assert judge_map(mended(overlapping(sound_map(), 10), 12.0), snap_width_m=12.0).faults == ()


def test_a_crossed_outline_becomes_valid_and_is_named() -> None:
    grids = crossed(sound_map())
    repair = repair_map(grids)
    assert [(change.code, change.is_made_valid) for change in repair.changes if change.is_made_valid] == [("B2", True)]
    assert shapely.is_valid(repair.shapes).all()
    assert "invalid" not in {fault.kind for fault in judge_map(replace(grids, shapes=repair.shapes)).faults}


def test_a_long_gap_is_shared_out_among_those_beside_it() -> None:
    """Rows B and C part by half a metre over the map's whole width: nobody may take what lies before another's door."""
    grids = sound_map()
    for column, code in enumerate(("C1", "C2", "C3", "C4")):
        grids = reshaped(grids, **{code: box(column * 100, 200.5, column * 100 + 100, 300)})
    after = mended(grids)
    assert judge_map(after).faults == ()
    assert_moved_no_farther(grids, after, 1.0)


def test_a_narrow_grid_that_lies_wholly_in_another_does_not_vanish() -> None:
    grids = added(sound_map(), "Z0", box(150, 20, 150.8, 80), "C1", "T1")
    after = mended(grids)
    assert in_metres(after.shapes[place_of(after, "Z0")]).area == pytest.approx(48, rel=0.01)
    assert judge_map(after).tiles


def test_rows_without_an_area_or_a_code_stay_in_their_place() -> None:
    grids = recoded(emptied(overlapping(sound_map(), 0.5)), "A1", "")
    repair = repair_map(grids)
    assert repair.shapes[place_of(grids, "D4")] is None
    assert len(repair.shapes) == 16


def test_rounding_alone_is_mended_without_closing_a_sliver() -> None:
    grids = cornered(overlapping(sound_map(), 0.5))
    after = mended(grids, ROUNDING_M)
    assert [fault.kind for fault in judge_map(after).faults] == ["sliver"]


@given(st.lists(st.tuples(st.integers(0, 15), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)), min_size=1, max_size=6))
@example([(0, 0.0, 1e-6)])  # not even a hair
@settings(max_examples=40)
def test_however_grids_are_pushed_a_repaired_map_passes(pushes: list[tuple[int, float, float]]) -> None:
    grids = sound_map()
    shapes = [in_metres(shape) for shape in grids.shapes]
    for k, dx, dy in pushes:
        shapes[k] = shapely.affinity.translate(shapes[k], dx, dy)
    damaged = replace(grids, shapes=np.array([in_degrees(shape) for shape in shapes], dtype=object))
    after = mended(damaged, 2.5)
    judgement = judge_map(after, snap_width_m=2.5)
    assert judgement.tiles, judgement.faults
    assert shapely.coverage_is_valid(after.shapes)


@given(st.lists(st.floats(0, 400), min_size=2, max_size=2))
@settings(max_examples=60)
def test_no_point_of_a_repaired_map_lies_in_two_grids_or_in_none(spot: list[float]) -> None:
    shapes = _mended_shapes()
    point = shapely.Point(spot)
    inside = sum(bool(shape.contains(point)) for shape in shapes)
    assert inside == 1 or min(shape.boundary.distance(point) for shape in shapes) < 1e-3


def _mended_shapes() -> list[Polygon]:
    if not _MENDED:
        damaged = open_gap(gaping(overlapping(cornered(sound_map()), 0.6), 0.3), 0.5)
        _MENDED.extend(in_metres(shape) for shape in mended(damaged).shapes)
    return _MENDED


_MENDED: list[Polygon] = []


def test_the_scenario_with_every_grid_rounded_to_a_metre_tiles_again() -> None:
    """Rounded each by itself to 1e-5 of a degree, with some corners left out: what a careless export does."""
    grids = scenario_map()
    careless = [
        Polygon(
            [
                point
                for i, point in enumerate(shape.exterior.coords[:-1])
                if len(shape.exterior.coords) < 12 or (i + k) % 7
            ]
        )
        for k, shape in enumerate(grids.shapes)
    ]
    damaged = replace(grids, shapes=shapely.transform(np.array(careless, dtype=object), lambda xy: np.round(xy, 5)))
    assert len(judge_map(damaged).faults) > 100
    after = mended(damaged, 30.0)
    assert judge_map(after, snap_width_m=30.0).tiles
