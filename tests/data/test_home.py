"""The home folder: what a start makes of an empty one and of an old one, and who may look in."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from data.doctor import examine
from data.errors import LakeError, WanggeError
from data.home import only_one, prepare_home
from data.settings import INBOX_FOLDERS, Settings


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_has_an_inbox_that_only_its_user_can_enter(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    prepare_home(settings)
    assert mode(settings.inbox_dir) == 0o700


def test_raw_files_of_an_old_home_are_moved_under_the_inbox(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for folder in INBOX_FOLDERS:
        write(tmp_path / folder / "baisha" / "a.csv", folder)
    write(tmp_path / "inbox" / "baisha" / "waiting.csv")
    (tmp_path / "inbox").chmod(0o755)
    prepare_home(settings)
    for folder in INBOX_FOLDERS:
        assert not (tmp_path / folder).exists()
        assert (settings.inbox_dir / folder / "baisha" / "a.csv").read_text() == folder
    assert (settings.inbox_dir / "baisha" / "waiting.csv").exists()
    assert mode(settings.inbox_dir) == 0o700


def test_a_move_that_was_broken_off_is_finished_and_no_file_is_written_over(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    write(tmp_path / "done" / "baisha" / "2022-07-14" / "a.csv", "old a")
    write(tmp_path / "done" / "baisha" / "2022-07-14" / "b.csv", "old b")
    write(settings.done_dir / "baisha" / "2022-07-14" / "a.csv", "new a")
    prepare_home(settings)
    folder = settings.done_dir / "baisha" / "2022-07-14"
    assert [(folder / name).read_text() for name in ("a.csv", "b.csv")] == ["new a", "old b"]
    assert (tmp_path / "done" / "baisha" / "2022-07-14" / "a.csv").read_text() == "old a"


def test_an_inbox_that_its_operator_opened_stays_open_and_doctor_says_so(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    prepare_home(settings)
    settings.inbox_dir.chmod(0o755)
    prepare_home(settings)
    assert mode(settings.inbox_dir) == 0o755
    said = [finding for finding in examine(settings) if finding.subject == "inbox"]
    assert said and said[0].is_broken and "chmod o-rwx" in said[0].cure


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LakeError, match="cannot be written"):
            prepare_home(Settings(home=tmp_path / "home"))
    finally:
        tmp_path.chmod(0o700)


def test_a_lock_is_held_by_one_process_and_the_second_learns_which(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from data.errors import WanggeError; from data.home import only_one\n"
        "try:\n"
        "    with only_one(Path(sys.argv[1]), lambda holder: WanggeError(f'held by {holder}')): print('got it')\n"
        "except WanggeError as error: print(error)"
    )

    def second() -> str:
        asked = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        return asked.stdout.strip()

    path = tmp_path / "one.lock"
    with only_one(path, lambda holder: WanggeError(holder)):
        assert second() == f"held by {os.getpid()}"
    assert second() == "got it"
