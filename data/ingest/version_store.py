"""Versions of recent rounds in nameless files beside the lake, sorted by person: found again in a millisecond or two.

What one batch brings is a run: an Arrow file that is mapped, not read, so that memory holds only what searches touch, as long
as the system has room. Small runs are joined, so that there are never many. The files have no name: they vanish with the
process, however that ends.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.lake_errors import write_permission_error

JOINED_ROWS = 200_000
"""Runs of fewer rows are joined with others of their size."""


@dataclass(frozen=True, eq=False)
class _Run:
    mapped: mmap.mmap
    rows: pa.Table
    token_high: np.ndarray
    registered_us: np.ndarray
    first_us: int
    last_us: int

    def let_go(self) -> None:
        """Leaves what was touched to the system's cache: it is no memory of this process."""
        self.mapped.madvise(mmap.MADV_DONTNEED)


class VersionStore:
    """Versions by person and moment. Tables have the columns `token_high` and `registered_at` (never null), and any others."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._runs: list[_Run] = []

    @property
    def row_count(self) -> int:
        """How many versions there are."""
        return sum(run.rows.num_rows for run in self._runs)

    @property
    def last_us(self) -> int:
        """The latest moment of registration; there must be a version."""
        return max(run.last_us for run in self._runs)

    def add(self, versions: pa.Table) -> None:
        """Keeps these versions too. Raises LakeError when the disk is full."""
        if not versions.num_rows:
            return
        self._runs.append(self._write(versions.select(self._schema.names).cast(self._schema)))
        while len(self._runs) > 1 and _are_alike(*self._runs[-2:]):
            former, latter = self._runs.pop(-2), self._runs.pop()
            self._runs.append(self._write(pa.concat_tables([former.rows, latter.rows])))

    def find(self, token_high: np.ndarray, from_us: int, until_us: int) -> pa.Table:
        """The versions of these persons, registered from the one moment on and before the other."""
        wanted = np.unique(token_high)
        found = []
        for run in self._runs:
            if len(wanted) and run.last_us >= from_us and run.first_us < until_us:
                found.append(run.rows.take(pa.array(_search(run, wanted, from_us, until_us))))
                run.let_go()
        return pa.concat_tables(found) if found else self._schema.empty_table()

    def forget_before(self, moment_us: int) -> None:
        """Lets go of the versions that were registered before."""
        kept = [run for run in self._runs if run.last_us >= moment_us]
        self._runs = []
        for run in kept:
            is_kept = run.registered_us >= moment_us
            self._runs.append(run if is_kept.all() else self._write(run.rows.filter(pa.array(is_kept))))

    def __iter__(self) -> Iterator[pa.Table]:
        """All versions, in no order, some at a time."""
        for run in self._runs:
            yield run.rows
            run.let_go()

    def read(self) -> pa.RecordBatchReader:
        """All versions, in no order, to be read once."""
        return pa.RecordBatchReader.from_batches(self._schema, (part for rows in self for part in rows.to_batches()))

    def _write(self, versions: pa.Table) -> _Run:
        order = np.argsort(versions["token_high"].to_numpy())
        span = pc.min_max(versions["registered_at"].cast(pa.int64()))
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                with pa.ipc.new_stream(file, self._schema) as stream:
                    stream.write_table(versions.take(pa.array(order)).combine_chunks())
                file.flush()
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise write_permission_error(self._folder, error) from None
        rows = pa.ipc.open_stream(pa.py_buffer(mapped)).read_all()
        token_high = rows["token_high"].chunk(0).to_numpy()
        registered_us = rows["registered_at"].chunk(0).view(pa.int64()).to_numpy()
        return _Run(mapped, rows, token_high, registered_us, span["min"].as_py(), span["max"].as_py())


def _are_alike(former: _Run, latter: _Run) -> bool:
    """Whether joining them pays: so each row is written again no more than some eight times."""
    return bool(former.rows.num_rows < JOINED_ROWS and former.rows.num_rows <= 2 * latter.rows.num_rows)


def _search(run: _Run, wanted: np.ndarray, from_us: int, until_us: int) -> np.ndarray:
    """Where in the run the versions of these persons are, within the span. `wanted` is sorted."""
    begins = np.searchsorted(run.token_high, wanted, "left")
    counts = np.searchsorted(run.token_high, wanted, "right") - begins
    begins, counts = begins[counts > 0], counts[counts > 0]
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places: np.ndarray = np.repeat(begins, counts) + offsets
    moments_us = run.registered_us[places]
    within: np.ndarray = places[(moments_us >= from_us) & (moments_us < until_us)]
    return within
