"""How far web maps shift the ground: the lattice that pages draw with, against the shift itself."""

from __future__ import annotations

import numpy as np
import xyconvert

from geo.web_maps import ShiftLattice, lay_shift_lattice

BOX = (112.95, 22.5, 113.2, 22.75)


def shift_at(lattice: ShiftLattice, lon: float, lat: float) -> tuple[float, float]:
    """The shift between the lattice's points, linear along each side, as the page takes it."""
    x, y = (lon - lattice.west) / lattice.step, (lat - lattice.south) / lattice.step
    i, j = int(x), int(y)
    cell = []
    for values in (lattice.lon, lattice.lat):
        table = np.array(values).reshape(-1, lattice.columns)[j : j + 2, i : i + 2]
        cell.append(float(np.array([1 - (y - j), y - j]) @ table @ np.array([1 - (x - i), x - i])) / 1e7)
    return cell[0], cell[1]


def test_between_its_points_the_lattice_is_less_than_a_foot_off() -> None:
    lattice = lay_shift_lattice(BOX)
    assert lattice is not None
    lons, lats = np.random.default_rng(7).uniform((BOX[0], BOX[1]), (BOX[2], BOX[3]), (2000, 2)).T
    points = np.stack([lons, lats], axis=1)
    exact = xyconvert.wgs2gcj(points) - points
    drawn = np.array([shift_at(lattice, lon, lat) for lon, lat in points])
    off_m = np.hypot(*((drawn - exact) * (111_320 * np.cos(np.radians(22.6)), 110_900)).T)
    assert np.hypot(*(exact[0] * (102_800, 110_900))) > 300  # there is something to draw
    assert off_m.max() < 0.3


def test_outside_of_china_nothing_is_shifted() -> None:
    assert lay_shift_lattice((139.6, 35.6, 139.8, 35.7)) is None
