"""The live feed: what it says in each state, and what one failure costs."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard import live
from dashboard.live import BLOCKS, Feed
from data.errors import QuestionError
from data.ingest import ingest_paths
from data.questions import Sitting
from data.settings import Settings
from data.worker_state import Waiting, WorkerState, write_worker_state
from tests.dashboard.conftest import set_clock, take_in_morning
from tests.data.small_district import write_log

RESIDENTS = 5


@pytest.fixture
def feed(district: Settings) -> Iterator[Feed]:
    feed = Feed(district)
    feed.start()
    yield feed
    feed.stop()


def _body(feed: Feed) -> dict[str, Any]:
    assert feed.picture is not None
    body: dict[str, Any] = json.loads(feed.picture.live.body)
    return body


def _geometry(feed: Feed) -> dict[str, Any]:
    assert feed.picture is not None
    assert feed.picture.geometry is not None
    body: dict[str, Any] = json.loads(feed.picture.geometry.body)
    return body


def test_before_the_first_log_every_figure_is_unknown_and_the_state_is_empty(feed: Feed) -> None:
    body = _body(feed)
    assert (body["state"], body["as_of"], body["errors"]) == ("empty", None, {})
    assert body["grids"]["coverage_pct"] == [None, None, None]
    assert body["summary"]["grid_count"] == 3
    assert [site[0] for site in body["sites"]] == [None, None]
    assert feed.judge_health().status == "empty"


def test_the_first_log_lines_bring_figures_in_the_order_of_the_geometry(feed: Feed) -> None:
    take_in_morning(feed.settings)
    feed.look()
    body, geometry = _body(feed), _geometry(feed)
    assert body["state"] == "ok"
    assert body["as_of"] == "2022-07-14T00:39:00Z"
    assert geometry["grids"]["codes"] == ["G1", "G2", "G3"]
    assert body["grids"]["coverage_pct"] == [100 / RESIDENTS, 0, 0]
    assert geometry["sites"]["codes"] == ["S1", "S2"]
    waiting, open_units = body["sites"][0][2], body["sites"][0][4]
    assert (waiting, open_units) == (1, 1)
    assert [zone["members"] for zone in body["zones"]] == [["B1"]]
    assert set(body) >= set(BLOCKS)


def test_without_a_new_publication_there_is_no_new_picture(feed: Feed) -> None:
    first = feed.picture
    assert feed.look() is False
    assert feed.picture is first


def test_the_clock_is_no_part_of_the_tag(feed: Feed) -> None:
    assert feed.picture is not None
    before = feed.picture.live.etag
    set_clock(feed.settings, "09:15:00")
    feed._seen = None
    feed.look()
    assert feed.picture.live.etag == before
    assert json.loads(live.describe_clock(feed.clock))["now"] == "2022-07-14T01:15:00.000+00:00"


def test_a_question_that_fails_costs_its_own_block_and_comes_back_by_itself(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in_morning(feed.settings)
    with monkeypatch.context() as broken:
        asked = Sitting.ask

        def fail(sitting: Sitting, name: str, /, **params: Any) -> Any:
            if name == "staffing/whistles":
                raise QuestionError("The question failed.")
            return asked(sitting, name, **params)

        broken.setattr(Sitting, "ask", fail)
        feed.look()
        body = _body(feed)
        assert body["errors"] == {"whistles": "2022-07-14T00:40:00Z"}
        assert "whistles" not in body
        assert body["grids"]["coverage_pct"][0] == 100 / RESIDENTS
    feed.look()
    assert _body(feed)["errors"] == {}
    assert _body(feed)["whistles"] == []


def test_a_situation_that_cannot_be_read_keeps_the_last_figures_and_says_so(feed: Feed) -> None:
    take_in_morning(feed.settings)
    feed.look()
    good = feed.settings.situation_path.read_bytes()
    feed.settings.situation_path.write_bytes(b"no situation")
    feed.look()
    body = _body(feed)
    assert (body["state"], body["as_of"]) == ("error", "2022-07-14T00:39:00Z")
    assert body["grids"]["coverage_pct"][0] == 100 / RESIDENTS
    assert "situation" in body["errors"]
    health = feed.judge_health()
    assert (health.status, health.is_well) == ("error", False)
    assert "situation.duckdb" in health.reason
    feed.settings.situation_path.write_bytes(good)
    feed.look()
    assert (_body(feed)["state"], _body(feed)["errors"]) == ("ok", {})


def test_a_feed_whose_files_wait_too_long_says_how_many(feed: Feed) -> None:
    waiting = {"baisha": Waiting(12_345, 1_000, 31.0), "checkin": Waiting(1, 10, 2.0)}
    write_worker_state(feed.settings, WorkerState(1, time.monotonic(), waiting))
    take_in_morning(feed.settings)
    feed.look()
    told = {row["feed_code"]: row.get("waiting_file_count") for row in _body(feed)["feeds"]}
    assert (told["baisha"], told["checkin"]) == (12_345, None)
    health = feed.judge_health()
    assert (health.status, health.is_well) == ("ok", True)
    assert "12,346 files" in health.reason


def test_a_worker_that_cannot_work_is_no_health_and_the_reason_says_why(feed: Feed) -> None:
    take_in_morning(feed.settings)
    feed.look()
    write_worker_state(feed.settings, WorkerState(1, time.monotonic(), problem="var/lake: the disk is full."))
    health = feed.judge_health()
    assert (health.status, health.is_well) == ("failing", False)
    assert "the disk is full" in health.reason


def test_a_home_without_a_situation_says_what_to_do(tmp_path: Any) -> None:
    feed = Feed(Settings(home=tmp_path))
    feed.look()
    assert feed.picture is not None
    assert feed.picture.state == "error"
    assert "wangge run" in feed.picture.problem
    assert _body(feed)["geometry"] is None


def test_silence_while_a_site_is_open_is_stale_and_without_open_sites_is_not(feed: Feed) -> None:
    take_in_morning(feed.settings)
    feed.look()
    assert feed.judge_health().is_well
    set_clock(feed.settings, "08:50:00")
    feed.look()
    health = feed.judge_health()
    assert (health.status, health.age_s) == ("stale", 11 * 60)
    closing = feed.settings.home / "logs" / "baisha" / "closing.csv"
    closing.write_text("site_code,unit_no,event,event_at\nS1,1,close,2022-07-14 08:39:30\n", encoding="utf-8")
    ingest_paths(feed.settings, [closing])
    feed.look()
    assert feed.picture is not None
    assert (feed.picture.open_unit_count, feed.judge_health().status) == (0, "ok")


@pytest.mark.parametrize(("value", "sent"), [(99.97, 99.9), (100.0, 100), (83.66, 83.7), (84.0, 84), (None, None)])
def test_a_share_is_sent_with_one_decimal_and_as_100_only_when_nobody_is_missing(
    value: float | None, sent: float | None
) -> None:
    assert live._round(value) == sent


def test_the_whole_district_fits_into_six_kilobytes(small_world: Settings) -> None:
    feed = Feed(small_world)
    feed.look()
    assert feed.picture is not None
    assert len(json.loads(feed.picture.live.body)["grids"]["coverage_pct"]) == 410
    assert len(feed.picture.live.zipped) <= 6 * 1024
    assert gzip.decompress(feed.picture.live.zipped) == feed.picture.live.body
    assert feed.picture.geometry is not None
    assert len(feed.picture.geometry.zipped) <= 150 * 1024


def test_a_round_that_closes_while_all_sites_rest_leaves_the_picture_although_nothing_happens(feed: Feed) -> None:
    take_in_morning(feed.settings)
    units = "site_code,unit_no,event,event_at"
    closed = write_log(
        feed.settings.home / "logs" / "baisha" / "closed.csv", ["S1,1,close,2022-07-14 08:39:30"], header=units
    )
    ingest_paths(feed.settings, [closed])
    feed.look()
    assert [one["round_code"] for one in _body(feed)["rounds"]] == ["M", "D"]
    set_clock(feed.settings, "10:00:00")
    feed.look()  # or the feed's own thread did just now
    assert [one["round_code"] for one in _body(feed)["rounds"]] == ["D"]
    assert _body(feed)["as_of"] == "2022-07-14T00:39:30Z"
    assert feed.look() is False


def test_a_picture_that_went_stale_while_a_site_was_open_stays_as_it_was_and_says_so(feed: Feed) -> None:
    take_in_morning(feed.settings)
    feed.look()
    set_clock(feed.settings, "10:00:00")
    feed.look()
    assert [one["round_code"] for one in _body(feed)["rounds"]] == ["M", "D"]
    assert feed.judge_health().status == "stale"


def test_publications_that_come_thick_and_fast_are_passed_over_for_two_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 100.0
    monkeypatch.setattr(live, "monotonic", lambda: now_s)
    spending = live.Spending(_at_s=now_s)
    spending.add(live.BURST_S)
    assert spending.may_go_on()
    spending.add(0.1)
    assert not spending.may_go_on()
    now_s += 0.1 / live.SHARE + 0.01
    assert spending.may_go_on()
    spending.add(100.0)
    assert not spending.may_go_on()
    now_s += live.LONGEST_REST_S
    assert spending.may_go_on()
