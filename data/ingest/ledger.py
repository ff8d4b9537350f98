"""Which contents were taken before, under which names, and how far: asked for each file before it is read.

The lake's table `ingest_file` is the ledger. In memory there is a number of 64 bits for each content, so that a new
file, as nearly all are, is known to be new without a look into the lake: 8 bytes a file, whatever the years bring.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import numpy as np

from data.lake import Lake

RECENT_CONTENTS = 20_000
"""New contents are gathered in a set of so many before they are sorted in with the others."""
FIND_CONTENTS = """
select file_sha256, file_name, arg_min(feed_code, ingest_no), arg_min(log_kind, ingest_no), sum(row_count)::bigint,
    coalesce(max(part_no), 0), arg_max(last_line_no, part_no), bool_or(coalesce(is_last, true)), min(ingest_no)
from lake.ingest_file where file_sha256 in (select unnest(?))
group by file_sha256, file_name order by min(ingest_no)
"""


@dataclass(frozen=True)
class Progress:
    """How far a content was taken, and under which name: that of the first file that brought it."""

    name: str
    feed_code: str
    log_kind: str
    row_count: int
    next_part_no: int
    last_line_no: int
    is_done: bool
    names: frozenset[str]
    """Every name that the content is recorded under."""


class Ledger:
    """The ledger as one asks it. `find` may be called from another thread than the writer's."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._sorted = np.empty(0, np.uint64)
        self._recent: set[int] = set()
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def load(self) -> int:
        """Reads what was taken; gives the greatest `ingest_no`, 0 when there is none."""
        connection = self._lake.connection
        found = connection.execute("select ('0x' || left(file_sha256, 16))::ubigint as n from lake.ingest_file")
        with self._lock:
            self._sorted = np.unique(found.fetchnumpy()["n"].astype(np.uint64))
            self._recent = set()
            self._cursor = connection.cursor()
        row = connection.execute("select max(ingest_no) from lake.ingest_file").fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def find(self, contents: Iterable[str]) -> dict[str, Progress]:
        """How far those of these contents (SHA-256) were taken that were seen before."""
        with self._lock:
            known = [sha256 for sha256 in dict.fromkeys(contents) if self._may_hold(_number_of(sha256))]
            if not known or self._cursor is None:
                return {}
            rows = self._cursor.execute(FIND_CONTENTS, [known]).fetchall()
        found: dict[str, Progress] = {}
        for sha256, name, feed_code, log_kind, row_count, part_no, line_no, is_done, _ in rows:
            first = found.get(sha256)
            names = (first.names if first else frozenset()) | {name}
            if first:
                found[sha256] = Progress(
                    first.name, first.feed_code, first.log_kind, first.row_count, first.next_part_no, first.last_line_no,
                    first.is_done, names,
                )  # fmt: skip
            else:
                found[sha256] = Progress(
                    name, feed_code, log_kind, row_count, part_no + 1, line_no or 0, is_done, names
                )
        return found

    def remember(self, contents: Iterable[str]) -> None:
        """After the commit: these contents are known from now on."""
        with self._lock:
            self._recent.update(_number_of(sha256) for sha256 in contents)
            if len(self._recent) > RECENT_CONTENTS:
                recent = np.fromiter(self._recent, np.uint64, len(self._recent))
                self._sorted, self._recent = np.union1d(self._sorted, recent), set()

    def _may_hold(self, number: int) -> bool:
        if number in self._recent:
            return True
        place = int(np.searchsorted(self._sorted, np.uint64(number)))
        return place < len(self._sorted) and int(self._sorted[place]) == number


def _number_of(sha256: str) -> int:
    return int(sha256[:16], 16)
