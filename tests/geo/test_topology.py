"""Polygons that share borders become lines that are stored once."""

from __future__ import annotations

import pytest

from geo.topology import Topology, build_topology, delta_encode, list_rings

WEST = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
EAST = [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
AROUND = [(-1.0, -1.0), (3.0, -1.0), (3.0, 2.0), (-1.0, 2.0), (-1.0, -1.0)]


def _walk(topology: Topology, ring: list[int]) -> list[tuple[int, int]]:
    """The corners of a ring, put together again from its arcs."""
    corners: list[tuple[int, int]] = []
    for number in ring:
        arc = topology.arcs[number] if number >= 0 else topology.arcs[~number][::-1]
        assert not corners or corners[-1] == arc[0]
        corners += arc[1:] if corners else arc
    return corners


def test_the_border_of_two_neighbours_is_stored_once_and_walked_both_ways() -> None:
    topology = build_topology([[WEST], [EAST]], step=1.0)
    west, east = topology.shapes[0][0], topology.shapes[1][0]
    shared = {number if number >= 0 else ~number for number in west} & {n if n >= 0 else ~n for n in east}
    assert len(topology.arcs) == 3
    assert [set(topology.arcs[number]) for number in shared] == [{(1, 0), (1, 1)}]
    assert {
        number >= 0 for ring in (west, east) for number in ring if (number if number >= 0 else ~number) in shared
    } == {
        True,
        False,
    }


def test_a_ring_put_together_again_has_the_corners_it_had() -> None:
    topology = build_topology([[WEST], [EAST]], step=1.0)
    for shape, ring in zip(topology.shapes, (WEST, EAST), strict=True):
        walked = _walk(topology, shape[0])
        assert walked[0] == walked[-1]
        assert set(walked) == {(int(x), int(y)) for x, y in ring}


def test_an_island_and_the_hole_it_lies_in_share_their_line() -> None:
    topology = build_topology([[AROUND, WEST[::-1]], [WEST]], step=1.0)
    hole, island = topology.shapes[0][1], topology.shapes[1][0]
    assert [~number for number in hole] == island
    assert len(topology.arcs) == 2


def test_corners_that_fall_together_when_rounded_are_kept_once() -> None:
    topology = build_topology([[[(0.0, 0.0), (0.4, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 0.0)]]], step=1.0)
    assert topology.arcs == [[(0, 0), (9, 0), (9, 9), (0, 0)]]


def test_outer_rings_are_turned_one_way_and_holes_the_other() -> None:
    clockwise = {"type": "Polygon", "coordinates": [AROUND[::-1], WEST]}
    assert list_rings(clockwise) == [AROUND, WEST[::-1]]


@pytest.mark.parametrize("line", [[(5, 7), (6, 7), (6, 4)], [(-3, 2)]])
def test_a_delta_encoded_line_adds_up_to_the_line(line: list[tuple[int, int]]) -> None:
    flat = delta_encode(line)
    xs = [sum(flat[0 : 2 * n + 1 : 2]) for n in range(len(line))]
    ys = [sum(flat[1 : 2 * n + 2 : 2]) for n in range(len(line))]
    assert list(zip(xs, ys, strict=True)) == line
