"""The wall's document: where things stand, and that it needs no other host."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import combinations

import pytest

from dashboard.asset import ASSETS_DIR, find_asset
from dashboard.text import read_text
from dashboard.wall import PAGE_SIZE_PX, REGIONS_PX, write_wall

Box = tuple[int, int, int, int]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@pytest.fixture(params=["zh", "en"])
def page(request: pytest.FixtureRequest) -> str:
    return write_wall(request.param).payload.body.decode()


def test_every_region_lies_on_the_page_and_only_the_band_may_cover_another() -> None:
    width, height = PAGE_SIZE_PX
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in REGIONS_PX.values())
    covering = {
        frozenset(pair) for pair in combinations(REGIONS_PX, 2) if _overlap(REGIONS_PX[pair[0]], REGIONS_PX[pair[1]])
    }
    # The band's end and the moment's empty left part share room; the moment's words are set from the right.
    assert covering == {frozenset({"band", "moment"})}


def test_the_document_names_no_other_host(page: str) -> None:
    assert re.findall(r"""(?:src|href)=["'](?!/assets/|data:,)""", page) == []
    assert "//" not in re.sub(r"[^:\"']//[^\n]*", "", page).replace("</", "")


def test_every_asset_that_the_document_names_is_there(page: str) -> None:
    named = re.findall(r'(?:src|href)="/assets/([^"?]+)', page)
    assert {"wall.js", "map.js", "follow.js", "wall.css"} <= set(named)
    assert [path for path in named if find_asset(path) is None] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_policy_allows_exactly_the_scripts_that_the_document_carries(lang: str) -> None:
    document = write_wall(lang)
    scripts = re.findall(r"<script>(.*?)</script>", document.payload.body.decode(), flags=re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    assert set(re.findall(r"'sha256-([^']+)'", document.policy)) == hashes
    assert "http" not in document.policy
    assert "'unsafe-inline'" not in document.policy.split("script-src")[1].split(";")[0]


def test_block_titles_stand_before_the_first_figure(page: str) -> None:
    lang = "en" if 'lang="en"' in page else "zh"
    words = read_text("wall", lang)
    assert all(
        f"<h2>{words[key]}</h2>" in page
        for key in ("alerts", "coverage", "queues", "whistles", "on_duty", "throughput")
    )


def test_values_from_the_data_never_become_markup() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in ASSETS_DIR.glob("*.js")]
    assert len(scripts) >= 3
    assert [
        word
        for script in scripts
        for word in re.findall(r"\.innerHTML\s*=|insertAdjacentHTML|document\.write|\.outerHTML\s*=", script)
    ] == []


def test_the_host_of_a_background_map_may_give_pictures_and_nothing_else() -> None:
    rules = write_wall("zh", "http://tiles.lan:8080").policy.split("; ")
    assert [rule for rule in rules if "tiles.lan" in rule] == ["img-src 'self' data: http://tiles.lan:8080"]
    assert "img-src 'self' data:" in write_wall("zh").policy.split("; ")
