"""Files of a transaction of which nobody can say whether it was committed.

When the connection breaks while PostgreSQL confirms a commit, DuckLake takes the transaction for failed and removes its
Parquet files, though the server may have kept it: the catalogue would name files that are gone. So the files have a second
name from before each commit until it is confirmed; what is left afterwards is put back if the catalogue names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from data.lake_files import list_known_files

FOLDER = ".uncertain"
SUFFIX = ".kept"


class SecondNames:
    """Gives a transaction's new files a second name. Looking costs some milliseconds with thousands of files."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._seen: dict[Path, tuple[int, frozenset[str]]] = {}

    def look(self) -> None:
        """Sees which files are there, before the transaction writes its own."""
        for folder in self._list_folders():
            changed_ns = folder.stat().st_mtime_ns
            if self._seen.get(folder, (0,))[0] != changed_ns:
                self._seen[folder] = changed_ns, _list_names(folder)

    def keep(self) -> list[Path]:
        """Before the commit: gives what came since a second name."""
        names: list[Path] = []
        for folder in self._list_folders():
            found = _list_names(folder)
            before = self._seen.get(folder, (0, frozenset[str]()))[1]
            for name in found - before:
                path = folder / name
                second = (
                    self._data_dir / FOLDER / f"{path.relative_to(self._data_dir).as_posix().replace('/', '%')}{SUFFIX}"
                )
                second.parent.mkdir(exist_ok=True)
                second.unlink(missing_ok=True)
                second.hardlink_to(path)
                names.append(second)
            self._seen[folder] = folder.stat().st_mtime_ns, found
        return names

    def _list_folders(self) -> Iterator[Path]:
        main = self._data_dir / "main"
        if main.is_dir():
            yield from (path for path in main.iterdir() if path.is_dir())


def restore_uncertain(connection: duckdb.DuckDBPyConnection, data_dir: Path) -> int:
    """Puts back what the catalogue names and is gone, and lets go of the rest; gives how many files were put back.

    Nobody may be writing meanwhile.
    """
    left = list((data_dir / FOLDER).glob(f"*{SUFFIX}"))
    if not left:
        return 0
    known = list_known_files(connection, data_dir)
    restored = 0
    for second in left:
        path = data_dir / second.name.removesuffix(SUFFIX).replace("%", "/")
        if path in known and not path.exists():
            second.rename(path)
            restored += 1
        else:
            second.unlink(missing_ok=True)
    return restored


def _list_names(folder: Path) -> frozenset[str]:
    with os.scandir(folder) as entries:
        return frozenset(entry.name for entry in entries)
