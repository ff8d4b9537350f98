"""`wangge ingest` and `wangge quarantine`: logs into the lake, and what became of the lines that were not right."""

from __future__ import annotations

import argparse
import difflib
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from data.commands.parsing import FAILED, WRONG_USAGE, AddCommand, stop_on_signal
from data.errors import IngestError
from data.masking import MaskingFilter, mask_numbers
from data.settings import Settings, read_settings

if TYPE_CHECKING:
    from data.ingest import IngestSummary
    from data.ingest.quarantine import Selection


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

    command = add("quarantine", _quarantine, "Lines that were set aside: by file and reason; take them when mended.")
    command.add_argument("--file", metavar="NAME", help="only the lines of this file")
    command.add_argument("--reason", metavar="REASON", help="only the lines set aside for this reason")
    command.add_argument("--lines", action="store_true", help="every single line")
    command.add_argument("--format", choices=("table", "csv", "json"), default="table")
    command.add_argument("--retry", action="store_true", help="check the lines again and take those that are right now")


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
        begin = time.monotonic()
        with tqdm(unit="B", unit_scale=True, desc="ingest", disable=None) as bar:

            def show(done: int, total: int, lines: int) -> None:
                bar.total = total
                bar.set_postfix_str(f"{lines:,} rows, {lines / (time.monotonic() - begin):,.0f} rows/s", refresh=False)
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
    told = (
        f"{summary.files:,} files: {summary.accepted:,} accepted, {summary.duplicate:,} duplicate, "
        f"{summary.corrected:,} corrected, {summary.quarantined:,} quarantined rows."
    )
    if summary.quarantined:
        told += "\nWhy rows are in quarantine: wangge quarantine."
    if summary.unknown_households:
        told += f"\n{summary.unknown_households:,} rows name a household that is not known: they are kept without it."
    return told


def _quarantine(options: argparse.Namespace) -> int:
    from data.answer_format import write_answer
    from data.ingest.checks import read_reasons
    from data.ingest.quarantine import Selection, count_unknown_households, list_quarantine, summarise_quarantine

    settings = read_settings(options.home)
    if options.reason is not None and options.reason not in read_reasons():
        near = difflib.get_close_matches(options.reason, read_reasons(), n=3) or sorted(read_reasons())
        raise IngestError(f"There is no reason {options.reason!r}.", f"Perhaps: {', '.join(near)}.")
    selection = Selection(options.file, (options.reason,) if options.reason else None)
    if options.retry:
        return _retry(settings, selection)
    listed = list_quarantine(settings, selection) if options.lines else summarise_quarantine(settings, selection)
    write_answer(listed, options.format, None, settings.timezone)
    unknown = count_unknown_households(settings)
    if options.format == "table" and unknown:
        print(f"Beside these, {unknown:,} lines were taken without the household they name: it was not imported.")
    return 0


def _retry(settings: Settings, selection: Selection) -> int:
    from data.ingest import retry_quarantine

    summary = retry_quarantine(settings, selection)
    if summary is None:
        print("The running worker is at it; wangge quarantine shows what is left when it is done.")
        return 0
    left = summary.tried - summary.taken
    print(f"{summary.tried:,} lines checked again: {summary.taken:,} taken, {left:,} stay set aside.")
    if summary.shut:
        print(
            f"{summary.shut:,} lines cannot be opened: their sealed file is gone, or was sealed with another key.\n"
            f"Restore {settings.quarantine_dir} and {settings.quarantine_key_path} from a backup, or ask for the files again.",
            file=sys.stderr,
        )
    return FAILED if summary.shut else 0
