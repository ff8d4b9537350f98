"""What a log is on its way from a file to a table: found, cut into parts, read. Knows no format and does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.errors import IngestError
from data.ingest.columns import LogKind
from data.masking import mask_numbers


@dataclass(frozen=True)
class LogFile:
    """A file as it was delivered, or one member of an archive. Its content stays on the disk.

    `sha256` and `byte_count` are of the unpacked content: a log and its compressed copy are the same log.
    """

    path: Path
    name: str
    """The file's name; a member's with its archive's before it: `week.zip/baisha.csv`."""
    feed_code: str
    sha256: str
    byte_count: int
    mapping: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Columns that go by other headers here: (column, header)."""
    member_no: int | None = field(default=None, repr=False)
    """The place in its archive."""
    modified_ns: int = field(default=0, repr=False, compare=False)
    """When the file was last changed: a file that changes while it is read is refused."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", mask_numbers(self.name))  # it is kept, and shown

    @property
    def place(self) -> str:
        """Where it is: the file's path; a member's is its archive's, with the member below."""
        return str(self.path if self.member_no is None else self.path.parent / self.name)


@dataclass(frozen=True)
class LogPart:
    """Whole records of a log, as many as are read at once. The next part begins after `last_line_no`."""

    log: LogFile
    part_no: int
    last_line_no: int
    is_last: bool
    content: Content = field(repr=False, compare=False)


@dataclass(frozen=True)
class BrokenLine:
    """A line that never became cells. `file_no` counts the files of the batch from 0, `line_no` the file's lines from 1."""

    file_no: int
    line_no: int
    reason: str


@dataclass(frozen=True)
class LogTable:
    """The lines of one kind of log: a text column for each of the kind's columns (empty cells null), `file_no`, `line_no`."""

    kind: LogKind
    rows: pa.Table
    broken: tuple[BrokenLine, ...]


@dataclass(frozen=True)
class Header:
    """What the header of a delimited text says: the kind of log, the column at each position (None: not read)."""

    kind: LogKind
    positions: tuple[str | None, ...]
    delimiter: str
    line: bytes
    encodings: tuple[str, ...]
    """The encodings a line may be in, the file's own first."""


@dataclass(frozen=True)
class TextContent:
    """Lines of a delimited text, as they were delivered but for their ends: one record, one line, LF."""

    header: Header
    text: bytes
    line_nos: np.ndarray | range
    """Each line's number in the delivered file."""
    broken: tuple[tuple[int, str], ...] = ()
    """(line number, reason) of lines that were taken out already."""


@dataclass(frozen=True)
class TableContent:
    """Records of a format that knows its columns: a text column for each of the kind's (empty cells null), `line_no`."""

    kind: LogKind
    rows: pa.Table
    broken: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Failure:
    """In place of content: why the log is refused."""

    error: IngestError


Content = TextContent | TableContent | Failure
