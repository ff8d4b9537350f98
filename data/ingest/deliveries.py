"""A delivered file on its way into the lake: the logs in it, and what was refused of it.

A file that breaks what reads it stops no other. Knows no inbox and no situation; the lake only through the taker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from data.errors import IngestError, LakeError
from data.ingest.batch import ReadBatch
from data.ingest.reading import LogFile, find_logs
from data.ingest.take import IngestSummary, Taker
from data.masking import mask_numbers

OnCommit = Callable[[IngestSummary], None]
_UNFORESEEN = "It could not be processed ({name}). Keep the file and tell whoever maintains this installation."

_log = logging.getLogger("wangge.ingest")


class StopTaking(Exception):
    """Raised by an `on_commit`: the rest of the batch is left for later."""


@dataclass(eq=False)
class Delivery:
    """A delivered file. `refusals`: why something of it is not taken, by the place of the log: the file's or a member's."""

    path: Path
    feed_code: str
    logs: list[LogFile] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    is_open: bool = False

    def open(self) -> Delivery:
        """Finds the logs in the file, which reads it once. One that cannot be read is refused."""
        if not self.is_open:
            try:
                self.logs = find_logs(self.path, self.feed_code)
            except IngestError as error:
                self.refusals[str(self.path)] = str(error)
            except Exception as error:  # noqa: BLE001 (whatever is in a file, it must not stop the others)
                self.refuse_unforeseen(str(self.path), error)
            self.is_open = True
        return self

    def refuse_unforeseen(self, place: str, error: Exception) -> None:
        """Notes that a log broke what reads it."""
        _log.error("%s: %s", mask_numbers(Path(place).name), type(error).__name__)
        self.refusals[place] = _UNFORESEEN.format(name=type(error).__name__)

    def explain(self) -> str:
        """Why the file was refused, or which of its members were and which were taken; "" when nothing was refused."""
        if len(self.logs) <= 1 or not self.refusals:
            return next(iter(self.refusals.values()), "")
        refused = "\n".join(f"  {Path(place).name}: {reason}" for place, reason in self.refusals.items())
        taken = "\n".join(f"  {Path(log.place).name}" for log in self.logs if log.place not in self.refusals)
        return f"Members that were refused:\n{refused}\nMembers that were taken:\n{taken or '  none'}"


def read_ahead(taker: Taker, deliveries: Sequence[Delivery]) -> ReadBatch | Exception:
    """The first lines of these files, read; or what went wrong, for `take_deliveries` to find out with which."""
    try:
        return taker.read([log for delivery in deliveries for log in delivery.open().logs])
    except Exception as error:  # noqa: BLE001 (in another thread: whoever takes the batch deals with it)
        return error


def take_deliveries(
    taker: Taker, deliveries: Sequence[Delivery], read: ReadBatch | Exception, on_commit: OnCommit | None = None
) -> IngestSummary:
    """Takes these files to their end; what is refused of them is noted on them and told in the summary.

    When one of them breaks the reading or the engine, all but that one. Raises LakeError, with nothing lost, for what
    concerns the lake and not a file.
    """
    by_place = {log.place: delivery for delivery in deliveries for log in delivery.logs}
    summary = _take(taker, list(by_place), by_place, read, on_commit)
    for place, reason in summary.refused:
        by_place[place].refusals[place] = reason
    refused = tuple(refusal for delivery in deliveries for refusal in delivery.refusals.items())
    return replace(summary, refused=refused)


def _take(
    taker: Taker,
    places: Sequence[str],
    by_place: dict[str, Delivery],
    read: ReadBatch | Exception,
    on_commit: OnCommit | None,
) -> IngestSummary:
    try:
        if isinstance(read, Exception):
            raise read
        return taker.take(read, on_commit)
    except (LakeError, StopTaking):
        raise
    except Exception as error:  # noqa: BLE001 (it must not stop the other files: find out which it is)
        taker.check_engine()
        if len(places) == 1:
            by_place[places[0]].refuse_unforeseen(places[0], error)
            return IngestSummary()
        summary = IngestSummary()
        for half in (places[: len(places) // 2], places[len(places) // 2 :]):
            logs = [log for place in half for log in by_place[place].logs if log.place == place]
            try:
                again: ReadBatch | Exception = taker.read(logs)
            except Exception as reason:  # noqa: BLE001 (as above)
                again = reason
            summary += _take(taker, half, by_place, again, on_commit)
        return summary
