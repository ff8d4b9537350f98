"""Makes reports on maps of grids from what the lake holds, and puts them into the home folder.

What is wrong with a map is judged in `geo.tiling` and put into words in `geo.report`; a page reads what lies here by
`data.saved_report`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import shapely

from data.saved_report import IN_FORCE, Outcome, list_attempts
from data.settings import Settings
from geo.fault import GridMap, Outlines, Points
from geo.report import MapReport, make_report, write_features, write_page, write_text
from geo.report.drawing import draw_map
from geo.report.text import list_repair
from geo.report.words import LANGUAGES, describe_fault, read_words

KEPT_COUNT = 20
"""Attempts that are kept; one is some 300 KB."""
LISTED_COUNT = 500
"""Problems that the saved list names; the page of the report and its GeoJSON have more."""


def report_in_force(connection: duckdb.DuckDBPyConnection, timezone: str) -> MapReport | None:
    """The report on the map that the lake holds, with its buildings and sites; None where it holds no grid."""
    rows = connection.execute(
        """
        select g.grid_code, coalesce(g.grid_name, ''), coalesce(g.community_code, ''), coalesce(c.town_code, ''), g.geometry_wkb
        from lake.grid as g left join lake.community as c on c.community_code = g.community_code
        order by g.grid_code
        """
    ).fetchall()
    if not rows:
        return None
    codes, names, communities, towns, shapes = zip(*rows, strict=True)
    grids = GridMap(codes, np.array(shapely.from_wkb(list(shapes)), dtype=object), names, communities, towns)
    around = gather_surroundings(connection)
    return make_report("", datetime.now(ZoneInfo(timezone)), grids, around.points, around.outlines)


@dataclass(frozen=True)
class Surroundings:
    """What a map of grids is compared with: places, outlines of communities and towns, and which town a community is in."""

    points: tuple[Points, ...] = ()
    outlines: tuple[Outlines, ...] = ()
    town_of: Mapping[str, str] = field(default_factory=dict)


def gather_surroundings(connection: duckdb.DuckDBPyConnection) -> Surroundings:
    """The lake's buildings and sites, and the outlines that communities and towns were imported with."""
    places: tuple[Literal["building", "site"], ...] = ("building", "site")
    points = []
    for place in places:
        rows = connection.execute(
            f"""
            select {place}_code, grid_code, lon, lat from lake.{place}
            where grid_code is not null and lon is not null and lat is not null order by {place}_code
            """
        ).fetchall()
        if rows:
            codes, grid_codes, lon, lat = zip(*rows, strict=True)
            points.append(Points(place, codes, grid_codes, np.column_stack([lon, lat]).astype(float)))
    parents: tuple[Literal["community", "town"], ...] = ("community", "town")
    outlines = []
    for parent in parents:
        rows = connection.execute(
            f"select {parent}_code, outline_wkb from lake.{parent} order by {parent}_code"
        ).fetchall()
        if any(row[1] is not None for row in rows):
            codes, shapes = zip(*rows, strict=True)
            outlines.append(Outlines(parent, codes, np.array(shapely.from_wkb(list(shapes)), dtype=object)))
    town_of = dict(
        connection.execute(
            "select community_code, town_code from lake.community where town_code is not null"
        ).fetchall()
    )
    return Surroundings(tuple(points), tuple(outlines), town_of)


def save_in_force(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Judges the map in force anew and puts its report in place of the last one."""
    report = report_in_force(connection, settings.timezone)
    if report is None:
        return
    row = connection.execute("select count(*), coalesce(sum(area_km2), 0) from lake.grid").fetchone()
    assert row is not None
    _write_folder(settings, IN_FORCE, report, "in_force", int(row[0]), float(row[1]))


def save_attempt(settings: Settings, report: MapReport, outcome: Outcome) -> Path:
    """Keeps the report of an import or a check; the oldest beyond `KEPT_COUNT` go. Gives its folder."""
    # letters that may stand in an address as they are
    stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(report.source).stem)[:12].strip("-") or "map"
    name = f"{report.made_at:%Y%m%d-%H%M%S}-{stem}-{outcome}"
    folder = _write_folder(
        settings, name, report, outcome, report.judgement.size.grid_count, report.judgement.size.area_m2 / 1e6
    )
    for old in list_attempts(settings)[KEPT_COUNT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def write_files(report: MapReport, folder: Path, languages: Sequence[str] = LANGUAGES) -> None:
    """Puts the report's pages and the problems as GeoJSON into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        (folder / f"report.{language}.html").write_text(write_page(report, language), encoding="utf-8")
        (folder / f"report.{language}.txt").write_text(write_text(report, language) + "\n", encoding="utf-8")
    (folder / "problems.geojson").write_text(write_features(report), encoding="utf-8")


def _write_folder(
    settings: Settings, name: str, report: MapReport, outcome: Outcome, grid_count: int, area_km2: float
) -> Path:
    """Writes everything aside and puts it in place in one step, so that a page never meets half a report."""
    place, aside = settings.reports_dir / name, settings.reports_dir / f".{name}.aside"
    shutil.rmtree(aside, ignore_errors=True)
    write_files(report, aside)
    (aside / "map.svg").write_text(draw_map(report), encoding="utf-8")
    (aside / "report.json").write_text(
        json.dumps(_describe(report, outcome, grid_count, area_km2), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    shutil.rmtree(place, ignore_errors=True)
    aside.replace(place)
    return place


def _describe(report: MapReport, outcome: Outcome, grid_count: int, area_km2: float) -> dict[str, Any]:
    faults = report.judgement.faults
    return {
        "outcome": outcome,
        "source": report.source,
        "made_at": report.made_at.isoformat(),
        "grid_count": grid_count,
        "area_km2": area_km2,
        "counts": {level: len(report.judgement.of_level(level)) for level in ("refuse", "repair", "warn")},
        "faults": [
            {
                "number": number,
                "kind": fault.kind,
                "level": fault.level,
                **{language: asdict(describe_fault(fault, language)) for language in LANGUAGES},
            }
            for number, fault in enumerate(faults[:LISTED_COUNT], start=1)
        ],
        "levels": {language: read_words(language)["level"] for language in LANGUAGES},
        "changes": {language: list_repair(report, language, shown=50) for language in LANGUAGES},
    }
