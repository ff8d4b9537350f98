"""Files that a worker was busy with when it died: taken again in ever smaller company, and set aside in the end.

What reads a file may take all memory or crash a native library; no exception tells of it. So the names of the files at
work stand in `inbox/.at_work` while they are; whoever starts next finds there which files a dead worker left, and how
often. Only a file that was at work alone at several deaths is condemned: one that merely lay beside it is soon taken
without it. An end by signal or by an exception leaves no name. Knows no lake; the names stay below `inbox/`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from data.ingest.inbox import Claim
from data.settings import Settings

COMPANY_SHARE = 16
"""Of the files at work at a death, a sixteenth is taken together next: of 2,000 the one stands alone after three deaths."""
MOST_ALONE = 3
"""Deaths with nothing else at work: fewer may be chance, such as power cuts or another program that takes all memory."""


class Suspects:
    """How many workers died over each file, from one start to the next."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.inbox_dir / ".at_work"
        self._at_work: set[str] = set()
        self._deaths: dict[str, int] = {}
        self._alone: dict[str, int] = {}

    def count_deaths(self, left: Sequence[Claim]) -> None:
        """Counts a death for each file that the last worker was busy with; `left`: what it left behind."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(self._path.read_bytes())
            present = {self._name(claim) for claim in left}
            self._deaths = {name: int(count) for name, count in told["deaths"].items() if name in present}
            self._alone = {name: int(count) for name, count in told["alone"].items() if name in present}
            found = [str(name) for name in told["at_work"]]
            for name in present.intersection(found):
                self._deaths[name] = self._deaths.get(name, 0) + 1
                if len(found) == 1:
                    self._alone[name] = self._alone.get(name, 0) + 1
        self._write()

    def group(self, left: Sequence[Claim]) -> list[list[Claim]]:
        """The files that a death is counted for, in the company in which each is to be taken; the safest first."""
        groups: list[list[Claim]] = []
        suspected = [claim for claim in left if self._name(claim) in self._deaths]
        for count in sorted({self._deaths[self._name(claim)] for claim in suspected}):
            alike = [claim for claim in suspected if self._deaths[self._name(claim)] == count]
            size = max(1, len(alike) // COMPANY_SHARE)
            groups += [alike[start : start + size] for start in range(0, len(alike), size)]
        return groups

    def condemn(self, claim: Claim) -> str:
        """Why the file is not to be tried again; "" while it is."""
        name = self._name(claim)
        if self._alone.get(name, 0) < MOST_ALONE:
            return ""
        return (
            f"Wangge's worker died {self._deaths[name]} times while it took this file, {self._alone[name]} times with no other: "
            "it may need more memory than there is, or be damaged in a way that breaks what reads it. What was taken of it "
            "before stays. Keep the file and tell whoever maintains this installation; to try it once more, put it back "
            "into the folder of its feed."
        )

    def begin(self, claims: Collection[Claim]) -> None:
        """From now on these files are at work too."""
        self._at_work.update(self._name(claim) for claim in claims)
        self._write()

    def end(self, claims: Collection[Claim]) -> None:
        """These files are at work no longer, and came through."""
        for claim in claims:
            name = self._name(claim)
            self._at_work.discard(name)
            self._deaths.pop(name, None)
            self._alone.pop(name, None)
        self._write()

    def absolve(self, claims: Collection[Claim]) -> None:
        """Something of these files has been committed: should a worker die over the rest, it is counted anew."""
        names = {self._name(claim) for claim in claims} & self._deaths.keys()
        for name in names:
            del self._deaths[name]
            self._alone.pop(name, None)
        if names:
            self._write()

    def close(self) -> None:
        """The worker ends by itself: nothing is at work."""
        self._at_work.clear()
        self._write()

    def _name(self, claim: Claim) -> str:
        return claim.path.relative_to(self._settings.taking_dir).as_posix()

    def _write(self) -> None:
        told = {"at_work": sorted(self._at_work), "deaths": self._deaths, "alone": self._alone}
        with suppress(OSError):  # on a full disk nothing is taken anyway
            _write_over(self._path, json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogateescape"))


def _write_over(path: Path, content: bytes) -> None:
    """Writes the file in place: a process that dies leaves what the system has been given, and the folder is not touched."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
