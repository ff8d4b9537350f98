"""Damages copies of good lines, each in exactly one way, so that how many of each kind there are is known exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data.scenario.identity import spoil_check_digit

REGISTRATION_DIRT_COUNT = {
    "bad_id_check_digit": 900,
    "unknown_site": 150,
    "unknown_grid": 200,
    "unparsable_time": 160,
    "sampled_before_registered": 240,
    "truncated_line": 180,
    "missing_value": 130,
    "unknown_unit": 120,
    "unknown_code": 140,
    "in_future": 60,
}
"""Lines of each reason in a scenario of scale 1; in proportion below."""
NEEDS_SAMPLING = ("sampled_before_registered", "unknown_unit")
"""Reasons that only a line with unit and time of sampling can have."""
DUPLICATE_SHARE = 0.004
STAFF_DUPLICATE_SHARE = 0.008


def damage_registration(line: str, columns: tuple[str, ...], reason: str, rng: np.random.Generator) -> str:
    """The line with one defect: the one that `reason` names. The line comes and goes with its newline."""
    cells = line.rstrip("\n").split(",")
    place = {name: i for i, name in enumerate(columns)}
    return ",".join(_REGISTRATION_DAMAGES[reason](cells, place, rng)) + "\n"


def _set(column: str, value: str) -> Callable[[list[str], dict[str, int], np.random.Generator], list[str]]:
    def damage(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
        cells[place[column]] = value
        return cells

    return damage


def _spoil_id(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
    cells[place["id_number"]] = spoil_check_digit(cells[place["id_number"]])
    return cells


def _spoil_time(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
    moment = cells[place["registered_at"]]
    cells[place["registered_at"]] = str(
        rng.choice([moment[:5] + "13" + moment[7:], moment[:8] + "32" + moment[10:], moment[5:16], "今天上午"])
    )
    return cells


def _swap_times(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
    registered, sampled = place["registered_at"], place["sampled_at"]
    cells[registered], cells[sampled] = cells[sampled], cells[registered]
    return cells


def _cut(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
    keep = int(rng.integers(2, len(cells) - 2))
    kept = cells[:keep]
    kept[-1] = kept[-1][: len(kept[-1]) // 2]
    return kept


def _drop_value(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
    cells[place[str(rng.choice(["site_code", "registered_at", "id_number"]))]] = ""
    return cells


def _shift_future(cells: list[str], place: dict[str, int], rng: np.random.Generator) -> list[str]:
    for column in ("registered_at", "sampled_at"):
        cells[place[column]] = cells[place[column]].replace("2022-", "2032-", 1)
    return cells


_REGISTRATION_DAMAGES = {
    "bad_id_check_digit": _spoil_id,
    "unknown_site": _set("site_code", "S9999"),
    "unknown_grid": _set("residence_grid_code", "440703999001"),
    "unparsable_time": _spoil_time,
    "sampled_before_registered": _swap_times,
    "truncated_line": _cut,
    "missing_value": _drop_value,
    "unknown_unit": _set("unit_no", "77"),
    "unknown_code": _set("channel", "扫脸"),
    "in_future": _shift_future,
}


def damage_staff_event(line: str, reason: str) -> str:
    """A staff event with one defect: unknown staff, a time that means nothing, or a line cut short."""
    cells = line.rstrip("\n").split(",")
    if reason == "unknown_staff":
        cells[0] = "XX-9999"
    elif reason == "unparsable_time":
        cells[2] = "25:61"
    elif reason == "truncated_line":
        cells = cells[:3]
    else:
        raise ValueError(reason)
    return ",".join(cells) + "\n"


def damage_unit_event(line: str, reason: str) -> str:
    """A unit event with one defect: an unknown site, or a unit the site does not have."""
    cells = line.rstrip("\n").split(",")
    cells[0 if reason == "unknown_site" else 1] = "S9999" if reason == "unknown_site" else "77"
    return ",".join(cells) + "\n"


STAFF_DIRT_COUNT = {"unknown_staff": 24, "unparsable_time": 18, "truncated_line": 20}
UNIT_DIRT_COUNT = {"unknown_site": 12, "unknown_unit": 10}


def scaled(count: int, scale: float) -> int:
    """How many damaged lines at a scale: at least two of each."""
    return max(2, round(count * min(scale, 1.0)))
