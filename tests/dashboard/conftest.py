"""Homes that the dashboard's tests look at: a district of three grids, before and after its first log lines."""

from __future__ import annotations

import filecmp
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.testing.v1 import AppTest

from dashboard import routes
from data.clock import write_clock
from data.ingest import ingest_paths
from data.settings import Settings
from tests.data.small_district import ADA, BO, line, make_district, shared_district, write_log
from tests.made_once import make_once

SHANGHAI = timezone(timedelta(hours=8))
Open = Callable[..., AppTest]


@pytest.fixture
def district(tmp_path: Path) -> Settings:
    """Three grids, two sites, two rounds, one high-risk building; nothing ingested; the clock stands at 08:40."""
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "08:40:00")
    return settings


def take_in_morning(settings: Settings) -> Settings:
    """Of grid G1's five residents Ada was sampled at 08:20 and Bo registered at 08:39; unit 1 of S1 is open.

    Into a district in which nothing has happened since it was made, a copy of that morning is put.
    """
    if not filecmp.cmp(_catalogue(settings), _catalogue(shared_district()), shallow=False):
        return _ingest_morning(settings)
    morning = Settings(home=make_once("morning", lambda home: _ingest_morning(make_district(Settings(home=home)))))
    published = morning.situation_path.name
    shutil.copytree(morning.home, settings.home, dirs_exist_ok=True, ignore=shutil.ignore_patterns(published))
    aside = settings.situation_path.with_suffix(".new")
    shutil.copy(morning.situation_path, aside)
    aside.replace(settings.situation_path)
    return settings


def _catalogue(settings: Settings) -> Path:
    return settings.lake_dir / "catalogue.sqlite"


def _ingest_morning(settings: Settings) -> Settings:
    logs = settings.home / "logs" / "baisha"
    units = "site_code,unit_no,event,event_at"
    ingest_paths(
        settings,
        [
            write_log(logs / "units.csv", ["S1,1,open,2022-07-14 06:00:00"], header=units),
            write_log(
                logs / "rows.csv",
                [line("S1", ADA, "08:10", "08:20", unit="1", household="H1"), line("S1", BO, "08:39", household="H1")],
            ),
        ],
    )
    return settings


def set_clock(settings: Settings, time: str) -> None:
    """Lets the district's clock stand still at a time of 14 July."""
    moment = datetime.fromisoformat(f"2022-07-14T{time}").replace(tzinfo=SHANGHAI)
    write_clock(settings.home, moment, speed=0.0, ends_at=None)


@pytest.fixture
def open_page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the page that a test module names as `PAGE`, a script or a function, at an address, as a new viewer."""
    monkeypatch.setattr(routes, "_feed", None)
    script = request.module.PAGE

    def visit(settings: Settings, **query: str) -> AppTest:
        monkeypatch.setenv("WANGGE_HOME", str(settings.home))
        open_script = AppTest.from_file if isinstance(script, str) else AppTest.from_function
        page = open_script(script, default_timeout=60)
        page.query_params.update(query)
        return page.run()

    yield visit
    if routes._feed is not None:
        routes._feed.stop()


def press_during(action: Callable[..., Any]) -> Callable[..., Any]:
    """The action, during which the reader presses something else: Streamlit ends the run at its next touch of it."""

    def act(*given: Any, **named: Any) -> Any:
        done = action(*given, **named)
        context = get_script_run_ctx()
        assert context is not None and context.script_requests is not None
        context.script_requests.request_stop()
        return done

    return act


def text_of(page: AppTest) -> str:
    """All that the page's own HTML says, tags taken out."""
    assert not page.exception
    bodies = [element.proto.body for element in page.get("html")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", " ".join(bodies))))
