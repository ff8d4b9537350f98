"""Reports on maps of grids: what they are made from in the lake, and where they are kept in the home folder.

Owns `reports/`: a folder for the map in force and one for each of the last attempts to import or check a map. What is
wrong with a map is judged in `geo.tiling` and put into words in `geo.report`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import shapely

from data.settings import Settings
from geo.fault import GridMap, Outlines, Points
from geo.report import MapReport, make_report, write_features, write_page, write_text
from geo.report.drawing import draw_map
from geo.report.text import list_repair
from geo.report.words import LANGUAGES, describe_fault

Outcome = Literal["in_force", "taken", "refused", "checked"]
IN_FORCE = "in-force"
KEPT_COUNT = 20
"""Attempts that are kept; one is some 300 KB."""
LISTED_COUNT = 500
"""Problems that the saved list names; the page of the report and its GeoJSON have more."""


@dataclass(frozen=True)
class SavedReport:
    """A report as a page reads it. `problem` says why it cannot be read; then the rest is empty.

    `counts` by level; `faults` with `number`, `kind`, `level` and, by language, `title`, `sentence`, `advice`, `place`;
    `changes` of a repair as sentences by language. `grid_count` and `area_km2` tell one map in force from the next.
    """

    folder: Path
    outcome: str = ""
    source: str = ""
    made_at: datetime | None = None
    grid_count: int = 0
    area_km2: float = 0.0
    counts: dict[str, int] | None = None
    faults: tuple[dict[str, Any], ...] = ()
    changes: dict[str, list[str]] | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """Its folder's name, by which an address may ask for it."""
        return self.folder.name

    def read_file(self, name: str) -> bytes:
        """One of its files: `map.svg`, `report.zh.html`, `report.en.html`, `problems.geojson`; empty where it is gone."""
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""


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
    return make_report(
        "", datetime.now(ZoneInfo(timezone)), grids, gather_points(connection), gather_outlines(connection)
    )


def gather_points(connection: duckdb.DuckDBPyConnection) -> tuple[Points, ...]:
    """The buildings and sites of the lake with the grids that they are said to lie in."""
    kinds: tuple[Literal["building", "site"], ...] = ("building", "site")
    layers = []
    for kind in kinds:
        rows = connection.execute(
            f"""
            select {kind}_code, grid_code, lon, lat from lake.{kind}
            where grid_code is not null and lon is not null and lat is not null order by {kind}_code
            """
        ).fetchall()
        if rows:
            codes, grid_codes, lon, lat = zip(*rows, strict=True)
            layers.append(Points(kind, codes, grid_codes, np.column_stack([lon, lat]).astype(float)))
    return tuple(layers)


def gather_outlines(connection: duckdb.DuckDBPyConnection) -> tuple[Outlines, ...]:
    """The communities and towns of the lake with the outlines that they claim, where any was imported."""
    kinds: tuple[Literal["community", "town"], ...] = ("community", "town")
    layers = []
    for kind in kinds:
        rows = connection.execute(f"select {kind}_code, outline_wkb from lake.{kind} order by {kind}_code").fetchall()
        if any(row[1] is not None for row in rows):
            codes, shapes = zip(*rows, strict=True)
            layers.append(Outlines(kind, codes, np.array(shapely.from_wkb(list(shapes)), dtype=object)))
    return tuple(layers)


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
    stem = re.sub(r"[^\w.-]+", "-", Path(report.source).stem)[:40]
    name = f"{report.made_at:%Y%m%d-%H%M%S}-{stem}-{outcome}"
    folder = _write_folder(
        settings, name, report, outcome, report.judgement.size.grid_count, report.judgement.size.area_m2 / 1e6
    )
    for old in _list_attempts(settings)[KEPT_COUNT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def write_files(report: MapReport, folder: Path, languages: Sequence[str] = LANGUAGES) -> None:
    """Puts the report's pages and the problems as GeoJSON into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        (folder / f"report.{language}.html").write_text(write_page(report, language), encoding="utf-8")
        (folder / f"report.{language}.txt").write_text(write_text(report, language) + "\n", encoding="utf-8")
    (folder / "problems.geojson").write_text(write_features(report), encoding="utf-8")


def read_in_force(settings: Settings) -> SavedReport | None:
    """The report on the map in force; None where none was made yet."""
    folder = settings.reports_dir / IN_FORCE
    return _read_folder(folder) if folder.is_dir() else None


def read_attempts(settings: Settings) -> list[SavedReport]:
    """The reports of the last attempts to import or check a map, newest first."""
    return [_read_folder(folder) for folder in _list_attempts(settings)]


def _list_attempts(settings: Settings) -> list[Path]:
    with suppress(OSError):
        found = [one for one in settings.reports_dir.iterdir() if one.is_dir() and one.name[:8].isdigit()]
        return sorted(found, key=lambda folder: folder.name, reverse=True)
    return []


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
        "changes": {language: list_repair(report, language, shown=50) for language in LANGUAGES},
    }


def _read_folder(folder: Path) -> SavedReport:
    try:
        told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return SavedReport(
            folder=folder,
            outcome=told["outcome"],
            source=told["source"],
            made_at=datetime.fromisoformat(told["made_at"]),
            grid_count=told["grid_count"],
            area_km2=told["area_km2"],
            counts=told["counts"],
            faults=tuple(told["faults"]),
            changes=told["changes"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        return SavedReport(folder, problem=f"{type(error).__name__}: {error}")
