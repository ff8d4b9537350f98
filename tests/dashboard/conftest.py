"""Homes that the dashboard's tests look at: a district of three grids, before and after its first log lines."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from data.clock import write_clock
from data.ingest import ingest_paths
from data.settings import Settings
from tests.data.small_district import ADA, BO, line, make_district, write_log

SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def district(tmp_path: Path) -> Settings:
    """Three grids, two sites, two rounds, one high-risk building; nothing ingested; the clock stands at 08:40."""
    settings = make_district(Settings(home=tmp_path / "home"))
    set_clock(settings, "08:40:00")
    return settings


def take_in_morning(settings: Settings) -> Settings:
    """Of grid G1's five residents Ada was sampled at 08:20 and Bo registered at 08:39; unit 1 of S1 is open."""
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
