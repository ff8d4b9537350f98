"""Puts a bundle in its place, whole or not at all: it is written aside under another name, and renamed when it is on the disk.

A killed export leaves nothing but that other name, which the next one to the same place removes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from data.bundle.wish import Wish
from data.durable import sync_folder
from data.errors import BundleError
from data.lake_errors import FULL_BYTES

MANIFEST = "manifest.json"
README = "README.md"
KIND = "wangge bundle"
"""What a manifest of ours says it is."""


def manifest_beside(path: Path) -> Path:
    """Where the manifest of a bundle of one DuckDB file lies: the file cannot hold its own hash."""
    return path.with_name(f"{path.name}.{MANIFEST}")


def check_place(wish: Wish) -> None:
    """Raises BundleError where nothing can be written, or something is there that may not go."""
    out = wish.out
    if not out.parent.is_dir():
        raise BundleError(f"There is no folder {out.parent}.", "Make it first, or name another place with --out.")
    if not os.access(out.parent, os.W_OK):
        raise BundleError(f"{out.parent} may not be written by this user.", "Name another place with --out.")
    beside = manifest_beside(out)
    there = out if out.exists() else beside if wish.format == "duckdb" and beside.exists() else None
    if there is None or (out.is_dir() and not wish.is_zip and wish.format == "parquet" and not any(out.iterdir())):
        return
    if not wish.force:
        raise BundleError(f"{there} exists already.", "Name another place with --out, or add --force to replace it.")
    if out.is_dir() and not _is_bundle(out):
        raise BundleError(
            f"{out} is a folder, and no bundle of ours: it is not replaced, --force or not.",
            "Name a folder that is not there yet.",
        )


@contextmanager
def written_aside(wish: Wish) -> Iterator[tuple[Path, Path]]:
    """A file or folder to write the tables into, and a folder for what spills; both are gone afterwards, whatever happens.

    Raises BundleError where the disk is full or refuses.
    """
    out = wish.out
    _remove_leftovers(out)
    aside = out.with_name(f".{out.name}.{os.getpid()}.aside")
    scratch = out.with_name(f".{out.name}.{os.getpid()}.scratch")
    try:
        if wish.format == "parquet":
            aside.mkdir()
        yield aside, scratch
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        raise _tell_failure(out, error) or error from None
    finally:
        for path in (aside, scratch, Path(f"{aside}.wal"), _packed(aside), manifest_beside(aside)):
            _remove(path)


def put_in_place(wish: Wish, aside: Path, manifest: bytes) -> None:
    """Gives the finished bundle its name; what had it before is gone then."""
    out = wish.out
    if wish.format == "duckdb":
        beside = manifest_beside(aside)
        beside.write_bytes(manifest)
        _sync(beside, aside)
        # the bundle last: where it is, its manifest is too
        beside.replace(manifest_beside(out))
        aside.replace(out)
    elif wish.is_zip:
        packed = _packed(aside)
        _pack(aside, packed)
        _sync(packed)
        packed.replace(out)
    else:
        _sync(*aside.iterdir())
        sync_folder(aside)
        if out.exists():
            before = out.with_name(f".{out.name}.{os.getpid()}.before")
            out.rename(before)
            aside.rename(out)
            _remove(before)
        else:
            aside.rename(out)
    with suppress(OSError):  # a stick may not know how; the files themselves are on it
        sync_folder(out.parent)


def _packed(aside: Path) -> Path:
    return aside.with_name(f"{aside.name}.zip")


def _pack(folder: Path, packed: Path) -> None:
    """The folder's files in one, README and manifest first; Parquet is packed already. The same files give the same bytes."""
    first = [README, MANIFEST]
    names = sorted((path.name for path in folder.iterdir()), key=lambda name: (name not in first, name))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            with (folder / name).open("rb") as file, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(file, target, 1 << 20)


def _sync(*paths: Path) -> None:
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _is_bundle(folder: Path) -> bool:
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("kind") == KIND


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _remove_leftovers(out: Path) -> None:
    """What exports to this place left that were killed; of one that still runs nothing is touched."""
    for path in out.parent.glob(f".{out.name}.*"):
        process = path.name.removeprefix(f".{out.name}.").partition(".")[0]
        if process.isdecimal() and not Path(f"/proc/{process}").exists():
            if path.name.endswith(".before") and not out.exists():
                path.rename(out)  # killed between the two names: what was there before is there again
            else:
                _remove(path)


def _tell_failure(out: Path, error: Exception) -> BundleError | None:
    said = str(error).lower()
    number = error.errno if isinstance(error, OSError) else None
    is_full = number in (errno.ENOSPC, errno.EDQUOT) or "no space left" in said or "could not write all bytes" in said
    with suppress(OSError):
        is_full = is_full or shutil.disk_usage(out.parent).free < FULL_BYTES
    if is_full:
        return BundleError(
            f"{out.parent}: the disk is full; nothing of the bundle was left there.",
            "Free some space, name another place with --out, or choose fewer rounds, tables or columns.",
        )
    if number == errno.EFBIG:
        return BundleError(
            f"{out.parent}: the disk takes no file as large as that.",
            "Write a Parquet folder, choose fewer rounds, or format the disk as exFAT.",
        )
    if isinstance(error, OSError):
        return BundleError(f"{out} cannot be written: {error.strerror or error}.", "Name another place with --out.")
    return None
