"""`wangge ingest`: logs into the lake."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from data.commands.parsing import FAILED, WRONG_USAGE, AddCommand, stop_on_signal
from data.masking import MaskingFilter, mask_numbers
from data.settings import read_settings

if TYPE_CHECKING:
    from data.ingest import IngestSummary


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("ingest", _ingest, "Take logs into the lake.")
    command.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="log files, or folders of them")
    command.add_argument("--feed", metavar="F", help="the feed of files that lie in no folder named like a feed")
    command.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=HEADER",
        help="what these files call a column, such as site_code=点位编码; may be repeated",
    )
    command.add_argument(
        "--keep-map", action="store_true", help="keep the mapping for the feed: the worker uses it too"
    )
    command.add_argument("--watch", action="store_true", help="take what lies in the inbox, and go on taking")


def _ingest(options: argparse.Namespace) -> int:
    from data.ingest import ingest_paths, watch_inbox
    from data.ingest.mappings import keep_mapping, parse_mapping

    settings = read_settings(options.home)
    mapping = parse_mapping(options.map)
    if options.keep_map and not (options.feed and mapping):
        print("wangge ingest: --keep-map needs --feed and --map.", file=sys.stderr)
        return WRONG_USAGE
    if not options.paths and not options.watch and not options.keep_map:
        print("wangge ingest: name files or folders to take, or --watch to watch the inbox.", file=sys.stderr)
        return WRONG_USAGE
    if options.keep_map:
        print(f"Kept in {keep_mapping(settings, options.feed, mapping)}.")
    refused = 0
    if options.paths:
        with tqdm(unit="file", desc="ingest", disable=None) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            summary = ingest_paths(settings, options.paths, show, feed=options.feed, mapping=mapping)
        print(_describe_ingest(summary))
        for path, reason in summary.refused:
            print(mask_numbers(f"  refused: {path}: {reason}"), file=sys.stderr)
        refused = len(summary.refused)
    if options.watch:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
        for handler in logging.getLogger().handlers:
            handler.addFilter(MaskingFilter())
        watch_inbox(settings, stop_on_signal())
    return FAILED if refused else 0


def _describe_ingest(summary: IngestSummary) -> str:
    return (
        f"{summary.files:,} files: {summary.accepted:,} accepted, {summary.duplicate:,} duplicate, "
        f"{summary.corrected:,} corrected, {summary.quarantined:,} quarantined rows."
    )
