"""The demonstration: what is done once, and what a second start finds done."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.clock import read_clock
from data.demo import PLAY_FROM, DemoOptions, count_waiting_files, prepare_demo
from data.errors import WanggeError
from data.settings import INBOX_FOLDERS, Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home whose demonstration was prepared once, at a hundredth of the residents."""
    settings = Settings(home=tmp_path_factory.mktemp("demo"))
    prepare_demo(settings, DemoOptions(scale=0.01))
    return settings


def test_the_history_lies_in_the_inbox_by_feed_and_the_rest_is_kept_to_be_played(home: Settings) -> None:
    feeds = {path.name for path in home.inbox_dir.iterdir() if any(path.iterdir())} - set(INBOX_FOLDERS)
    assert {"baisha", "checkin"} <= feeds
    assert count_waiting_files(home) == sum(1 for path in (home.scenario_dir / "logs").rglob("*") if path.is_file())
    assert (home.scenario_dir / "play" / "lines.parquet").is_file()


def test_the_clock_stands_where_the_play_will_begin(home: Settings) -> None:
    assert read_clock(home.home).now() == PLAY_FROM


def test_a_second_start_builds_and_delivers_nothing_again(home: Settings) -> None:
    made_at = (home.scenario_dir / "manifest.json").stat().st_mtime_ns
    taken = next((home.inbox_dir / "checkin").iterdir())
    taken.unlink()  # as the worker does when it has taken a file
    left = count_waiting_files(home)
    prepare_demo(home, DemoOptions())
    assert (home.scenario_dir / "manifest.json").stat().st_mtime_ns == made_at
    assert count_waiting_files(home) == left
    assert not taken.exists()


def test_a_home_holds_one_scenario(home: Settings) -> None:
    with pytest.raises(WanggeError, match=r"holds a scenario of scale 0\.01 already, not 1\.") as caught:
        prepare_demo(home, DemoOptions(scale=1.0))
    assert "--home" in caught.value.hint


def test_half_a_scenario_is_built_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.scenario_dir.mkdir(parents=True)
    (settings.scenario_dir / ".scenario").touch()
    (settings.scenario_dir / "reference").mkdir()
    (settings.scenario_dir / "reference" / "feeds.csv").write_text("feed_co", encoding="utf-8")
    prepare_demo(settings, DemoOptions(scale=0.01))
    assert (settings.scenario_dir / "manifest.json").is_file()
    assert (settings.scenario_dir / "reference" / "feeds.csv").read_text(encoding="utf-8").startswith("feed_code,")
