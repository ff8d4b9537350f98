"""`wangge import` and `wangge check`: what exists in the district, and whether its map is right."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from data.commands.parsing import FAILED, AddCommand, pair, positive
from data.settings import read_settings

if TYPE_CHECKING:
    from data.reference_import import ImportOptions
    from data.reference_import.tiling import TilingOptions
    from geo.report import MapReport

REFERENCE_KINDS = (
    "feeds", "towns", "communities", "grids", "buildings", "households", "sites", "staff", "rounds", "zones",
    "zone_rules", "infections", "round_results",
)  # fmt: skip
LANGUAGES = ("zh", "en")


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("import", _import, "Check and load a reference file; refuse it with every reason at once.")
    command.add_argument("kind", metavar="KIND", help=" | ".join(REFERENCE_KINDS))
    command.add_argument(
        "file", type=Path, metavar="FILE", help="CSV; any map file for what has places (data/FORMATS.md)"
    )
    _add_reading(command)
    command.add_argument(
        "--replace",
        action="store_true",
        help="grids: take them although others name codes that are gone; zones: withdraw orders that the file leaves out",
    )
    _add_tiling(command)

    command = add("check", _check, "Say what is wrong with a map of grids, without importing it.")
    command.add_argument("kind", choices=("grids",), metavar="grids", help="what to check")
    command.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a map file; none: the map in force")
    _add_reading(command)
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


def _add_reading(command: argparse.ArgumentParser) -> None:
    command.add_argument("--crs", metavar="CRS", help="the file's coordinate system: EPSG:4490, gcj02, bd09 …")
    command.add_argument("--encoding", metavar="NAME", help="of its attributes: gb18030, big5, cp932 … (detected)")
    command.add_argument("--layer", metavar="NAME", help="which of several layers")
    command.add_argument(
        "--map", action="append", default=[], type=pair, metavar="FIELD=COLUMN", help="the column that holds a field"
    )
    command.add_argument("--dissolve", action="store_true", help="merge the rows of one code into one area")


def _import(options: argparse.Namespace) -> int:
    from data.reference_import import import_reference

    told = _read_options(options, is_replacing=options.replace)
    summary = import_reference(
        read_settings(options.home), options.kind, options.file, told, tiling=_read_tiling(options)
    )
    if summary.report is not None:
        _tell(summary.report, options)
    print(f"{summary.kind}: {summary.row_count:,} records from {summary.path} are in place.")
    if summary.orders is not None:
        done = summary.orders
        print(f"  {done.new_count:,} recorded, {done.known_count:,} known already, {done.withdrawn_count:,} withdrawn")
    for note in summary.notes:
        print(f"  note: {note}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from data.reference_import import check_grids, check_map_in_force

    settings = read_settings(options.home)
    file: Path | None = options.file
    if file is None:
        report = check_map_in_force(settings)
    else:
        report = check_grids(settings, file, _read_options(options), tiling=_read_tiling(options))
    _tell(report, options)
    return FAILED if report.judgement.is_refused else 0


def _read_options(options: argparse.Namespace, *, is_replacing: bool = False) -> ImportOptions:
    from data.reference_import import ImportOptions
    from geo.layer import LayerOptions

    layer = LayerOptions(options.layer, options.crs, options.encoding)
    return ImportOptions(layer, dict(options.map), is_dissolved=options.dissolve, is_replacing=is_replacing)


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
