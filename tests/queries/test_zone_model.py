"""Whatever is ordered, corrected and withdrawn: what holds, as it was believed at any moment, is what a plain model says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.questions import ask
from tests.queries.world import World, build_world

START = datetime(2022, 7, 9, tzinfo=UTC)
HOURS = st.integers(0, 9)
CODES = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Version:
    """One version of an order; times are hours since the start."""

    order_code: str
    recorded: int
    is_withdrawn: bool
    zone_code: str
    level: str
    issued: int
    effective: int
    ends: int | None
    replaces: str | None


versions = st.builds(
    Version,
    order_code=st.sampled_from(CODES),
    recorded=HOURS,
    is_withdrawn=st.booleans(),
    zone_code=st.sampled_from(("Z1", "Z2")),
    level=st.sampled_from(("high", "medium", "low", "lifted")),
    issued=HOURS,
    effective=HOURS,
    ends=st.none() | HOURS,
    replaces=st.none() | st.sampled_from(CODES),
)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def model(given_versions: list[Version], as_of: int, known_at: int | None) -> set[tuple[str, str, str]]:
    """Zone, order and level in force: read aloud from the rules, an order at a time."""
    believed: dict[str, Version] = {}
    for version in sorted(given_versions, key=lambda one: (one.order_code, one.recorded)):
        if known_at is None or version.recorded <= known_at:
            believed[version.order_code] = version
    begun = [
        one for one in believed.values() if not one.is_withdrawn and one.issued <= as_of and one.effective <= as_of
    ]
    held = set()
    for zone_code in {one.zone_code for one in begun}:
        last = max(
            (one for one in begun if one.zone_code == zone_code),
            key=lambda one: (one.effective, one.issued, one.order_code),
        )
        is_ended = last.ends is not None and last.ends <= as_of
        is_replaced = any(one.replaces == last.order_code for one in begun)
        if not is_ended and not is_replaced and last.level != "lifted":
            held.add((zone_code, last.order_code, last.level))
    return held


@cache
def _world() -> World:
    return build_world(as_of="9T08:00")


def fill(world: World, given_versions: list[Version]) -> None:
    world.connection.execute("delete from zone_order")
    numbers: dict[str, int] = {}
    for one in sorted(given_versions, key=lambda one: (one.order_code, one.recorded)):
        numbers[one.order_code] = numbers.get(one.order_code, 0) + 1
        world.connection.execute(
            "insert into zone_order (order_code, version_no, recorded_at, is_withdrawn, zone_code, level, issued_at, effective_at,"
            " ends_at, replaces_order_code) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                one.order_code, numbers[one.order_code], at(one.recorded), one.is_withdrawn,
                *([None] * 6 if one.is_withdrawn else [
                    one.zone_code, one.level, at(one.issued), at(one.effective), None if one.ends is None else at(one.ends), one.replaces,
                ]),
            ],
        )  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    given_versions=st.lists(versions, max_size=8, unique_by=lambda one: (one.order_code, one.recorded)),
    as_of=HOURS,
    known_at=st.none() | HOURS,
)
def test_what_holds_is_what_a_plain_reading_of_the_orders_says(
    given_versions: list[Version], as_of: int, known_at: int | None
) -> None:
    given_versions = [one for one in given_versions if one.replaces != one.order_code]
    world = _world()
    fill(world, given_versions)
    rows = ask(
        world, "zones/orders_in_force", at(as_of), known_at=None if known_at is None else at(known_at)
    ).to_pylist()
    found = {(row["zone_code"], row["order_code"], row["level"]) for row in rows}
    assert found == model(given_versions, as_of, known_at)


def test_the_model_tells_apart_what_it_should() -> None:
    """A model that said nothing would agree with a question that says nothing."""
    sealed = Version("A", 0, False, "Z1", "high", 0, 1, None, None)
    lifted = Version("B", 0, False, "Z1", "lifted", 0, 3, None, None)
    mistaken = Version("B", 5, True, "Z1", "lifted", 0, 3, None, None)
    assert model([sealed, lifted, mistaken], 4, 4) == set()
    assert model([sealed, lifted, mistaken], 4, None) == {("Z1", "A", "high")}
