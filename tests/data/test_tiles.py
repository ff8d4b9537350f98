"""The background map that settings name: what is a template of tiles, and what is told of one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import SettingsError
from data.settings import Settings, read_settings
from data.tiles import read_tiles


@pytest.mark.parametrize(
    ("url", "template", "origin"),
    [
        ("http://tiles.lan/{z}/{x}/{y}.png", "http://tiles.lan/{z}/{x}/{y}.png", "http://tiles.lan"),
        (
            "https://10.0.0.7:8080/a?x={x}&y={-y}&z={z}",
            "https://10.0.0.7:8080/a?x={x}&y={-y}&z={z}",
            "https://10.0.0.7:8080",
        ),
        ("http://w/vec/{TileMatrix}/{TileRow}/{TileCol}", "http://w/vec/{z}/{y}/{x}", "http://w"),
        ("/tiles/{z}/{x}/{y}", "/tiles/{z}/{x}/{y}", ""),
    ],
)
def test_a_template_is_read_with_the_one_host_that_it_names(url: str, template: str, origin: str) -> None:
    tiles = read_tiles(url, "地图 © 测绘院", "gcj02", 18)
    assert tiles and (tiles.url, tiles.origin) == (template, origin)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://tiles.lan/map.png", "does not say where zoom, column and row go"),
        ("http://{s}.tiles.lan/{z}/{x}/{y}", "leaves s open"),
        ("http://w/{Style}/{TileMatrix}/{TileRow}/{TileCol}", "leaves Style open"),
        ("ftp://tiles.lan/{z}/{x}/{y}", "names no single host"),
        ("javascript:alert(1)//{z}/{x}/{y}", "names no single host"),
        ("tiles/{z}/{x}/{y}", "names no single host"),
        ("//tiles.lan/{z}/{x}/{y}", "names no single host"),
        ("http://user:word@tiles.lan/{z}/{x}/{y}", "names no single host"),
        ("http://a.lan; script-src */{z}/{x}/{y}", "names no single host"),
        ("http://{x}/{y}/{z}", "names no single host"),
    ],
)
def test_what_is_no_template_is_refused_with_the_reason(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_tiles(url, "", "wgs84", 18)


def test_the_file_of_settings_is_named_where_its_background_map_cannot_be_fetched(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        'tile_url = "http://w/{z}/{x}/{y}"\ntile_datum = "mars"\n', encoding="utf-8"
    )
    with pytest.raises(SettingsError, match=r"settings\.toml: tile_datum is 'mars'"):
        read_settings(tmp_path)


def test_without_the_setting_there_is_no_background_map(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).tiles is None
