"""The home folder: makes the places that things lie in, and brings an older home into today's shape.

Raw identities lie under `inbox/` and nowhere else; it is closed to other users. Beside it everything may be copied,
backed up and looked at without meeting a person.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import WanggeError
from data.lake import write_permission_error
from data.settings import Settings

INBOX_MODE = 0o700
"""Only the user who runs Wangge. Whoever opens it later for a group that delivers keeps that: it is set once."""


def prepare_home(settings: Settings) -> None:
    """Makes the folders of the home; those of an older home that hold raw files are moved under `inbox/`.

    Raises LakeError where the home cannot be written. A second call finds nothing to do.
    """
    try:
        is_new = not settings.taking_dir.is_dir()
        settings.inbox_dir.mkdir(parents=True, exist_ok=True)
        if is_new:
            settings.inbox_dir.chmod(INBOX_MODE)
        for folder in settings.raw_dirs:
            _move_into(settings.home / folder.name, folder)
        for folder in (settings.inbox_dir, settings.taking_dir, settings.done_dir, settings.refused_dir):
            folder.mkdir(exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "permission denied")
    except OSError as error:
        raise write_permission_error(settings.home, error) from None


def is_open_to_others(folder: Path) -> bool:
    """Whether users who are neither the owner nor of its group may look into the folder."""
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o007)


@contextmanager
def only_one(path: Path, tell_second: Callable[[str], WanggeError]) -> Iterator[None]:
    """Holds a lock that one process of this machine can hold; the system releases it however the process ends.

    Raises what `tell_second` makes of the other process's number where another holds it; LakeError where the file
    cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii")
    except OSError as error:
        raise write_permission_error(path.parent, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise tell_second(file.read().strip() or "unknown") from None
        with suppress(OSError):  # a full disk: the lock holds without the number
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def _move_into(old: Path, new: Path) -> None:
    """Moves a folder of an older home to its new place; where that is there already, what the old one holds."""
    if not old.is_dir() or old.is_symlink():
        return
    if not new.exists():
        with suppress(FileNotFoundError):  # another process of this home was faster
            old.rename(new)
            return
    for path in sorted(old.iterdir()):
        target = new / path.name
        if path.is_dir() and target.is_dir():
            _move_into(path, target)
        elif not target.exists():
            with suppress(FileNotFoundError):
                path.rename(target)
    with suppress(OSError):  # what could not be told apart stays where it was
        old.rmdir()
