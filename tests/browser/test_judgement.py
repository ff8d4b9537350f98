"""What the page takes figures to be worth: the judgement that the maps and the panels share, asked in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from dashboard.asset import ASSETS_DIR

NOW = "2022-07-14T00:40:00Z"


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Any:
    page = chromium.new_page()
    page.add_script_tag(content=(ASSETS_DIR / "follow.js").read_text(encoding="utf-8"))
    yield page
    page.close()


def judge(page: Page, silence_s: float = 1.0, live: dict[str, Any] | None = None) -> dict[str, Any]:
    """The verdict over a payload at 08:40, the server having answered `silence_s` ago."""
    found: dict[str, Any] = page.evaluate(
        """([live, silence, now]) => {
          const verdict = Wangge.judge({ live, silenceS: () => silence, now: () => Date.parse(now) });
          const lacking = verdict.lacking.map((one) => one.feed.feed_code);
          return { state: verdict.state, lacking, towns: [...verdict.townsLacking.keys()] };
        }""",
        [live, silence_s, NOW],
    )
    return found


def payload(as_of: str | None, feeds: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A payload with one open site; tolerances as in the settings."""
    tolerances = {"stale_s": 120, "broken_s": 15, "allowance_s": 0}
    sites = [[10, 0, 5, 60, 2, 2]]
    return {"state": "ok", "as_of": as_of, "tolerances": tolerances, "sites": sites, "feeds": feeds or [], **changes}


def feed(code: str, last: str | None, kind: str = "registrations", is_open: bool = True) -> dict[str, Any]:
    """A feed that may be silent for 5 minutes, of the town that bears its name."""
    town = code.upper() if kind == "registrations" else None
    return {
        "feed_code": code, "kind": kind, "town_code": town, "last_event_at": last, "silent_after_min": 5,
        "has_open_site": is_open,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("silence_s", "live", "state"),
    [
        (1, None, "loading"),
        (16, None, "broken"),
        (1, payload(None, state="empty"), "empty"),
        (1, payload("2022-07-14T00:39:30Z"), "ok"),
        (1, payload("2022-07-14T00:37:00Z"), "stale"),
        (1, payload("2022-07-14T00:37:00Z", sites=[[None, 3, 0, 0, 0, 0]]), "ok"),
        (1, payload("2022-07-14T00:37:00Z", tolerances={"stale_s": 120, "broken_s": 15, "allowance_s": 295}), "ok"),
        (1, payload("2022-07-14T00:39:30Z", state="error"), "error"),
        (16, payload("2022-07-14T00:39:30Z"), "broken"),
    ],
    ids=[
        "no answer yet",
        "never an answer",
        "nothing ingested",
        "fresh",
        "silent",
        "closed",
        "played fast",
        "no file",
        "lost",
    ],
)
def test_the_state_follows_from_age_and_silence(
    page: Page, silence_s: float, live: dict[str, Any] | None, state: str
) -> None:
    assert judge(page, silence_s, live)["state"] == state


def test_a_feed_that_is_silent_too_long_takes_its_town_with_it_and_no_other(page: Page) -> None:
    feeds = [feed("baisha", "2022-07-14T00:39:50Z"), feed("chaolian", "2022-07-14T00:29:00Z")]
    verdict = judge(page, live=payload("2022-07-14T00:39:50Z", feeds))
    assert (verdict["lacking"], verdict["towns"]) == (["chaolian"], ["CHAOLIAN"])


def test_a_feed_without_an_open_site_and_orders_are_never_silent(page: Page) -> None:
    feeds = [
        feed("hetang", "2022-07-14T00:10:00Z", is_open=False),
        feed("orders", "2022-07-09T09:30:00Z", kind="orders"),
        feed("duruan", None),
    ]
    assert judge(page, live=payload("2022-07-14T00:39:50Z", feeds))["lacking"] == []


def test_nobody_checks_in_while_every_site_is_closed(page: Page) -> None:
    staff = [feed("checkin", "2022-07-14T00:10:00Z", kind="staff", is_open=False)]
    closed = [[None, 3, 0, 0, 0, 0]]
    assert judge(page, live=payload("2022-07-14T00:39:50Z", staff))["lacking"] == ["checkin"]
    assert judge(page, live=payload("2022-07-14T00:39:50Z", staff, sites=closed))["lacking"] == []
