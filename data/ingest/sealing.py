"""Keeps the cells of lines that were set aside, sealed: nobody can read them without the key, and they can be checked again.

One file for the failed lines of one kind in one transaction: `quarantine/<day>/<number>.sealed` in the home folder, an
Arrow stream under AES-256-GCM (NIST SP 800-38D) with `keys/quarantine.key`. It is on the disk before the transaction
that names it, so a line in quarantine can always be opened; a file that no open line names is removed at the next start.
Knows no lake and no reason.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data.durable import write_durably
from data.errors import LakeError
from data.ingest.pseudonym import KEY_BYTES, make_key
from data.settings import Settings

NONCE_BYTES = 12
SUFFIX = ".sealed"


class Sealer:
    """Seals lines, opens them again, destroys them. Raises LakeError where the home folder cannot be written."""

    def __init__(self, settings: Settings) -> None:
        self._dir = settings.quarantine_dir
        self._key_path = settings.quarantine_key_path
        self._key = b""

    def seal(self, lines: pa.Table) -> str:
        """The name of a new sealed file with these lines, whole and on the disk."""
        name = f"{datetime.now(UTC):%Y-%m-%d}/{secrets.token_hex(8)}{SUFFIX}"
        self._write(name, lines)
        return name

    def open(self, name: str) -> pa.Table | None:
        """The lines of a sealed file; None where it is gone, damaged, or sealed with another key."""
        try:
            sealed = (self._dir / name).read_bytes()
            plain = self._cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (OSError, InvalidTag, ValueError):
            return None
        with pa.ipc.open_stream(plain) as stream:
            return stream.read_all()

    def destroy(self, places: Mapping[str, Collection[int]]) -> None:
        """Destroys lines by file and place; the others keep their places. A file of which nothing is left is removed."""
        for name, gone in places.items():
            lines = self.open(name)
            if lines is None or len(gone) >= lines.num_rows:
                self._remove(name)
                continue
            keep = pa.array([place not in gone for place in range(lines.num_rows)])
            for text in _texts(lines):
                kept = pc.if_else(keep, lines[text], pa.scalar(None, lines[text].type))
                lines = lines.set_column(lines.column_names.index(text), text, kept)
            if any(column.null_count < len(column) for column in lines.select(_texts(lines)).columns):
                self._write(name, lines)
            else:
                self._remove(name)

    def sweep(self, named: Collection[str]) -> int:
        """Removes the sealed files that are not among those named; gives how many."""
        count = 0
        for path in self._dir.glob(f"*/*{SUFFIX}*"):
            if f"{path.parent.name}/{path.name}" not in named:
                self._remove(f"{path.parent.name}/{path.name}")
                count += 1
        return count

    def _remove(self, name: str) -> None:
        with suppress(OSError):
            (self._dir / name).unlink()
            (self._dir / name).parent.rmdir()  # only when it is empty

    def _write(self, name: str, lines: pa.Table) -> None:
        path = self._dir / name
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, lines.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
            stream.write_table(lines)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher().encrypt(nonce, sink.getvalue().to_pybytes(), name.encode())
        write_durably(path, nonce + sealed, mode=0o600, folder_mode=0o700)

    def _cipher(self) -> AESGCM:
        if not self._key:
            try:
                self._key = self._key_path.read_bytes()
            except FileNotFoundError:
                self._key = make_key(self._key_path)
            except OSError as error:
                raise LakeError(
                    f"The key {self._key_path} cannot be read: {error.strerror}.",
                    "Check its owner and permissions (0600).",
                ) from None
            if len(self._key) != KEY_BYTES:
                self._key = b""
                raise LakeError(
                    f"The key {self._key_path} is damaged.",
                    "Restore it from a backup; or move it away: a new one is made, and lines sealed before stay shut.",
                )
        return AESGCM(self._key)


def _texts(lines: pa.Table) -> list[str]:
    """The columns that hold cells; the others only number the lines."""
    return [field.name for field in lines.schema if not pa.types.is_integer(field.type)]
