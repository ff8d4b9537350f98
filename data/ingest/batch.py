"""Gathers parts of logs into batches of bounded size and reads them; a long log reaches over many batches.

Everything here may be done by another thread while the engine works on the batch before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from data.errors import IngestError, LakeError
from data.ingest.at_sight import Sighted
from data.ingest.columns import LogKind
from data.ingest.identities import Identities
from data.ingest.ledger import Ledger, Progress
from data.ingest.reading import LogFile, LogPart, LogTable, cut_parts, read_parts
from data.ingest.reading.delimited import PART_BYTES

Pieces = list[tuple[int, "Piece"]]


@dataclass(frozen=True)
class Piece:
    """A part of a log, and the name and feed that it is recorded under: those of the file that brought the content first.

    It holds no content: once the lines are cells, the text is not kept.
    """

    log: LogFile
    part_no: int
    last_line_no: int
    is_last: bool
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
    identities: Identities | None = field(default=None, compare=False)
    """The documents that its registrations name, line by line."""
    sighted: Sighted | None = field(default=None, compare=False)
    """Its registrations, those that are right at sight told apart."""


@dataclass
class Rest:
    """The pieces still to be cut; used up piece by piece, by one thread at a time."""

    pieces: Iterator[tuple[Piece, LogPart]]
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


def keep_pieces(batch: ReadBatch, pieces: Pieces) -> ReadBatch:
    """The same batch with these of its pieces only."""
    numbers = [number for number, _ in pieces]
    tables, kinds, refused = batch.logs
    kept = [
        LogTable(
            table.kind,
            table.rows.filter(pc.is_in(table.rows["file_no"], pa.array(numbers, table.rows["file_no"].type))),
            tuple(line for line in table.broken if line.file_no in numbers),
        )
        for table in tables
    ]
    return replace(
        batch,
        pieces=pieces,
        identities=None,  # found anew for the lines that are left
        sighted=None,
        logs=(
            [table for table in kept if table.rows.num_rows or table.broken],
            {number: kinds[number] for number in numbers if number in kinds},
            {number: refused[number] for number in numbers if number in refused},
        ),
    )


def let_go(batch: ReadBatch) -> None:
    """Forgets the batch's lines, most of what it holds, wherever it is held: once they are checked. See `read_again`."""
    tables = batch.logs[0]
    tables[:] = [LogTable(table.kind, table.rows.schema.empty_table(), ()) for table in tables]


def read_again(batch: ReadBatch, ledger: Ledger) -> ReadBatch:
    """The batch with its lines, after it let go of them. Raises LakeError when its files say something else by now."""
    taken = ledger.find(piece.log.sha256 for _, piece in batch.pieces)
    cuts: dict[str, Iterator[LogPart]] = {}
    parts = []
    for number, piece in batch.pieces:
        log = piece.log
        if log.sha256 not in cuts:
            after_line_no = taken[log.sha256].last_line_no if log.sha256 in taken else 0
            cuts[log.sha256] = cut_parts(log, after_line_no, piece.part_no)
        part = next(cuts[log.sha256], None)
        if part is None or (part.part_no, part.last_line_no) != (piece.part_no, piece.last_line_no):
            raise LakeError(f"{piece.name} was changed while it was being taken.", "It will be taken again.")
        parts.append((number, part))
    return replace(batch, logs=read_parts(parts), identities=None, sighted=None)


def _read_batch(files: Sequence[LogFile], rest: Rest, copies: Sequence[LogFile]) -> ReadBatch:
    pieces: Pieces = []
    parts: list[tuple[int, LogPart]] = []
    size = 0
    for piece, part in rest.pieces:
        parts.append((len(pieces), part))
        pieces.append((len(pieces), piece))
        size += min(part.log.byte_count, PART_BYTES)
        # a part of a long log is a transaction: a restart goes on close behind where it stopped
        if size >= rest.limit_bytes or part.log.byte_count > PART_BYTES:
            return ReadBatch(files, pieces, read_parts(parts), copies, rest)
    return ReadBatch(files, pieces, read_parts(parts), copies)


def _cut(fresh: Sequence[tuple[LogFile, Progress | None]]) -> Iterator[tuple[Piece, LogPart]]:
    for log, progress in fresh:
        if progress is None:
            name, feed_code, parts = log.name, log.feed_code, cut_parts(log)
        else:
            name, feed_code = progress.name, progress.feed_code
            parts = cut_parts(log, progress.last_line_no, progress.next_part_no)
        for part in parts:
            yield Piece(log, part.part_no, part.last_line_no, part.is_last, name, feed_code), part
