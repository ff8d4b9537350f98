"""Takes files that are named, or lie in named folders, into the lake; they stay where they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from data.errors import IngestError
from data.ingest.batch import ReadBatch
from data.ingest.columns import Mapping
from data.ingest.deliveries import Delivery, read_ahead, take_deliveries
from data.ingest.inbox import OK_SUFFIX, is_unfinished
from data.ingest.take import IngestSummary, Taker
from data.ingest.worker import only_worker
from data.lake import open_lake
from data.masking import mask_numbers
from data.settings import Settings
from data.upkeep import Upkeep, work_if_due

REASON_SUFFIX = ".reason.txt"
OnProgress = Callable[[int, int, int], None]
"""Is told the bytes done, the bytes in all, and the lines done."""


def ingest_paths(
    settings: Settings,
    paths: Sequence[Path | str],
    on_progress: OnProgress | None = None,
    *,
    feed: str | None = None,
    mapping: Mapping = (),
) -> IngestSummary:
    """Takes these files, and all files in these folders, into the lake; they stay where they are.

    A file's feed is the nearest folder above it that bears a feed's name, else `feed`. `mapping` tells what these files
    call their columns, before what is kept for their feeds. `on_progress` is told the bytes done and in all, as
    the files lie on the disk, and the lines done, after each transaction: also within a large file. Raises IngestError when a path is
    missing, no feed can be told, or nothing was imported yet; LakeError when a worker is running.
    """
    with only_worker(settings), open_lake(settings) as lake, ThreadPoolExecutor(1) as pool:
        taker = Taker(lake, settings, mapping)
        upkeep = Upkeep(lake, settings)
        try:
            taker.load()
            if not taker.has_reference:
                raise IngestError(
                    "No reference file has been imported yet.",
                    "Import feeds, grids, sites and staff first: wangge import.",
                )
            feeds = taker.list_feeds()
            found = [(path, _find_feed(path, feeds, feed)) for path in _list_files(paths)]
            summary = IngestSummary()
            total = sum(path.stat().st_size for path, _ in found)
            bar = _Bar(on_progress, total, settings.batch_bytes)
            ahead: Future[ReadBatch | Exception] | None = None
            batches = list(_divide([Delivery(path, feed_code) for path, feed_code in found], settings.batch_bytes))
            taker.retry_due()  # before: what is set aside from now on was checked just now
            for place, batch in enumerate(batches):
                if not ahead:
                    ahead = pool.submit(read_ahead, taker, batch)
                    taker.prepare_publication()
                read = ahead.result()
                ahead = pool.submit(read_ahead, taker, batches[place + 1]) if place + 1 < len(batches) else None
                bar.begin(batch)
                taken = take_deliveries(taker, batch, read, bar.move)
                summary += taken
                bar.finish(taken)
                upkeep.note_commit()
                batches[place] = []  # lets go of its names and hashes
            taker.retry_due()
            # A few large files may wait for the worker: joining them costs a tenth of taking them.
            if upkeep.is_crowded:
                work_if_due(upkeep)
            taker.publish()
            return summary
        finally:
            upkeep.close()
            taker.close()


class _Bar:
    """How far the taking is, in bytes of the files as they lie on the disk."""

    def __init__(self, on_progress: OnProgress | None, total: int, transaction_bytes: int) -> None:
        self._on_progress = on_progress or (lambda done, total, lines: None)
        self._total = total
        self._transaction_bytes = transaction_bytes
        self._done = self._size = self._unpacked = self._taken = 0
        self._lines = self._lines_before = 0

    def begin(self, batch: Sequence[Delivery]) -> None:
        self._size = sum(delivery.path.stat().st_size for delivery in batch)
        self._unpacked = sum(log.byte_count for delivery in batch for log in delivery.logs)
        self._taken = 0

    def move(self, taken: IngestSummary) -> None:
        """One transaction further: each takes about as much unpacked content as one may."""
        self._taken += self._transaction_bytes
        self._lines += taken.lines
        share = min(self._taken / max(self._unpacked, 1), 1.0)
        self._on_progress(self._done + int(self._size * share), self._total, self._lines)

    def finish(self, batch: IngestSummary) -> None:
        """The batch is done: `batch` is all that became of it."""
        self._done += self._size
        self._lines = self._lines_before = self._lines_before + batch.lines
        self._on_progress(min(self._done, self._total), self._total, self._lines)


def _divide(deliveries: Sequence[Delivery], most_bytes: int) -> Iterator[list[Delivery]]:
    """Batches of so many bytes as they lie on the disk; what unpacks to more takes several transactions.

    The first are smaller: until the first is read there is little else to do.
    """
    batch: list[Delivery] = []
    size, limit = 0, most_bytes // 3
    for delivery in deliveries:
        batch.append(delivery)
        size += delivery.path.stat().st_size
        if size >= limit:
            yield batch
            batch, size, limit = [], 0, min(limit * 2, most_bytes)
    if batch:
        yield batch


def _list_files(paths: Sequence[Path | str]) -> list[Path]:
    found: list[Path] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            for folder, _, names in sorted(os.walk(path)):
                found += [Path(folder, file) for file in sorted(names) if _is_log(Path(folder, file))]
        elif path.is_file():
            found.append(path)
        else:
            raise IngestError(f"{mask_numbers(str(path))} does not exist.", "Name log files or folders that hold them.")
    return found


def _is_log(path: Path) -> bool:
    """Whether a file in a folder is to be taken: any but those that no site delivers as a log. Its content decides the rest."""
    return path.is_file() and not is_unfinished(path.name) and not path.name.endswith((OK_SUFFIX, REASON_SUFFIX))


def _find_feed(path: Path, feeds: frozenset[str], given: str | None) -> str:
    for folder in path.absolute().parents:
        if folder.name in feeds:
            return folder.name
    if given in feeds and given is not None:
        return given
    known = ", ".join(sorted(feeds)) or "none: import feeds first"
    raise IngestError(
        f"{mask_numbers(str(path))}: which feed delivered it?",
        f"Put it into a folder named like its feed, or name the feed. Known feeds: {known}.",
    )
