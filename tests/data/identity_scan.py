"""Looks for people in files: every byte of them, and every value of those that pack what they hold."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

_NUMBER = re.compile(rb"(?<![0-9])(?:99[0-9]{15}[0-9Xx]|1990000[0-9]{4})(?![0-9])")
"""As the scenario makes them: a division that is not assigned, a range of telephones that is not."""
_RUN = re.compile(rb"[0-9]{11,}[Xx]?")
_NAME_BEGINS = "示例"
_NAME_LENGTH = 4
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le")


@dataclass(frozen=True)
class Secrets:
    """Identity numbers and telephones as digits, and names, of all people in some logs."""

    numbers: frozenset[bytes]
    names: frozenset[str]

    def find_in_bytes(self, content: bytes) -> set[str]:
        """Those that stand in these bytes, in any of the encodings that a file may have."""
        found = set()
        for text in (content, content.replace(b"\0", b"")):
            for run in _RUN.findall(text):
                found |= {part.decode() for part in _windows(run) if part.upper() in self.numbers}
        for encoding in _ENCODINGS:
            mark = _NAME_BEGINS.encode(encoding)
            width = _NAME_LENGTH * 4
            at = content.find(mark)
            while at >= 0:
                text = content[at : at + width].decode(encoding, errors="ignore")
                found |= {text[:length] for length in (3, 4) if text[:length] in self.names}
                at = content.find(mark, at + 1)
        return found

    def find_in_values(self, values: Iterable[object]) -> set[str]:
        """Those that these values are or hold; a whole number may be a telephone."""
        texts = {str(value) if not isinstance(value, bytes) else value for value in values if value is not None}
        whole = b"\n".join(text if isinstance(text, bytes) else text.encode(errors="replace") for text in texts)
        return self.find_in_bytes(whole)

    def find_in_file(self, path: Path) -> set[str]:
        """Those in a file: in its bytes, and in its values where it is a Parquet, DuckDB or SQLite file."""
        content = path.read_bytes()
        found = self.find_in_bytes(content)
        for values in _unpack(path, content):
            found |= self.find_in_values(values)
        return found


def read_secrets(logs: Iterable[Path]) -> Secrets:
    """The people in these logs."""
    numbers: set[bytes] = set()
    names: set[str] = set()
    for path in logs:
        content = path.read_bytes()
        numbers |= {number.upper() for number in _NUMBER.findall(content)}
        for encoding in ("utf-8", "gb18030"):
            text = content.decode(encoding, errors="ignore")
            names |= set(re.findall(rf"{_NAME_BEGINS}[\u4e00-\u9fff]{{1,2}}(?=[,\t\n])", text))
    return Secrets(frozenset(numbers), frozenset(names))


def _windows(run: bytes) -> Iterator[bytes]:
    """The numbers that a run of digits may be: itself, or, in a longer one, each stretch as long as a number."""
    for length in (11, 18):
        for start in range(len(run) - length + 1):
            yield run[start : start + length]


def _unpack(path: Path, content: bytes) -> Iterator[Iterable[object]]:
    if content[:4] == b"PAR1":
        table = pq.read_table(path)
        yield from (_values(column) for column in table.columns)
    elif content[8:12] == b"DUCK":
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as looked_at (read_only)")
            names = connection.execute("select table_name from duckdb_tables() where database_name = 'looked_at'")
            for (name,) in names.fetchall():
                table = connection.execute(f'select * from looked_at."{name}"').arrow().read_all()
                yield from (_values(column) for column in table.columns)
    elif content[:15] == b"SQLite format 3":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
                yield from connection.execute(f'select * from "{name}"')


def _values(column: pa.ChunkedArray) -> Iterable[object]:
    return column.unique().to_pylist() if not pa.types.is_nested(column.type) else column.to_pylist()
