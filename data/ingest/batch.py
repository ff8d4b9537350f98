"""Gathers parts of logs into batches of bounded size and reads them; a long log reaches over many batches.

Everything here may be done by another thread while the engine works on the batch before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from data.errors import IngestError
from data.ingest.columns import LogKind
from data.ingest.ledger import Ledger, Progress
from data.ingest.reading import LogFile, LogPart, LogTable, cut_parts, read_parts
from data.ingest.reading.delimited import PART_BYTES

Pieces = list[tuple[int, "Piece"]]


@dataclass(frozen=True)
class Piece:
    """A part of a log, and the name and feed that it is recorded under: those of the file that brought the content first."""

    part: LogPart
    name: str
    feed_code: str


@dataclass(frozen=True)
class ReadBatch:
    """What goes into one transaction: numbered pieces and their lines as tables of cells."""

    files: Sequence[LogFile]
    """All that was asked to be taken, in this batch and those after it."""
    pieces: Pieces
    logs: tuple[list[LogTable], dict[int, LogKind], dict[int, IngestError]]
    copies: Sequence[LogFile] = ()
    """Files whose content was taken, or is being taken, under another name: their turn comes when that is whole."""
    rest: Rest | None = field(default=None, compare=False)
    """What did not go into this batch."""


@dataclass
class Rest:
    """The pieces still to be cut; used up piece by piece, by one thread at a time."""

    pieces: Iterator[Piece]
    limit_bytes: int


def begin_batches(files: Sequence[LogFile], ledger: Ledger, limit_bytes: int) -> ReadBatch:
    """The first batch of these files; `read_rest` gives the next, as long as there is one."""
    taken = ledger.find(file.sha256 for file in files)
    fresh: list[tuple[LogFile, Progress | None]] = []
    copies: list[LogFile] = []
    begun: set[str] = set()
    for file in files:
        progress = taken.get(file.sha256)
        if file.sha256 in begun:
            copies.append(file)
        elif progress is None or not progress.is_done:
            fresh.append((file, progress))
            begun.add(file.sha256)
            if progress and progress.name != file.name:
                copies.append(file)
        elif file.name not in progress.names:
            copies.append(file)
    return _read_batch(files, Rest(_cut(fresh), limit_bytes), copies)


def read_rest(batch: ReadBatch) -> ReadBatch | None:
    """The batch after this one; None when this was the last."""
    return _read_batch(batch.files, batch.rest, batch.copies) if batch.rest else None


def read_again(batch: ReadBatch, pieces: Pieces) -> ReadBatch:
    """The same batch with these of its pieces only."""
    return ReadBatch(batch.files, pieces, _read(pieces), batch.copies, batch.rest)


def _read_batch(files: Sequence[LogFile], rest: Rest, copies: Sequence[LogFile]) -> ReadBatch:
    pieces: Pieces = []
    size = 0
    for piece in rest.pieces:
        pieces.append((len(pieces), piece))
        size += min(piece.part.log.byte_count, PART_BYTES)
        if size >= rest.limit_bytes:
            return ReadBatch(files, pieces, _read(pieces), copies, rest)
    return ReadBatch(files, pieces, _read(pieces), copies)


def _read(pieces: Pieces) -> tuple[list[LogTable], dict[int, LogKind], dict[int, IngestError]]:
    return read_parts([(number, piece.part) for number, piece in pieces])


def _cut(fresh: Sequence[tuple[LogFile, Progress | None]]) -> Iterator[Piece]:
    for log, progress in fresh:
        if progress is None:
            yield from (Piece(part, log.name, log.feed_code) for part in cut_parts(log))
        else:
            parts = cut_parts(log, progress.last_line_no, progress.next_part_no)
            yield from (Piece(part, progress.name, progress.feed_code) for part in parts)
