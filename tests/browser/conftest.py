"""A real dashboard in a process of its own, and a Chromium that may speak to nobody else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect, sync_playwright

from data.clock import write_clock
from data.settings import PROJECT_ROOT, Settings

SHANGHAI = timezone(timedelta(hours=8))
START_WITHIN_S = 90
WITHIN_MS = 120_000
"""Within this all that is waited for comes, however busy the machine; where it comes at once, a long wait costs nothing."""
expect.set_options(timeout=WITHIN_MS)
LAPTOP, PHONE = ViewportSize(width=1366, height=768), ViewportSize(width=390, height=844)
CHROMIUM_NOTE = PROJECT_ROOT / ".venv" / ".chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Server:
    """The dashboard of one home on a port of its own; it can be killed and started again."""

    settings: Settings
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the process and waits until the live feed answers."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT")}
        with (self.settings.home / "dashboard.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "dashboard" / "app.py")),
                    *("--server.port", str(self.port), "--server.headless=true", "--server.fileWatcherType=none"),
                ],
                cwd=self.settings.home,
                env={**environment, "WANGGE_HOME": str(self.settings.home)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        ends = time.monotonic() + START_WITHIN_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/live", timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > ends or self.process.poll() is not None:
                    raise
                time.sleep(0.1)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None

    def publish(self, *changes: str) -> None:
        """Replaces the situation by a copy with these changes, as a commit of new rows would."""
        publish(self.settings, self.settings.situation_path, *changes)


@dataclass
class Visitor:
    """A page that has spoken to the server alone: what it asked of others and what went wrong in it."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


def publish(settings: Settings, source: Path, *changes: str) -> None:
    """Puts a changed copy of a situation in place of the home's, in one step."""
    aside = settings.home / "situation.aside"
    shutil.copyfile(source, aside)
    with duckdb.connect(str(aside)) as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        for change in ("update meta set sequence = sequence + 1", *changes):
            connection.execute(change)
    aside.replace(settings.situation_path)


def stand_at(time_of_day: str) -> str:
    """The change that makes a situation that of a time on 14 July: every question asks as of it."""
    return f"update meta set as_of = '2022-07-14 {time_of_day}'"


def start_clock(settings: Settings, time_of_day: str) -> None:
    """Lets the district's clock run from a time of 14 July on, at the speed of any clock."""
    moment = datetime.fromisoformat(f"2022-07-14T{time_of_day}").replace(tzinfo=SHANGHAI)
    write_clock(settings.home, moment, speed=1.0, ends_at=None)


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """A home's dashboard on a free port, for as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = Server(settings, port)
    served.start()
    try:
        yield served
    finally:
        served.kill()


@pytest.fixture(scope="module")
def server(small_world: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The small world's dashboard on the morning of 14 July, 08:40."""
    settings = Settings(home=tmp_path_factory.mktemp("served"))
    publish(settings, small_world.situation_path, stand_at("08:40:24"))
    start_clock(settings, "08:40:27")
    with serving(settings) as served:
        yield served


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The Chromium that `make test` found, else the one on the path, else Playwright's own."""
    noted = CHROMIUM_NOTE.read_text(encoding="utf-8").strip() if CHROMIUM_NOTE.is_file() else ""
    found = os.environ.get("WANGGE_CHROMIUM") or noted or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=None if found in (None, "playwright") else found, args=QUIET
        )
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as context:
        yield context


@pytest.fixture
def laptop(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport=LAPTOP) as context:
        yield context


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True) as context:
        yield context


def visit(context: BrowserContext, server: Server, path: str) -> Visitor:
    """Opens a page of the server; requests to anyone else are recorded and refused."""
    context.set_default_timeout(WITHIN_MS)
    visitor = Visitor(context.new_page())

    def guard(route: Route) -> None:
        if route.request.url.startswith((server.url, "data:", "blob:")):
            route.continue_()
        else:
            visitor.strangers.append(route.request.url)
            route.abort()

    visitor.page.route("**/*", guard)
    visitor.page.on("console", lambda message: visitor.errors.append(message.text) if message.type == "error" else None)
    visitor.page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    visitor.page.on("dialog", lambda dialog: (visitor.dialogs.append(dialog.message), dialog.dismiss()))
    visitor.page.goto(f"{server.url}{path}")
    return visitor
