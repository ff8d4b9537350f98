"""Finds the logs in a delivered file and opens their unpacked content as a stream. Knows no format of a log."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import BinaryIO, cast

from data.errors import IngestError
from data.ingest.reading.logs import LogFile

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
MAX_MEMBERS = 10_000
MAX_RATIO = 250
"""An archive that unpacks to more than this many times its size is a bomb; logs, however alike their lines, stay under 100."""
HARMLESS_BYTES = 64_000_000
"""Unpacked, so much is no harm whatever the ratio."""
_OTHER_ARCHIVES = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\xfd7zX": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}
_CLUTTER = ("__MACOSX/", "._", ".DS_Store", "Thumbs.db", "desktop.ini")
_HASH_BYTES = 1 << 20
MAX_CELLS = 40_000_000
"""Of a sheet: a million rows of forty columns."""
_CELL_PLACE = re.compile(rb'\br="([A-Z]{0,3})([0-9]{1,7})"')
_DAMAGED = (
    EOFError, BadGzipFile, zlib.error, lzma.LZMAError, struct.error, zipfile.BadZipFile, NotImplementedError, RuntimeError,
    ValueError, OverflowError, KeyError, IndexError,
)  # fmt: skip
"""What the unpackers of the standard library raise on bytes that are not what they should be."""


def find_logs(path: Path, feed_code: str, mapping: Mapping[str, str] | None = None) -> list[LogFile]:
    """The logs in this file: itself, or an archive's members. Nothing is held in memory but their names and hashes.

    `mapping` tells, for columns that go by an unknown header in this file, which: column → header. Raises
    IngestError when the file cannot be read or unpacked: of a damaged archive nothing is taken.
    """
    pairs = tuple(sorted((mapping or {}).items()))
    try:
        with path.open("rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            head = stream.read(_HASH_BYTES)
            _refuse_other_archives(head)
            if head.startswith(ZIP_MAGICS) and not _is_workbook(cast(BinaryIO, stream)):
                return _find_members(path, cast(BinaryIO, stream), status, feed_code, pairs)
            if head.startswith(GZIP_MAGIC):
                stream.seek(0)
                sha256, size, _ = _hash(_unpack(cast(BinaryIO, stream)), status.st_size)
            else:
                stream.seek(len(head))
                digest, size = hashlib.sha256(head), len(head)
                while block := stream.read(_HASH_BYTES):
                    digest.update(block)
                    size += len(block)
                sha256 = digest.hexdigest()
    except OSError as error:
        if isinstance(error, BadGzipFile):
            raise _damaged(path.name) from None
        raise IngestError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.") from None
    except _DAMAGED:
        raise _damaged(path.name) from None
    return [LogFile(path, path.name, feed_code, sha256, size, pairs, modified_ns=status.st_mtime_ns)]


@contextmanager
def open_log(log: LogFile) -> Iterator[io.BufferedReader]:
    """The log's unpacked content; IngestError when it cannot be read or is not what was found any more."""
    try:
        with log.path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_mtime_ns != log.modified_ns:
                raise IngestError("it changed while it was read.", "Deliver it again when it is whole.")
            if log.member_no is None:
                yield _unpack(stream)
                return
            with zipfile.ZipFile(stream) as archive, archive.open(archive.infolist()[log.member_no]) as member:
                yield _unpack(cast(BinaryIO, member))
    except OSError as error:
        if isinstance(error, BadGzipFile):
            raise _damaged(log.name) from None
        raise IngestError(f"{log.path} cannot be read: {error.strerror or error}.", "Check its permissions.") from None
    except (EOFError, zlib.error, zipfile.BadZipFile):
        raise _damaged(log.name) from None


def _is_workbook(stream: BinaryIO) -> bool:
    """Whether a zip archive is a spreadsheet."""
    with zipfile.ZipFile(stream) as archive:
        return any(info.filename in ("[Content_Types].xml", "content.xml") for info in archive.infolist())


def check_workbook(stream: BinaryIO, packed_bytes: int) -> None:
    """Raises IngestError when a spreadsheet is damaged or would need more memory than any log does.

    Its reader holds a cell for every place up to the last one, however far out that is; and what sizes say may be a lie.
    """
    size = 0
    try:
        with zipfile.ZipFile(stream) as archive:
            for info in archive.infolist():
                if info.flag_bits & 1:
                    raise _encrypted("it")
                width, height, tail = 1, 1, b""
                with archive.open(info) as member:
                    while block := member.read(_HASH_BYTES):
                        size += len(block)
                        _refuse_bomb(size, packed_bytes)
                        for column, row in _CELL_PLACE.findall(tail + block):
                            width, height = max(width, _count_columns(column)), max(height, int(row))
                        tail = block[-20:]
                if width * height > MAX_CELLS:
                    raise IngestError("its last cell lies too far out for a log.", "Export it as CSV.")
    except _DAMAGED:
        raise _damaged("it") from None


def _count_columns(letters: bytes) -> int:
    """Up to this column: A is 1, Z is 26, AA is 27."""
    count = 0
    for letter in letters:
        count = count * 26 + letter - 64
    return count


def _find_members(
    path: Path, stream: BinaryIO, status: os.stat_result, feed_code: str, pairs: tuple[tuple[str, str], ...]
) -> list[LogFile]:
    found, total = [], 0
    with zipfile.ZipFile(stream) as archive:
        infos = archive.infolist()
        if len(infos) > MAX_MEMBERS:
            raise IngestError(f"it is an archive of {len(infos):,} files.", f"Pack at most {MAX_MEMBERS:,} together.")
        for number, info in enumerate(infos):
            name = _read_name(info)
            if info.is_dir() or _is_clutter(name):
                continue
            if info.flag_bits & 1:
                raise _encrypted(name)
            with archive.open(info) as member:
                content = _unpack(cast(BinaryIO, member))
                head = content.peek(4)
                _refuse_other_archives(head)
                if head.startswith(ZIP_MAGICS) and not _is_packed_workbook(head):
                    raise IngestError(f"{name} is an archive within the archive.", "Pack the logs themselves.")
                sha256, size, total = _hash(content, status.st_size, total)
            member_name = f"{path.name}/{name}"
            found.append(LogFile(path, member_name, feed_code, sha256, size, pairs, number, status.st_mtime_ns))
    if not found:
        raise IngestError("it is an archive without a file.", "Pack the logs into it.")
    return found


def _unpack(stream: BinaryIO) -> io.BufferedReader:
    """The stream, or what is in it where it is gzip."""
    buffered: io.BufferedReader = io.BufferedReader(cast(io.RawIOBase, stream), _HASH_BYTES)
    for _ in range(2):
        if buffered.peek(2).startswith(GZIP_MAGIC):
            buffered = io.BufferedReader(cast(io.RawIOBase, GzipFile(fileobj=buffered, mode="rb")), _HASH_BYTES)
    return buffered


def _hash(content: io.BufferedReader, packed_bytes: int, total: int = 0) -> tuple[str, int, int]:
    """SHA-256 and size of the unpacked content, and the size of all that was unpacked of this file."""
    digest, size = hashlib.sha256(), 0
    while block := content.read(_HASH_BYTES):
        digest.update(block)
        size += len(block)
        _refuse_bomb(total + size, packed_bytes)
    return digest.hexdigest(), size, total + size


def _refuse_bomb(unpacked_bytes: int, packed_bytes: int) -> None:
    if unpacked_bytes > HARMLESS_BYTES and unpacked_bytes > MAX_RATIO * packed_bytes:
        raise IngestError(
            f"it unpacks to more than {MAX_RATIO} times its size: no log does.",
            "Send it unpacked if it is one after all.",
        )


def _refuse_other_archives(head: bytes) -> None:
    for magic, name in _OTHER_ARCHIVES.items():
        if head.startswith(magic):
            raise IngestError(f"it is a {name} archive, which is not read.", "Pack it as zip or gzip.")


def _is_packed_workbook(head: bytes) -> bool:
    """By the first name in it: what makes spreadsheets begins with one of these."""
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return name.startswith((b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/", b"mimetype"))


def _read_name(info: zipfile.ZipInfo) -> str:
    """The member's name: archives made by a Chinese Windows have it in GB18030 and do not say so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _is_clutter(name: str) -> bool:
    return name.startswith(_CLUTTER[0]) or name.rpartition("/")[2].startswith(_CLUTTER[1:])


def _damaged(name: str) -> IngestError:
    return IngestError(f"{name} is an archive that is damaged or was not transferred whole.", "Deliver it again.")


def _encrypted(name: str) -> IngestError:
    return IngestError(f"{name} is protected by a password.", "Deliver it without one.")
