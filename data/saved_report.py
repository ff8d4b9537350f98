"""Reports on maps that lie in the home folder, as a page reads them. Carries no map library: pages live for days.

`reports/` holds a folder for the map in force and one for each of the last attempts to import or check a map.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from data.settings import Settings

Outcome = Literal["in_force", "taken", "refused", "checked"]
IN_FORCE = "in-force"


@dataclass(frozen=True)
class SavedReport:
    """A report as a page reads it. `problem` says why it cannot be read; then the rest is empty.

    `counts` by level, worst first, and `levels` in words by language; `faults` with `number`, `kind`, `level` and, by
    language, `title`, `sentence`, `advice`, `place`; `changes` of a repair as sentences by language. `grid_count` and
    `area_km2` tell one map in force from the next.
    """

    folder: Path
    outcome: str = ""
    source: str = ""
    made_at: datetime | None = None
    grid_count: int = 0
    area_km2: float = 0.0
    counts: dict[str, int] | None = None
    levels: dict[str, dict[str, str]] | None = None
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


def read_in_force(settings: Settings) -> SavedReport | None:
    """The report on the map in force; None where none was made yet."""
    folder = settings.reports_dir / IN_FORCE
    return _read_folder(folder) if folder.is_dir() else None


def read_attempts(settings: Settings) -> list[SavedReport]:
    """The reports of the last attempts to import or check a map, newest first."""
    return [_read_folder(folder) for folder in list_attempts(settings)]


def list_attempts(settings: Settings) -> list[Path]:
    """The folders of the last attempts, newest first."""
    with suppress(OSError):
        found = [one for one in settings.reports_dir.iterdir() if one.is_dir() and one.name[:8].isdigit()]
        return sorted(found, key=lambda folder: folder.name, reverse=True)
    return []


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
            levels=told["levels"],
            faults=tuple(told["faults"]),
            changes=told["changes"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        return SavedReport(folder, problem=f"{type(error).__name__}: {error}")
