"""Finds log files, in the inbox or where they are named, and hands them to the one writer.

A file's way through the inbox: `inbox/<feed>/x.csv` → `taking/<feed>/` (claimed, whole) → committed → `done/<feed>/<day>/`,
or `refused/<feed>/` with `x.csv.reason.txt` beside it. A worker that dies leaves files in `taking/`; the next one takes
them first, and the hash of those that were committed already tells it so.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data.errors import IngestError, LakeError, SituationError
from data.home import only_one, prepare_home
from data.ingest.batch import ReadBatch
from data.ingest.reading import LogFile, find_logs
from data.ingest.take import IngestSummary, Taker
from data.lake import Lake, LeaseLost, open_lake, write_permission_error
from data.settings import INBOX_FOLDERS, Settings

LOOK_SECONDS = 0.2
"""How often the inbox is looked through: a fifth of the second that files are gathered for anyway."""
IMPORT_LOOK_SECONDS = 2.0
"""How often an idle worker asks whether an import wrote meanwhile (1 ms each)."""
RETRY_SECONDS = 5.0
"""After a failure that may pass (disk full, lake busy), the same files are tried again."""
BULK_BATCH_BYTES = 64_000_000
"""Bytes of files in one transaction when files are named: fewer, larger transactions; about 1.5 GB at work, with the
next batch read meanwhile."""
BACKLOG_PUBLISH_SECONDS = 5.0
"""While more than a batch is waiting, the situation is published this often and not after every commit."""
TIDY_COMMITS = 300
"""After so many commits the lake's small files are joined, but not more often than every ten minutes (`data.lake.KEEP_S`)."""
UNFINISHED_SUFFIXES = (".part", ".tmp", ".crdownload", ".filepart", ".swp")

_log = logging.getLogger("wangge.ingest")
_Read = tuple[ReadBatch, tuple[tuple[str, str], ...]]  # a batch, and its unreadable files with why


@dataclass(frozen=True)
class _Claim:
    """Files in `taking/`, and their reading in another thread."""

    paths: list[Path]
    reading: Future[_Read]


def ingest_paths(
    settings: Settings,
    paths: Sequence[Path | str],
    on_progress: Callable[[int, int], None] | None = None,
    *,
    feed: str | None = None,
) -> IngestSummary:
    """Takes these files, and all CSV files in these folders, into the lake; they stay where they are.

    A file's feed is the nearest folder above it that bears a feed's name, else `feed`. `on_progress` is told the files
    done and the files in all. Raises IngestError when a path is missing, no feed can be told, or nothing was imported
    yet; LakeError when a worker is running.
    """
    with _only_worker(settings), open_lake(settings) as lake:
        taker = Taker(lake, settings)
        try:
            taker.load()
            if not taker.has_reference:
                raise IngestError(
                    "No reference file has been imported yet.",
                    "Import feeds, grids, sites and staff first: wangge import.",
                )
            feeds = taker.list_feeds()
            found = [(path, _find_feed(path, feeds, feed)) for path in _list_named(paths)]
            summary = IngestSummary()
            done = 0
            for batch, refused in _read_ahead(taker, _batches(found, BULK_BATCH_BYTES)):
                summary += taker.take(batch) + IngestSummary(refused=refused)
                done += len(batch.files) + len(refused)
                if on_progress:
                    on_progress(done, len(found))
            taker.publish()
            return summary
        finally:
            taker.close()


def watch_inbox(settings: Settings, stop: threading.Event) -> None:
    """Takes files from the inbox as they arrive and publishes after each commit, until `stop` is set.

    Raises LakeError when the lake cannot be opened or another worker is writing to it.
    """
    with _only_worker(settings), open_lake(settings) as lake, ThreadPoolExecutor(1) as pool:
        inbox = Inbox(settings)
        taker = Taker(lake, settings)
        try:
            taker.load()
            is_current = _publish(taker)
            looked_at = published_at = time.monotonic()
            commits = 0
            claimed: _Claim | None = None
            while not stop.is_set():
                if time.monotonic() - looked_at > IMPORT_LOOK_SECONDS:
                    looked_at = time.monotonic()
                    if taker.refresh() or not is_current:
                        is_current = _publish(taker)
                feeds = taker.list_feeds() if taker.has_reference else frozenset()
                claimed = claimed or _claim(inbox, taker, feeds, pool)
                if not claimed:
                    stop.wait(LOOK_SECONDS)
                    continue
                following = _claim(inbox, taker, feeds, pool) if inbox.has_backlog else None
                if not _take_claimed(inbox, taker, claimed.paths, claimed.reading):
                    inbox.release()
                    claimed = None
                    stop.wait(RETRY_SECONDS)
                    continue
                claimed = following
                if not following or time.monotonic() - published_at > BACKLOG_PUBLISH_SECONDS:
                    is_current = _publish(taker)
                    published_at = time.monotonic()
                commits += 1
                if commits % TIDY_COMMITS == 0:
                    _tidy(lake)
        finally:
            taker.close()


class Inbox:
    """The folders that files move through, and what was seen in them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._taking_dir = settings.taking_dir
        self._seen: dict[Path, tuple[int, int, float]] = {}
        self._claimed: set[Path] = set()
        self.has_backlog = False
        prepare_home(settings)

    def claim(self, feeds: frozenset[str]) -> list[Path]:
        """The next batch of whole files, moved to `taking/`: what a worker left there first, then the inbox's oldest.

        Files of no known feed are refused. A file is whole when it was renamed in or has not changed for
        `settle_seconds`; names that begin with a dot or end in .part, .tmp and the like are left alone.
        """
        for feed in feeds:
            (self._settings.inbox_dir / feed).mkdir(exist_ok=True)
        left = sorted(path for path in self._taking_dir.glob("*/*") if path.is_file() and path not in self._claimed)
        waiting = left or self._list_whole(feeds)
        batch, size = [], 0
        for path in waiting:
            with suppress(FileNotFoundError):
                size += path.stat().st_size
                batch.append(path)
            if size >= self._settings.batch_bytes:
                break
        self.has_backlog = len(batch) < len(waiting)
        if not left:
            batch = [claimed for path in batch if (claimed := self._move(path, self._taking_dir / path.parent.name))]
        self._claimed.update(batch)
        return batch

    def release(self) -> None:
        """What was claimed and is not finished may be claimed again."""
        self._claimed.clear()

    def finish(self, path: Path) -> None:
        """After the commit: to `done/<feed>/<day>/`."""
        self._claimed.discard(path)
        self._move(path, self._settings.done_dir / path.parent.name / f"{datetime.now(UTC):%Y-%m-%d}")

    def refuse(self, path: Path, feed: str, reason: str) -> None:
        """To `refused/<feed>/`, with the reason in a text file beside it."""
        self._claimed.discard(path)
        moved = self._move(path, self._settings.refused_dir / feed)
        if moved:
            with suppress(OSError):
                moved.with_name(f"{moved.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        _log.warning("refused %s/%s: %s", feed, path.name, reason)

    def _list_whole(self, feeds: frozenset[str]) -> list[Path]:
        """Whole files of the known feeds, oldest first."""
        found: list[tuple[int, Path]] = []
        seen: dict[Path, tuple[int, int, float]] = {}
        now = time.time()
        for path, status in self._list_all():
            before = self._seen.get(path)
            since = before[2] if before and before[:2] == (status.st_size, status.st_mtime_ns) else now
            seen[path] = (status.st_size, status.st_mtime_ns, since)
            quiet_s = max(now - since, now - status.st_mtime) if before else now - max(status.st_mtime, status.st_ctime)
            if quiet_s < self._settings.settle_seconds:
                continue
            if path.parent == self._settings.inbox_dir:
                self.refuse(path, ".", "It lies beside the feeds' folders: put it into the folder of its feed.")
            elif path.parent.name not in feeds:
                known = ", ".join(sorted(feeds))
                self.refuse(path, path.parent.name, f"There is no feed {path.parent.name!r}. Known feeds: {known}.")
            else:
                found.append((status.st_mtime_ns, path))
        self._seen = seen
        return [path for _, path in sorted(found)]

    def _list_all(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder in (
            self._settings.inbox_dir,
            *(path for path in self._settings.inbox_dir.glob("*") if path.is_dir() and path.name not in INBOX_FOLDERS),
        ):
            for path in folder.iterdir():
                if path.name.startswith(".") or path.suffix.lower() in UNFINISHED_SUFFIXES:
                    continue
                with suppress(FileNotFoundError):
                    if path.is_file():
                        yield path, path.stat()

    def _move(self, path: Path, folder: Path) -> Path | None:
        """Renames the file into the folder, under another name if its own is taken there; None when it is gone."""
        target = folder / path.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            number = 1
            while target.exists():
                number += 1
                target = folder / f"{path.name}.{number}"
            return path.rename(target)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise write_permission_error(folder, error) from None


def _claim(inbox: Inbox, taker: Taker, feeds: frozenset[str], pool: ThreadPoolExecutor) -> _Claim | None:
    """The next batch of the inbox, being read; None when there is none."""
    paths = inbox.claim(feeds) if feeds else []
    return _Claim(paths, pool.submit(_read_batch, taker, _with_feeds(paths))) if paths else None


def _with_feeds(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    return [(path, path.parent.name) for path in paths]


def _take_claimed(inbox: Inbox, taker: Taker, claimed: Sequence[Path], reading: Future[_Read] | None = None) -> bool:
    """Takes the claimed files and moves them on; False when they should be tried again later."""
    try:
        batch, unreadable = reading.result() if reading else _read_batch(taker, _with_feeds(claimed))
        summary = taker.take(batch) if batch.files else IngestSummary()
    except LeaseLost:
        raise
    except LakeError as error:
        _log.error("%s", error)
        return False
    except (duckdb.Error, ValueError, MemoryError) as error:
        if len(claimed) > 1:  # one of them is to blame: find it, so that it does not stop the others for ever
            half = len(claimed) // 2
            return _take_claimed(inbox, taker, claimed[:half]) and _take_claimed(inbox, taker, claimed[half:])
        reason = f"It could not be processed ({type(error).__name__}). Keep the file and tell whoever maintains this installation."
        summary, unreadable = IngestSummary(refused=tuple((str(path), reason) for path in claimed)), ()
    refused = dict(summary.refused) | dict(unreadable)
    for path in claimed:
        if str(path) in refused:
            inbox.refuse(path, path.parent.name, refused[str(path)])
        else:
            inbox.finish(path)
    _log.info(
        "%d files: %d accepted, %d corrected, %d duplicate, %d quarantined", len(claimed), summary.accepted, summary.corrected,
        summary.duplicate, summary.quarantined,
    )  # fmt: skip
    return True


def _publish(taker: Taker) -> bool:
    """Publishes; False when it failed, to be tried again soon: the lake has the rows, only the pages are behind."""
    try:
        taker.publish()
    except (LakeError, SituationError) as error:
        _log.error("%s", error)
        return False
    return True


def _tidy(lake: Lake) -> None:
    try:
        lake.tidy()
    except LakeError as error:
        _log.error("%s", error)


def _read_all(batch: Sequence[tuple[Path, str]]) -> tuple[list[LogFile], tuple[tuple[str, str], ...]]:
    files: list[LogFile] = []
    refused = []
    for path, feed in batch:
        try:
            files += find_logs(path, feed)
        except IngestError as error:
            refused.append((str(path), str(error)))
    return files, tuple(refused)


def _read_batch(taker: Taker, batch: Sequence[tuple[Path, str]]) -> _Read:
    files, refused = _read_all(batch)
    return taker.read(files), refused


def _read_ahead(taker: Taker, batches: Iterator[list[tuple[Path, str]]]) -> Iterator[_Read]:
    """Each batch read, and its unreadable files: the next one is read while the caller works on this one."""
    with ThreadPoolExecutor(1) as pool:
        ahead: Future[_Read] | None = None
        for batch in batches:
            ready, ahead = ahead, pool.submit(_read_batch, taker, batch)
            if ready:
                yield ready.result()
        if ahead:
            yield ahead.result()


def _list_named(paths: Sequence[Path | str]) -> list[Path]:
    found: list[Path] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            found += sorted(file for file in path.rglob("*.csv") if file.is_file() and not file.name.startswith("."))
        elif path.is_file():
            found.append(path)
        else:
            raise IngestError(f"{path} does not exist.", "Name log files or folders that hold them.")
    return found


def _find_feed(path: Path, feeds: frozenset[str], given: str | None) -> str:
    for folder in path.absolute().parents:
        if folder.name in feeds:
            return folder.name
    if given in feeds and given is not None:
        return given
    known = ", ".join(sorted(feeds)) or "none: import feeds first"
    raise IngestError(
        f"{path}: which feed delivered it?",
        f"Put it into a folder named like its feed, or name the feed. Known feeds: {known}.",
    )


def _batches(found: Sequence[tuple[Path, str]], limit_bytes: int) -> Iterator[list[tuple[Path, str]]]:
    batch: list[tuple[Path, str]] = []
    size = 0
    for path, feed in found:
        batch.append((path, feed))
        size += path.stat().st_size
        if size >= limit_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _only_worker(settings: Settings) -> AbstractContextManager[None]:
    """The lock that one worker of a machine holds."""
    return only_one(
        settings.lake_dir / "worker.lock",
        lambda holder: LakeError(
            f"Another worker (process {holder}) is writing to {settings.lake_dir}.",
            "Drop the files into the inbox, or stop it first.",
        ),
    )
