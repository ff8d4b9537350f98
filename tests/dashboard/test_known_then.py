"""A past moment as it was known then is what the live feed showed then, whatever came in which order."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dashboard.live import Feed
from dashboard.past import PastShelf, choose_past, open_shelf
from data import known_then
from data.errors import SituationError
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.known_then import gather_known, write_known
from data.lake import open_lake
from data.questions import ask
from data.settings import Settings
from data.situation import open_situation
from tests.dashboard.conftest import set_clock
from tests.data.small_district import ADA, BO, CAI, DI, line, make_district, whole_situation, write_log

UNITS = "site_code,unit_no,event,event_at"
WHISTLES = "whistle_code,raised_at,due_at,closed_at,place_kind,place_code,place_name,place_name_en,role,needed_count"
# What came by when: Bo's line is late by 20 minutes, Ada's is corrected, Cai's is withdrawn.
CAME: Sequence[tuple[str, str, Sequence[str]]] = (
    ("08:05", UNITS, ["S1,1,open,2022-07-14 06:00:00", "S2,1,open,2022-07-14 06:00:00"]),
    ("08:15", "", [line("S1", ADA, "08:10", household="H1"), line("S1", CAI, "08:12", "08:13", household="H3")]),
    ("08:15", WHISTLES, ["W1,2022-07-14 08:11:00,2022-07-14 09:11:00,,community,C1,侧贤,Cexian,part_time,3"]),
    (
        "08:25",
        "",
        [line("S1", ADA, "08:10", "08:22", unit="1", household="H1"), line("S2", DI, "08:24", household="H4")],
    ),
    ("08:35", "", [line("S1", BO, "08:14", "08:16", household="H2"), "S9,,"]),
)
TIMES = sorted({time for time, _, _ in CAME})


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, dict[str, Any]]]:
    """The home at 09:00, and what the live feed said at each time when something came."""
    home = tmp_path_factory.mktemp("told")
    settings = make_district(Settings(home=home))
    said = {}
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        try:
            for time in TIMES:
                set_clock(settings, f"{time}:00")
                for number, (_, header, lines) in enumerate(came for came in CAME if came[0] == time):
                    named = {"header": header} if header else {}
                    path = write_log(home / "logs" / f"{time}-{number}.csv", lines, **named)
                    taker.take(list(find_logs(path, "baisha")))
                taker.publish()
                feed = Feed(settings)  # a new one each time: alerts stand for some seconds
                feed.look()
                assert feed.picture is not None
                said[time] = json.loads(feed.picture.live.body)
        finally:
            taker.close()
    set_clock(settings, "09:00:00")
    return settings, said


@pytest.fixture
def feed(told: tuple[Settings, dict[str, dict[str, Any]]]) -> Iterator[Feed]:
    feed = Feed(told[0])
    feed.look()
    yield feed


def july(time: str) -> datetime:
    return datetime.fromisoformat(f"2022-07-14T{time}:00+08:00").astimezone(UTC)


@pytest.mark.parametrize("time", TIMES)
def test_what_was_known_then_is_what_the_live_feed_showed_then(
    told: tuple[Settings, dict[str, dict[str, Any]]], feed: Feed, tmp_path: Path, time: str
) -> None:
    settings, said = told
    known = tmp_path / "known.duckdb"
    write_known(settings, july(time), known)
    shelf = PastShelf(settings, at=july(time), path=known, is_known_then=True)
    body = json.loads(shelf.draw(feed)[0].live.body)
    shelf.close()
    assert {key: value for key, value in body.items() if key != "version"} == {
        key: value for key, value in said[time].items() if key != "version"
    }


def test_what_came_late_is_known_now_and_was_not_then(
    told: tuple[Settings, dict[str, dict[str, Any]]], feed: Feed, tmp_path: Path
) -> None:
    settings, _ = told
    known = tmp_path / "known.duckdb"
    write_known(settings, july("08:20"), known)
    covered = {}
    for name, path in (("then", known), ("now", settings.situation_path)):
        shelf = PastShelf(settings, at=july("08:20"), path=path, is_known_then=name == "then")
        covered[name] = [row["covered_person_count"] for row in shelf.ask("coverage/rounds")]
        shelf.close()
    assert covered == {"now": [0, 2], "then": [0, 1]}  # Bo's sampling of 08:16 came at 08:35


def test_everything_received_makes_the_situation_itself(
    told: tuple[Settings, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    settings, _ = told
    remade = Settings(home=tmp_path)
    write_known(settings, july("09:00"), remade.situation_path)
    ours, theirs = whole_situation(remade), whole_situation(settings)
    ours.pop("received_until")
    assert [table for table in theirs if ours[table] != theirs[table]] == []


def test_single_rows_are_those_that_had_come(told: tuple[Settings, dict[str, dict[str, Any]]], tmp_path: Path) -> None:
    settings, _ = told
    write_known(settings, july("08:20"), tmp_path / "known.duckdb")
    situation = open_situation(tmp_path / "known.duckdb")
    try:
        counted = ask(situation, "quality/registrations", july("08:40")).to_pylist()
    finally:
        situation.close()
    assert [(row["site_code"], row["registration_count"]) for row in counted] == [("S1", 2)]


def test_while_it_is_gathered_the_page_shows_what_is_known_now_and_says_how_far_it_is(
    told: tuple[Settings, dict[str, dict[str, Any]]], feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = told
    started: list[list[str]] = []

    class Child:
        def __init__(self, command: list[str], **_: object) -> None:
            started.append(command)

        def poll(self) -> None:
            return None

    monkeypatch.setattr(known_then.subprocess, "Popen", Child)
    monkeypatch.setattr(known_then, "_children", {})
    past = choose_past(feed, datetime(2022, 7, 14, 8, 20), is_known_then=True)
    assert past is not None
    for _ in range(2):
        _, shown = open_shelf(feed, past)
        assert (shown.is_known_then, shown.gathered_pct) == (False, 0)
    assert len(started) == 1
    known_then.main(started[0][3:])  # what the child does
    assert open_shelf(feed, past)[1].is_known_then
    assert sorted(path.suffix for path in settings.known_dir.iterdir()) == [".duckdb"]


def test_of_destroyed_registrations_it_cannot_be_told_what_was_known(
    told: tuple[Settings, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    settings, _ = told
    erased = Settings(home=tmp_path)
    shutil.copy(settings.situation_path, erased.situation_path)
    with duckdb.connect(str(erased.situation_path)) as connection:
        connection.execute(
            "insert into erasure values (1, 'before', null, null, '2022-07-14 08:00:00+08', now(), 'c', 1)"
        )
    with pytest.raises(SituationError, match="destroyed"):
        write_known(erased, july("08:20"), tmp_path / "known.duckdb")


def test_a_moment_that_may_still_be_received_is_not_gathered_yet(
    told: tuple[Settings, dict[str, dict[str, Any]]], tmp_path: Path
) -> None:
    soon = Settings(home=tmp_path)
    shutil.copy(told[0].situation_path, soon.situation_path)
    assert gather_known(soon, datetime.now(UTC) - timedelta(seconds=5)).path is None
    assert not soon.known_dir.exists()
