"""What is told outside, how often, to whom, and what happens when the other side fails, hangs or is away."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from data.alert_log import AlertLog, as_moment
from data.clock import write_clock
from data.doctor import _look_at_webhooks
from data.errors import LakeError, SettingsError
from data.ingest import ingest_paths
from data.settings import Settings
from data.telling import Target, Teller, only_teller, read_targets, teller
from data.telling.events import GONE_AFTER_S
from data.telling.messages import WECOM_BYTES
from data.telling.post import Outcome, post
from tests.data.small_district import ADA, line, make_district, write_log

NOW = datetime(2022, 7, 14, 0, 40, tzinfo=UTC)
JAM = {
    "rule": "site_jammed", "level": "act", "place_kind": "site", "place_code": "S2", "place_name": "东华名岸",
    "place_name_en": "Donghua Mingan", "since_at": NOW - timedelta(minutes=10), "figure": 62.9, "target": 50.0,
    "detail_count": 7, "action": "open_units", "responsible_role": "grid_leader", "responsible_staff_code": "BS-3501",
}  # fmt: skip
LATE = {
    "rule": "whistle_late", "level": "watch", "place_kind": "whistle", "place_code": "W1", "place_name": "侧贤", "place_name_en": None,
    "since_at": NOW - timedelta(minutes=5), "figure": 2.0, "target": 6.0, "detail_count": 4, "action": "send_people",
    "responsible_role": "community_cadre", "responsible_staff_code": None,
}  # fmt: skip


class Robot:
    """The other side: answers as it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.answers: list[tuple[int, str]] = []
        self.hangs = threading.Event()
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = robot.answers.pop(0) if robot.answers else (200, '{"errcode":0,"errmsg":"ok"}')
                if answer == "hang":
                    robot.hangs.wait(20)
                    return
                if status == 200 and answer == '{"errcode":0,"errmsg":"ok"}':
                    robot.bodies.append(json.loads(body))
                    robot.headers.append(dict(self.headers))
                    robot.raw.append(body)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/send?key=abc"

    def close(self) -> None:
        self.hangs.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def robot() -> Iterator[Robot]:
    robot = Robot()
    yield robot
    robot.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tmp_path.joinpath("home").mkdir()
    settings = Settings(home=tmp_path / "home")
    set_clock(settings, NOW)
    return settings


def set_clock(settings: Settings, now: datetime) -> None:
    write_clock(settings.home, now, speed=0.0, ends_at=None)


class Told(Teller):
    """A teller that is told what is open and over, instead of asking, and never waits."""

    opened: list[dict[str, Any]]
    episodes: list[dict[str, Any]]

    def _ask(self, *_: object) -> Any:
        return self.opened, self.episodes

    def turn(self, opened: list[dict[str, Any]], *over: dict[str, Any]) -> None:
        self.opened, self.episodes = opened, list(over)
        self.look()
        self.hurry()

    def hurry(self) -> None:
        for each in self._lines:
            each.due_s = 0.0
        self.send()


def over(alert: dict[str, Any], ended_at: datetime) -> dict[str, Any]:
    names = ("rule", "place_code", "since_at")
    return {**{name: alert[name] for name in names}, "ended_at": ended_at, "closed_at": ended_at}


def to_json(robot: Robot) -> Target:
    return Target("json there", "json", robot.url)


def test_an_opening_an_escalation_and_a_closing_are_each_told_once(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [to_json(robot)])
    for opened in (
        [JAM],
        [JAM],
        [JAM, LATE],
        [JAM, LATE],
        [JAM, {**LATE, "level": "act"}],
        [JAM, {**LATE, "level": "act"}],
    ):
        told.turn(opened)
        told.hurry()
    told.turn([JAM], over(LATE, NOW))
    told.turn([JAM], over(LATE, NOW))
    told.hurry()
    assert [(body["event"], body["rule"], body["level"]) for body in robot.bodies] == [
        ("opened", "site_jammed", "act"),
        ("opened", "whistle_late", "watch"),
        ("escalated", "whistle_late", "act"),
        ("closed", "whistle_late", "act"),
    ]
    assert len({body["idempotency_key"] for body in robot.bodies}) == 4
    assert robot.bodies[0]["text"] == "东华名岸 拥堵 62 分钟 · 自 08:30 起 · 增开 7 个采样单元 · 网格长 BS-3501"
    assert robot.bodies[0]["responsible"]["staff_code"] == "BS-3501"
    assert robot.bodies[3]["text"] == "侧贤 吹哨未到齐 · 08:35–08:40"


def test_a_restart_tells_nothing_again_and_nothing_less(settings: Settings, robot: Robot) -> None:
    robot.answers = [(500, "broken")]
    first = Told(settings, [to_json(robot)])
    first.turn([JAM])
    assert robot.bodies == []
    second = Told(settings, [to_json(robot)])
    second.turn([JAM])
    third = Told(settings, [to_json(robot)])
    third.turn([JAM])
    third.turn([], over(JAM, NOW))
    assert [body["event"] for body in robot.bodies] == ["opened", "closed"]


def test_a_line_torn_by_a_kill_is_passed_over_and_the_event_told(settings: Settings, robot: Robot) -> None:
    Told(settings, [Target("json nowhere", "json", "http://127.0.0.1:9/")]).turn([JAM])
    (path,) = (settings.home / "alerts").glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    told = Told(settings, [to_json(robot)])
    told.turn([JAM])
    told.turn([JAM])
    assert [body["event"] for body in robot.bodies] == ["opened"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, "broken"), "HTTP 500"),
        ((404, ""), "HTTP 404"),
        ((302, ""), "HTTP 302"),
        ((200, "<html>portal</html>"), "the answer is not a robot's"),
        ((200, '{"errcode":93000,"errmsg":"invalid webhook url"}'), "errcode 93000"),
        ((200, '{"errcode":45009,"errmsg":"freq"}'), "errcode 45009"),
        ((200, "hang"), "no answer within 0.3 s"),
    ],
)
def test_what_a_robot_did_not_take_is_sent_again_until_it_does(
    settings: Settings, robot: Robot, answer: tuple[int, str], problem: str
) -> None:
    robot.answers = [answer]
    problems = []

    def send(target: Target, body: bytes, key: str) -> Outcome:
        outcome = post(target, body, key, timeout_s=0.3)
        problems.append(outcome.problem)
        return outcome

    told = Told(settings, [Target("wecom there", "wecom", robot.url)], send)
    told.turn([JAM])
    told.hurry()
    told.hurry()
    assert problems == [problem, ""]
    assert len(robot.bodies) == 1


def test_one_target_that_is_away_keeps_no_other_from_its_messages(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [Target("json away", "json", "http://127.0.0.1:9/"), to_json(robot)])
    told.turn([JAM])
    assert [body["event"] for body in robot.bodies] == ["opened"]
    told.tell_state()
    waiting = {
        name: count for name, (count, _) in (teller.read_teller_state(settings) or pytest.fail()).waiting.items()
    }
    assert waiting == {"json away": 1, "json there": 0}


def test_pauses_grow_and_what_was_not_taken_for_two_hours_is_given_up(settings: Settings) -> None:
    told = Told(settings, [Target("json away", "json", "http://127.0.0.1:9/")], lambda *_: Outcome("HTTP 500"))
    pauses = []
    for _ in range(9):
        told.turn([JAM])
        pauses.append(told._lines[0].pause_s)
    assert pauses == [4, 8, 16, 32, 64, 128, 256, 300, 300]
    set_clock(settings, NOW + timedelta(hours=2))
    told.turn([JAM])
    assert [entry.kind for entry in AlertLog(settings).read()] == ["opened", "given_up"]


def test_a_robot_gets_many_events_in_one_message_and_no_more_than_it_may_hold(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [Target("wecom there", "wecom", robot.url)])
    many = [{**JAM, "place_code": f"S{number}", "place_name": f"第{number}号采样点" * 3} for number in range(60)]
    told.turn(many)
    while told._list_waiting(told._lines[0]):
        told.hurry()
    contents = [body["markdown"]["content"] for body in robot.bodies]
    assert all(len(content.encode()) <= WECOM_BYTES and content.startswith("**蓬江区 告警**") for content in contents)
    assert sum(content.count("需处置") for content in contents) == 60
    assert 2 < len(contents) < 8
    assert told._lines[0].due_s > 0 and teller.GAP_S["wecom"] * 20 >= 60


def test_names_cannot_bring_markup_into_a_message(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [Target("wecom there", "wecom", robot.url)])
    told.turn([{**JAM, "place_name": "[点](http://x) <@all>*"}])
    assert re.search(r"[<>\[\]]|\*\*\*", robot.bodies[0]["markdown"]["content"].split("\n")[1].split("**")[1]) is None


def test_an_alert_whose_beginning_moved_is_the_same_alert(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [to_json(robot)])
    told.turn([JAM])
    moved = {**JAM, "since_at": JAM["since_at"] - timedelta(minutes=5)}
    told.turn([moved])
    told.turn([JAM])
    assert [body["event"] for body in robot.bodies] == ["opened"]
    # over, and open again: that is another one
    again = {**JAM, "since_at": NOW}
    told.turn([again], over(JAM, NOW))
    told.hurry()
    assert [body["event"] for body in robot.bodies] == ["opened", "closed", "opened"]


def test_an_alert_that_vanishes_is_told_to_be_closed_after_half_an_hour(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [to_json(robot)])
    told.turn([JAM])
    told.turn([])
    set_clock(settings, NOW + timedelta(seconds=GONE_AFTER_S - 1))
    told.turn([])
    assert [body["event"] for body in robot.bodies] == ["opened"]
    set_clock(settings, NOW + timedelta(seconds=GONE_AFTER_S))
    told.turn([])
    assert [body["text"] for body in robot.bodies][1:] == ["东华名岸 拥堵 · 自 08:30 起，已不再成立"]


def test_only_what_needs_action_is_told_where_the_setting_says_so(settings: Settings, robot: Robot) -> None:
    told = Told(Settings(home=settings.home, webhook_least_level="act"), [to_json(robot)])
    told.turn([JAM, LATE])
    told.turn([JAM, {**LATE, "level": "act"}])
    assert [(body["event"], body["rule"]) for body in robot.bodies] == [
        ("opened", "site_jammed"),
        ("opened", "whistle_late"),
    ]


def test_a_json_message_is_signed_with_the_secret(settings: Settings, robot: Robot) -> None:
    told = Told(settings, [Target("json there", "json", robot.url, "shared")])
    told.turn([JAM])
    wanted = hmac.new(b"shared", robot.raw[0], hashlib.sha256).hexdigest()
    assert robot.headers[0]["X-Wangge-Signature"] == f"sha256={wanted}"
    assert robot.headers[0]["Idempotency-Key"] == robot.bodies[0]["idempotency_key"]


def test_a_second_teller_of_a_home_ends_at_once(settings: Settings) -> None:
    with only_teller(settings), pytest.raises(LakeError, match="Another process"), only_teller(settings):
        pass


@pytest.mark.parametrize(
    ("webhooks", "said"),
    [
        ("wecom", "no webhook"),
        ("mail x@y", "no webhook"),
        ("json ftp://x/y", "is none"),
        ("wecom http://x/?key={secret}", "no secret"),
    ],
)
def test_a_webhook_that_is_none_is_refused_at_the_start(settings: Settings, webhooks: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_targets(Settings(home=settings.home, webhooks=webhooks))


def test_a_secret_takes_its_place_in_the_address_and_is_told_nowhere(settings: Settings) -> None:
    secret = settings.home / "keys" / "webhook.secret"
    secret.parent.mkdir()
    secret.write_text("s3cret\n")
    wanted = Settings(
        home=settings.home, webhooks="wecom http://127.0.0.1:9/send?key={secret}; json http://127.0.0.1:9/"
    )
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match="open to others"):
        read_targets(wanted)
    secret.chmod(0o600)
    targets = read_targets(wanted)
    assert [(target.name, target.url) for target in targets] == [
        ("wecom 127.0.0.1", "http://127.0.0.1:9/send?key=s3cret"),
        ("json 127.0.0.1", "http://127.0.0.1:9/"),
    ]
    said = f"{targets} {post(targets[0], b'{}', 'k')} {[finding.found for finding in _look_at_webhooks(wanted)]}"
    assert "s3cret" not in said
    assert "nobody tells alerts at present" in said
    assert [finding.found for finding in _look_at_webhooks(settings)] == ["none: alerts are told on the pages only"]


def test_the_alerts_of_a_situation_are_told_while_it_is_fresh(tmp_path: Path, robot: Robot) -> None:
    settings = make_district(Settings(home=tmp_path / "district"))
    units = write_log(
        settings.home / "logs" / "baisha" / "units.csv",
        ["S1,1,open,2022-07-14 06:00:00"],
        header="site_code,unit_no,event,event_at",
    )
    rows = write_log(
        settings.home / "logs" / "baisha" / "rows.csv", [line("S1", ADA, "08:20", "08:30", household="H1")]
    )
    ingest_paths(settings, [units, rows])
    told = Teller(settings, [to_json(robot)])
    set_clock(settings, as_moment("2022-07-14T09:10:00+08:00"))
    assert told.look() == 0  # forty minutes behind the clock: no news
    set_clock(settings, as_moment("2022-07-14T08:31:00+08:00"))
    assert told.look() == 2
    told.send()
    told.send()
    assert {(body["rule"], body["place"]["code"]) for body in robot.bodies} == {
        ("coverage_behind", "D"),
        ("coverage_behind", "M"),
    }
