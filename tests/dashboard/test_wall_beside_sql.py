"""The wall ticks on while the worst queries run: never an error, never an old picture, and nothing is left over after."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dashboard import routes
from dashboard.live import Feed
from data.access_tokens import make_token
from data.sandbox import Limits, Sandbox
from data.settings import Settings
from tests.browser.conftest import publish, serving
from tests.dashboard.conftest import take_in_morning
from tests.dashboard.test_routes import get
from tests.data.escape_cases import Case, read_cases
from tests.data.small_district import make_district
from tests.waiting import eventually

FOLLOWS_WITHIN_S = 20.0
"""A publication is on the wall by then, on a machine that does other work too."""
WORST = (
    "a cross join that never ends", "a text of ten gigabytes", "texts that the engine does not count", "a sort of everything",
    "rows without end", "long rows", "brackets one in another, as many as fit", "subqueries one in another", "lambdas one in another",
    "a pattern that looks back", "a recursion that grows", "a pivot of endless values",
)  # fmt: skip


@dataclass
class Wall:
    """What was seen of `/api/live`, asked again and again beside publications."""

    look: Callable[[], tuple[int, bytes]]
    publish: Callable[[], int]
    """Replaces the situation by a newer one; gives its sequence."""
    wrong: list[str] = field(default_factory=list)
    looks: int = 0
    slowest_s: float = 0.0
    _published: list[tuple[float, int]] = field(default_factory=list)

    def watch(self, is_over: Callable[[], bool], every_s: float) -> None:
        """Publishes and looks in turn until it is over, and until the last publication is seen."""
        shown = 0
        while not is_over() or (self._published and shown < self._published[-1][1]):
            if not is_over():
                self._published.append((time.monotonic(), self.publish()))
            begin = time.monotonic()
            status, content = self.look()
            self.looks += 1
            self.slowest_s = max(self.slowest_s, time.monotonic() - begin)
            body = json.loads(content)
            if status != 200 or body["state"] != "ok" or body["errors"]:
                self.wrong.append(f"{status} {body['state']} {body['errors']}")
            shown = int(body["version"].rpartition("-")[2])
            due = max((sequence for at, sequence in self._published if at < begin - FOLLOWS_WITHIN_S), default=0)
            if shown < due:
                self.wrong.append(f"publication {shown} is shown, {due} was due")
                return
            time.sleep(every_s)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return take_in_morning(make_district(Settings(home=tmp_path_factory.mktemp("beside") / "home")))


def publisher(settings: Settings) -> Callable[[], int]:
    """Publishes the same figures again under the next number."""
    count = iter(range(2, 1_000_000))

    def next_one() -> int:
        publish(settings, settings.situation_path)
        return next(count)

    publish(settings, settings.situation_path, "update meta set sequence = 1")
    return next_one


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for word in children.read_text(encoding="ascii").split():
            found += [int(word), *descendants(int(word))]
    return found


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits for nothing but to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_worst_queries_leave_the_wall_as_it_is(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case for case in read_cases("bombs", "pivots") if case.name in WORST]
    assert len(cases) == len(WORST)
    feed = Feed(home)
    monkeypatch.setattr(routes, "_feed", feed)
    with Sandbox(replace(home, sandbox_memory_bytes=300_000_000)) as sandbox:

        def look() -> tuple[int, bytes]:
            answer = get("/api/live")
            return answer.status, answer.body

        wall = Wall(look, publisher(home))
        feed.start()
        threads = threading.active_count()
        queries = [sandbox.submit(case.text, "tester", Limits(0.3, 1000, 5_000_000)) for case in cases]
        wall.watch(lambda: all(query.is_over for query in queries), every_s=0.3)
        assert wall.wrong == [] and wall.looks > 5
        assert all(query.error is not None or query.cut_by for query in queries)
        assert sandbox.submit("select 1 as one").result(60).table.to_pylist() == [{"one": 1}]
        assert threading.active_count() <= threads + home.sandbox_at_once
        assert sandbox._stem is not None
        stem = sandbox._stem
        # besides the prepared process of the newest situation none is left
        eventually(lambda: len(descendants(stem.pid)) == 1)
        left = descendants(stem.pid)
    feed.stop()
    assert stem.poll() is not None
    eventually(lambda: all(has_ended(pid) for pid in left))


@dataclass(frozen=True)
class Used:
    """What a process holds."""

    memory_mb: float
    threads: int
    files: int

    @staticmethod
    def of(pid: int) -> Used:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        told = {
            line.split(":")[0]: line.split()[1] for line in status.splitlines() if ":" in line and len(line.split()) > 1
        }
        return Used(int(told["VmRSS"]) / 1024, int(told["Threads"]), len(list(Path(f"/proc/{pid}/fd").iterdir())))


@pytest.fixture
def sql_server(home: Settings, tmp_path: Path) -> Iterator[tuple[Settings, str, int, str]]:
    """A real server with limits that make bombs short: its home, its address, its process, and a token for it."""
    (home.home / "settings.toml").write_text(
        "sandbox_seconds = 3.0\nsandbox_memory_bytes = 400_000_000\nsandbox_export_bytes = 20_000_000\nsandbox_queue = 50\n"
    )

    token = make_token(home, "soak", 1)
    with serving(home) as served:
        assert served.process is not None
        yield home, served.url, served.process.pid, token


@pytest.mark.soak
def test_every_escape_and_bomb_leaves_the_wall_and_the_server_as_they_are(
    sql_server: tuple[Settings, str, int, str],
) -> None:
    home, url, server, token = sql_server

    def look() -> tuple[int, bytes]:
        with urllib.request.urlopen(f"{url}/api/live", timeout=30) as answer:
            return answer.status, answer.read()

    def ask(case: Case) -> str:
        """What the server makes of it, but for a request that cannot even be sent; "" where that is as it may be."""
        body = json.dumps({"sql": case.text, "format": "json"}).encode()
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)
        try:
            connection.request(
                "POST", "/api/sql", body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            status, said = answer.status, answer.read()
        except (http.client.IncompleteRead, ConnectionResetError):
            return ""  # what fails half way is broken off
        finally:
            connection.close()
        is_told = status < 400 or {"word", "message", "hint"} <= json.loads(said).keys()
        return "" if (is_told and status < 500) or status in (503, 504) else f"{case.name}: {status} {said[:200]!r}"

    files = sorted(path.name for path in home.home.iterdir())
    warm = ask(Case("", "warm", "answer", frozenset(), "select 1"))
    before = Used.of(server)
    wall = Wall(look, publisher(home))
    cases: Sequence[Case] = read_cases()
    with ThreadPoolExecutor(6) as askers:
        asked = [askers.submit(ask, case) for case in cases]
        wall.watch(lambda: all(one.done() for one in asked), every_s=1.0)
    after = Used.of(server)
    sys.stdout.write(
        f"{len(cases)} cases, {wall.looks} looks, the slowest {wall.slowest_s:.2f} s; {before}, then {after}\n"
    )
    assert wall.wrong == []
    assert [warm, *[one.result() for one in asked if one.result()]] == [""]
    assert (
        after.memory_mb < before.memory_mb + 200
        and after.threads <= before.threads + 16
        and after.files <= before.files + 20
    )
    # the stem and one prepared process stay
    eventually(lambda: len(descendants(server)) <= 2)
    assert {path.name for path in home.home.iterdir()} - set(files) <= {"audit", "sandbox", "dashboard.log"}
