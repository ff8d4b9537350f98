"""The page of the daily brief in each of its states."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.parts.palette import LIGHT
from data.brief import ink
from data.settings import Settings
from tests.dashboard.conftest import Open, set_clock, take_in_morning, text_of
from tests.data.small_district import copy_of, make_district


def _page() -> None:
    from dashboard.views.brief import show_brief

    show_brief()


PAGE = _page


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three grids; nothing ingested."""
    return make_district(Settings(home=tmp_path_factory.mktemp("bare") / "home"))


@pytest.fixture(scope="module")
def morning(bare: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same on the morning of 14 July."""
    settings = copy_of(bare, tmp_path_factory.mktemp("morning") / "home")
    return take_in_morning(settings)


def shown(page: object) -> str:
    (frame,) = page.get("iframe")  # type: ignore[attr-defined]
    return str(frame.proto.srcdoc)


def test_the_brief_of_the_moment_is_shown_with_both_downloads(morning: Settings, open_page: Open) -> None:
    set_clock(morning, "08:40:00")
    page = open_page(morning)
    assert "截至 7月14日 周四 08:39:00" in shown(page)
    assert [button.proto.label for button in page.get("download_button")] == ["PDF", "HTML"]


def test_it_speaks_english(morning: Settings, open_page: Open) -> None:
    set_clock(morning, "08:40:00")
    assert "Screening rounds" in shown(open_page(morning, lang="en"))


def test_old_data_is_said_to_be_old(morning: Settings, open_page: Open) -> None:
    set_clock(morning, "09:30:00")
    page = open_page(morning)
    assert "08:39" in text_of(page)
    assert "wg-band-watch" in "".join(element.proto.body for element in page.get("html"))


def test_before_the_first_data_the_brief_has_no_figure(bare: Settings, open_page: Open) -> None:
    set_clock(bare, "08:40:00")
    assert "还没有收到任何数据" in shown(open_page(bare))


def test_without_a_situation_there_is_no_brief_and_the_page_says_why(tmp_path: Path, open_page: Open) -> None:
    page = open_page(Settings(home=tmp_path))
    assert not page.get("iframe")
    assert "wg-band-act" in "".join(element.proto.body for element in page.get("html"))


def test_the_brief_is_printed_in_the_pages_light_colours() -> None:
    assert (
        LIGHT.page,
        LIGHT.text,
        LIGHT.text_2,
        LIGHT.zone,
        LIGHT.ramp,
    ) == (ink.PAGE, ink.TEXT, ink.TEXT_2, ink.ZONE, ink.RAMP)
    assert {name: LIGHT.of_wait(name) for name in ink.WAIT} == ink.WAIT
