"""`wangge import`: what exists in the district."""

from __future__ import annotations

import argparse
from pathlib import Path

from data.commands.parsing import AddCommand
from data.settings import read_settings

REFERENCE_KINDS = ("feeds", "grids", "buildings", "households", "sites", "staff", "rounds", "zones")


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("import", _import, "Check and load a reference file; refuse it with every reason at once.")
    command.add_argument("kind", metavar="KIND", help=" | ".join(REFERENCE_KINDS))
    command.add_argument("file", type=Path, metavar="FILE", help="CSV; GeoJSON for grids (data/FORMATS.md)")


def _import(options: argparse.Namespace) -> int:
    from data.reference_import import import_reference

    summary = import_reference(read_settings(options.home), options.kind, options.file)
    print(f"{summary.kind}: {summary.row_count:,} records from {summary.path} are in place.")
    for note in summary.notes:
        print(f"  note: {note}")
    return 0
