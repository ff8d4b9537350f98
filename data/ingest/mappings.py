"""What feeds call their columns, where the headers are not known: `mappings/<feed>.csv` in the home folder, and `--map`."""

from __future__ import annotations

import csv
import logging
import re
from dataclasses import replace
from pathlib import Path

from data.errors import IngestError
from data.ingest.columns import Mapping, check_mapping, normalise_header
from data.ingest.reading import LogFile
from data.settings import Settings

FIELDS = ("column", "header")

_log = logging.getLogger("wangge.ingest")


class Mappings:
    """The mappings in force: those given now, before those kept for the feed, whose files are read again when they change."""

    def __init__(self, settings: Settings, given: Mapping = ()) -> None:
        check_mapping(given, "--map")
        self._settings = settings
        self._given = given
        self._kept: dict[str, tuple[int, Mapping]] = {}

    def apply(self, log: LogFile) -> LogFile:
        """The log with its feed's mapping. A kept mapping that is malformed is told of in the log and counts for nothing."""
        pairs = {**dict(self._read_kept(log.feed_code)), **dict(self._given), **dict(log.mapping)}
        return replace(log, mapping=tuple(sorted(pairs.items()))) if pairs else log

    def _read_kept(self, feed_code: str) -> Mapping:
        path = mapping_path(self._settings, feed_code)
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:
            return ()
        if self._kept.get(feed_code, (0, ()))[0] != changed_ns:
            try:
                self._kept[feed_code] = (changed_ns, read_mapping(path))
            except IngestError as error:
                _log.error("%s", error)
                self._kept[feed_code] = (changed_ns, ())
        return self._kept[feed_code][1]


def mapping_path(settings: Settings, feed_code: str) -> Path:
    """Where the mapping of a feed is kept."""
    return settings.home / "mappings" / f"{feed_code}.csv"


def parse_mapping(texts: list[str]) -> Mapping:
    """(column, header) of each `column=header`; IngestError when one is not of that form or names no column."""
    pairs = []
    for text in texts:
        column, sign, header = (part.strip() for part in text.partition("="))
        if not (sign and column and header):
            raise IngestError(f"--map {text}: expected column=header.", "For instance --map site_code=点位编码.")
        pairs.append((column, header))
    check_mapping(tuple(pairs), "--map")
    return tuple(pairs)


def read_mapping(path: Path) -> Mapping:
    """The mapping in this file; IngestError, naming it, when it cannot be right."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise IngestError(
            f"{path} cannot be read: {error}.", "It is a CSV file with the columns column, header."
        ) from None
    if any(not row.get(field) for row in rows for field in FIELDS):
        raise IngestError(f"{path}: every line needs a column and a header.", "See data/FORMATS.md.")
    mapping = tuple((row["column"].strip(), row["header"].strip()) for row in rows)
    check_mapping(mapping, str(path))
    return mapping


def keep_mapping(settings: Settings, feed_code: str, mapping: Mapping) -> Path:
    """Keeps these pairs for the feed, beside those that were kept before; gives the file. IngestError: no such feed can be."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", feed_code):
        raise IngestError(f"{feed_code!r} is no feed's code.", "Such a code has letters, digits, - and _ only.")
    path = mapping_path(settings, feed_code)
    before = read_mapping(path) if path.is_file() else ()
    headers = {normalise_header(header) for _, header in mapping}
    pairs = {column: header for column, header in before if normalise_header(header) not in headers} | dict(mapping)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(sorted(pairs.items()))
    aside.replace(path)
    return path
