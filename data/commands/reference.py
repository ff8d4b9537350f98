"""`wangge import` and `wangge check`: what exists in the district, and whether its map is right."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from data.commands.parsing import FAILED, AddCommand, positive
from data.settings import read_settings

if TYPE_CHECKING:
    from data.reference_import.tiling import TilingOptions
    from geo.report import MapReport

REFERENCE_KINDS = ("feeds", "grids", "buildings", "households", "sites", "staff", "rounds", "zones")
LANGUAGES = ("zh", "en")


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("import", _import, "Check and load a reference file; refuse it with every reason at once.")
    command.add_argument("kind", metavar="KIND", help=" | ".join(REFERENCE_KINDS))
    command.add_argument("file", type=Path, metavar="FILE", help="CSV; GeoJSON for grids (data/FORMATS.md)")
    _add_tiling(command)

    command = add("check", _check, "Say what is wrong with a map of grids, without importing it.")
    command.add_argument("kind", choices=("grids",), metavar="grids", help="what to check")
    command.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a map file; none: the map in force")
    _add_tiling(command)


def _add_tiling(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--repair",
        action="store_true",
        help="grids: make outlines valid, close narrow overlaps and gaps; say what changed",
    )
    command.add_argument(
        "--snap-width-m", type=positive, metavar="W", help="grids: how wide an overlap or a gap counts as narrow (1)"
    )
    command.add_argument(
        "--report", type=Path, metavar="DIR", help="grids: write the report with a map and the problems"
    )
    command.add_argument("--lang", choices=LANGUAGES, help="language of the report (the terminal's)")


def _import(options: argparse.Namespace) -> int:
    from data.reference_import import import_reference

    summary = import_reference(read_settings(options.home), options.kind, options.file, _read_tiling(options))
    if summary.report is not None:
        _tell(summary.report, options)
    print(f"{summary.kind}: {summary.row_count:,} records from {summary.path} are in place.")
    for note in summary.notes:
        print(f"  note: {note}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from data.reference_import import check_grids, check_map_in_force

    settings = read_settings(options.home)
    file: Path | None = options.file
    report = check_grids(settings, file, _read_tiling(options)) if file else check_map_in_force(settings)
    _tell(report, options)
    return FAILED if report.judgement.is_refused else 0


def _read_tiling(options: argparse.Namespace) -> TilingOptions:
    from data.reference_import.tiling import TilingOptions
    from geo.fault import SNAP_WIDTH_M

    return TilingOptions(options.repair, options.snap_width_m or SNAP_WIDTH_M)


def _tell(report: MapReport, options: argparse.Namespace) -> None:
    """Prints the report; writes it where that was asked for."""
    from data.map_report import write_files
    from geo.report import write_text

    language = options.lang or _terminal_language()
    print(write_text(report, language))
    if options.report is not None:
        write_files(report, options.report)
        print(f"  → {options.report / f'report.{language}.html'}")


def _terminal_language() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if spoken.lower().startswith("zh") else "en"
