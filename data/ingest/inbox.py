"""The inbox's folders: which files are complete, whose turn it is, and where each goes.

A file's way: `inbox/<feed>/…/x.csv` → `inbox/taking/<feed>/…/x.csv` (claimed, whole) → committed →
`inbox/done/<feed>/<day>/…/x.csv`, or `inbox/refused/<feed>/…/x.csv` with `x.csv.reason.txt` beside it. A worker that dies
leaves files in `taking/`; the next one takes them first, and the hash of those that were committed already tells it so.

Time is the monotonic clock's: however the system's clock jumps, no growing file is taken and none waits for ever. A look
costs one `stat` for each folder that did not change; a folder that did is listed; a file is looked at twice, when it is
first seen and when it is claimed. (50,000 files that wait: 0.25 s for the first look, 0.03 ms for an idle one.)
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from data.home import prepare_home
from data.lake import write_permission_error
from data.masking import mask_numbers
from data.settings import INBOX_FOLDERS, Settings
from data.worker_state import Waiting

RELIST_SECONDS = 5.0
"""A folder is listed this often even if it seems unchanged: network file systems tell late."""
ORPHAN_SECONDS = 60.0
"""A `.ok` whose file was taken without it is moved after it."""
OK_SUFFIX = ".ok"
UNFINISHED_SUFFIXES = (".part", ".tmp", ".crdownload", ".filepart", ".swp")

IsWelcome = Callable[[str, int], bool]
"""Whether a file of this feed and of so many bytes may be claimed now."""

_log = logging.getLogger("wangge.ingest")


@dataclass(frozen=True)
class Claim:
    """A whole file in `taking/`: where it is, whose it is, and what it is called below its feed's folder."""

    path: Path
    feed_code: str
    name: str
    byte_count: int


@dataclass(slots=True)
class _Seen:
    """A file as it was when last looked at, and since when it has been so (monotonic seconds)."""

    byte_count: int
    changed_ns: int
    since_s: float
    is_whole: bool = False


@dataclass
class _Folder:
    path: Path
    feed_code: str
    changed_ns: int = -1
    listed_s: float = float("-inf")
    is_fresh: bool = True
    """It changed by the last look: names that came within the same tick of the disk's clock would stay unseen."""
    folders: list[Path] = field(default_factory=list)
    files: dict[str, _Seen] = field(default_factory=dict)
    marked: dict[str, str] = field(default_factory=dict)
    """Files with a `.ok` beside them, and its name."""


class Inbox:
    """The folders that files move through, and what was seen in them."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._folders: dict[Path, _Folder] = {}
        self._queues: dict[str, deque[tuple[int, str, str]]] = {}
        self._unsorted: set[str] = set()
        self._unfinished: set[int] = set()
        """Inodes under a name of unfinished files: under another name they are whole."""
        self._orphans: dict[Path, float] = {}
        self._left: deque[Claim] | None = None
        self._turn = 0
        prepare_home(settings)

    def look(self, feeds: frozenset[str]) -> None:
        """Sees what came and what went since the last look. Files that no feed can have sent are refused."""
        for feed in feeds:
            if self._settings.inbox_dir / feed not in self._folders:
                (self._settings.inbox_dir / feed).mkdir(exist_ok=True)
        now_s = self._clock()
        unfinished: set[int] = set()
        paths = [self._settings.inbox_dir]
        known: dict[Path, _Folder] = {}
        while paths:
            path = paths.pop()
            folder = self._folders.get(path) or _Folder(path, self._find_feed(path))
            with suppress(FileNotFoundError, NotADirectoryError):
                if self._list(folder, now_s, unfinished):
                    self._unsorted.add(folder.feed_code)
                known[path] = folder
                paths += folder.folders
        self._folders = known
        self._unfinished |= unfinished
        if len(self._unfinished) > 100_000:
            self._unfinished = unfinished
        self._refuse_strangers(feeds, now_s)
        self._sort(self._unsorted & feeds)

    def claim(
        self, file_count: int, byte_count: int, is_welcome: IsWelcome = lambda feed_code, size: True
    ) -> list[Claim]:
        """The next whole files, moved to `taking/`: what a worker left there first, then the feeds in turn, oldest first.

        At most so many files, and no more once they have `byte_count` bytes together. A file that is not welcome now, by
        its feed and size, stays where it is; that is asked anew for each file.
        """
        claims: list[Claim] = []
        size = 0
        for claim in self._next_claims(is_welcome):
            claims.append(claim)
            size += claim.byte_count
            if len(claims) >= file_count or size >= byte_count:
                break
        return claims

    @property
    def left(self) -> list[Claim]:
        """What a worker left in `taking/` and nobody claimed yet, in the order of names."""
        if self._left is None:
            self._left = deque(self._list_left())
        return list(self._left)

    def claim_left(self, claims: Collection[Claim]) -> None:
        """Takes these of what was left: `claim` gives them no more."""
        self._left = deque(claim for claim in self.left if claim not in claims)

    def finish(self, claim: Claim) -> None:
        """After the commit: to `done/<feed>/<day>/`. Raises LakeError where it cannot be moved; the next worker does it."""
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        self._move(claim.path, self._settings.done_dir / claim.feed_code / day / claim.name)
        self._prune(claim)

    def refuse(self, claim: Claim, reason: str) -> None:
        """To `refused/<feed>/`, with the reason in a text file beside it."""
        self._refuse_file(claim.path, claim.feed_code, claim.name, reason)
        self._prune(claim)

    def tell_waiting(self) -> dict[str, Waiting]:
        """What waits in the inbox, by feed; a feed with nothing is left out."""
        now_s = self._clock()
        found: dict[str, Waiting] = {}
        for folder in self._folders.values():
            if folder.files and folder.feed_code:
                found[folder.feed_code] = found.get(folder.feed_code, Waiting()) + Waiting(
                    len(folder.files),
                    sum(seen.byte_count for seen in folder.files.values()),
                    now_s - min(seen.since_s for seen in folder.files.values()),
                )
        return found

    def _find_feed(self, path: Path) -> str:
        """The feed whose folder this is or lies in; "" for the inbox itself."""
        parts = path.relative_to(self._settings.inbox_dir).parts
        return parts[0] if parts else ""

    def _list(self, folder: _Folder, now_s: float, unfinished: set[int]) -> bool:
        """Lists the folder if something came or went there; True when some file came."""
        changed_ns = folder.path.stat().st_mtime_ns
        if changed_ns == folder.changed_ns and not folder.is_fresh and now_s - folder.listed_s < RELIST_SECONDS:
            return False
        folder.is_fresh = changed_ns != folder.changed_ns
        folder.changed_ns, folder.listed_s = changed_ns, now_s
        folders: list[Path] = []
        names: dict[str, os.DirEntry[str]] = {}
        oks: dict[str, str] = {}
        with os.scandir(folder.path) as entries:
            for entry in entries:
                name = entry.name
                if is_unfinished(name):
                    unfinished.add(entry.inode())
                elif entry.is_dir():
                    if name not in INBOX_FOLDERS if not folder.feed_code else not entry.is_symlink():
                        folders.append(Path(entry.path))
                elif not entry.is_file():
                    continue  # reading a pipe would wait for ever
                elif name.lower().endswith(OK_SUFFIX):
                    oks[name[: -len(OK_SUFFIX)]] = name
                else:
                    names[name] = entry
        folder.folders = folders
        came = False
        files: dict[str, _Seen] = {}
        for name, entry in names.items():
            seen = folder.files.get(name)
            if seen is None:
                with suppress(OSError):
                    status = entry.stat()
                    seen = _Seen(status.st_size, status.st_mtime_ns, now_s, entry.inode() in self._unfinished)
                    came = True
            if seen is not None:
                seen.is_whole = seen.is_whole or name in oks
                files[name] = seen
        folder.files = files
        folder.marked = {name: ok for name, ok in oks.items() if name in files}
        self._sweep_orphans(folder, oks.keys() - files.keys(), oks, now_s)
        return came

    def _sweep_orphans(self, folder: _Folder, names: Iterable[str], oks: dict[str, str], now_s: float) -> None:
        for name in names:
            path = folder.path / oks[name]
            since_s = self._orphans.setdefault(path, now_s)
            if now_s - since_s > ORPHAN_SECONDS and folder.feed_code:
                del self._orphans[path]
                self._move(path, self._settings.done_dir / folder.feed_code / path.name)

    def _sort(self, feeds: Iterable[str]) -> None:
        """Puts the files of these feeds in order, the oldest first."""
        for feed in feeds:
            order = sorted(
                (seen.changed_ns, str(folder.path), name)
                for folder in self._folders.values()
                if folder.feed_code == feed
                for name, seen in folder.files.items()
            )
            self._queues[feed] = deque(order)
            self._unsorted.discard(feed)

    def _next_claims(self, is_welcome: IsWelcome) -> Iterator[Claim]:
        left = self._left = deque(self.left)
        for _ in range(len(left)):
            claim = left.popleft()
            if is_welcome(claim.feed_code, claim.byte_count):
                yield claim
            else:
                left.append(claim)
        feeds = sorted(self._queues)
        turns = deque(feeds[self._turn % len(feeds) :] + feeds[: self._turn % len(feeds)]) if feeds else deque()
        self._turn += 1
        passed: dict[str, list[tuple[int, str, str]]] = {feed: [] for feed in feeds}
        try:
            while turns:
                feed = turns.popleft()
                found = self._claim_next(feed, passed[feed], is_welcome)
                if found:
                    turns.append(feed)
                    yield found
        finally:
            for feed, items in passed.items():
                self._queues[feed].extendleft(reversed(items))

    def _claim_next(self, feed: str, passed: list[tuple[int, str, str]], is_welcome: IsWelcome) -> Claim | None:
        """The feed's oldest whole file, moved to `taking/`; what is not whole yet is put on `passed`."""
        queue = self._queues[feed]
        now_s = self._clock()
        while queue:
            item = queue.popleft()
            folder = self._folders.get(Path(item[1]))
            seen = folder.files.get(item[2]) if folder else None
            if folder is None or seen is None:
                continue
            if not self._is_whole(folder, item[2], seen, now_s) or not is_welcome(feed, seen.byte_count):
                passed.append(item)
                continue
            claim = self._move_to_taking(folder, item[2], seen)
            if claim:
                return claim
        return None

    def _is_whole(self, folder: _Folder, name: str, seen: _Seen, now_s: float) -> bool:
        """Whether nobody writes to the file any more: marked, renamed, or the same at two looks a settle period apart."""
        if seen.is_whole:
            return True
        if now_s - seen.since_s < self._settings.settle_seconds:
            return False
        try:
            status = (folder.path / name).stat()
        except OSError:
            return True  # gone: moving it will tell
        if (status.st_size, status.st_mtime_ns) == (seen.byte_count, seen.changed_ns):
            return True
        seen.byte_count, seen.changed_ns, seen.since_s = status.st_size, status.st_mtime_ns, now_s
        return self._settings.settle_seconds <= 0

    def _move_to_taking(self, folder: _Folder, name: str, seen: _Seen) -> Claim | None:
        below = folder.path.relative_to(self._settings.inbox_dir / folder.feed_code) / name
        moved = self._move(folder.path / name, self._settings.taking_dir / folder.feed_code / below)
        ok = folder.marked.pop(name, None)
        del folder.files[name]
        if moved is None:
            return None
        if ok:
            with suppress(OSError):
                (folder.path / ok).rename(moved.with_name(moved.name + OK_SUFFIX))
        return self._claim_of(moved, seen.byte_count)

    def _claim_of(self, path: Path, byte_count: int) -> Claim:
        feed_code, *below = path.relative_to(self._settings.taking_dir).parts
        return Claim(path, feed_code, "/".join(below), byte_count)

    def _list_left(self) -> list[Claim]:
        """What a worker left in `taking/`, in the order of names."""
        found = []
        for folder, _, names in os.walk(self._settings.taking_dir):
            for name in names:
                path = Path(folder, name)
                if path.parent != self._settings.taking_dir and not name.endswith((OK_SUFFIX, ".part")):
                    with suppress(FileNotFoundError):
                        found.append(self._claim_of(path, path.stat().st_size))
        return sorted(found, key=lambda claim: claim.path)

    def _refuse_strangers(self, feeds: frozenset[str], now_s: float) -> None:
        """Deals with whole files whose feed is not told by their folder; waits while there is no feed at all."""
        if not feeds:
            return
        for folder in self._folders.values():
            if folder.feed_code in feeds:
                continue
            for name, seen in list(folder.files.items()):
                if not self._is_whole(folder, name, seen, now_s):
                    continue
                del folder.files[name]
                path = folder.path / name
                if folder.feed_code:
                    known = ", ".join(sorted(feeds))
                    below = str(path.relative_to(self._settings.inbox_dir / folder.feed_code))
                    reason = f"There is no feed {folder.feed_code!r}. Known feeds: {known}."
                    self._refuse_file(path, folder.feed_code, below, reason)
                    continue
                feed = guess_feed(name, feeds)
                if feed:
                    self._unfinished.add(path.stat().st_ino)  # it has settled once
                    self._move(path, self._settings.inbox_dir / feed / name)
                else:
                    self._refuse_file(
                        path, "", name, "It lies beside the feeds' folders: put it into the folder of its feed."
                    )

    def _refuse_file(self, path: Path, feed_code: str, name: str, reason: str) -> None:
        moved = self._move(path, self._settings.refused_dir / feed_code / name)
        if moved:
            with suppress(OSError):
                moved.with_name(f"{moved.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        _log.warning("refused %s: %s", mask_numbers(f"{feed_code}/{name}".lstrip("/")), mask_numbers(reason))

    def _move(self, path: Path, target: Path) -> Path | None:
        """Renames the file, under another name if its own is taken there, with its `.ok`; None when it is gone."""
        place, number = target, 1
        try:
            while place.exists():
                number += 1
                place = target.with_name(f"{target.name}.{number}")
            try:
                _rename(path, place)
            except FileNotFoundError:
                if not path.exists():
                    return None
                place.parent.mkdir(parents=True, exist_ok=True)
                _rename(path, place)
        except OSError as error:
            raise write_permission_error(target.parent, error) from None
        if path.is_relative_to(self._settings.taking_dir):
            with suppress(OSError):
                path.with_name(path.name + OK_SUFFIX).rename(place.with_name(place.name + OK_SUFFIX))
        return place

    def _prune(self, claim: Claim) -> None:
        """Removes the folders below `taking/<feed>/` that this file leaves empty."""
        for folder in list(claim.path.parents)[: claim.name.count("/")]:
            with suppress(OSError):
                folder.rmdir()


def is_unfinished(name: str) -> bool:
    """Whether a file's name says that it is being written, or is no delivery at all."""
    return name.startswith((".", "~$")) or name.lower().endswith(UNFINISHED_SUFFIXES)


def _rename(path: Path, place: Path) -> None:
    """Moves the file at once, also out of a feed's folder that is a disk of its own: nobody sees half of it."""
    try:
        path.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        aside = place.with_name(f".{place.name}.part")
        shutil.copyfile(path, aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.rename(place)
        path.unlink()


def guess_feed(name: str, feeds: frozenset[str]) -> str:
    """The one feed that can have sent a file that lies in no feed's folder; "" when several can.

    It is the district's only feed, or the feed whose code begins the file's name: `baisha.csv`, `baisha-0714.csv`.
    """
    if len(feeds) == 1:
        return next(iter(feeds))
    named = [feed for feed in feeds if re.match(rf"{re.escape(feed)}(?![A-Za-z0-9])", name)]
    return max(named, key=len, default="")
