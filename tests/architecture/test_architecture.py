"""What holds the house together: which way imports go, how SQL is written, what the repository may carry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture.sql_style import find_faults

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 1_000_000


def list_committed_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_imports_go_one_way_and_only_data_knows_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), is_debug_mode=False, no_cache=True) == 0


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    ours = {
        path.stem
        for package in ("dashboard", "data", "geo")
        for path in (ROOT / package).glob("*")
        if path.suffix == ".py"
    }
    packages = {"dashboard", "data", "geo", "tests"}
    assert packages.isdisjoint(sys.stdlib_module_names)
    assert (ours - {"__init__"}).isdisjoint(sys.stdlib_module_names)


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager", "base"])
def test_no_module_is_a_drawer_for_everything(word: str) -> None:
    named = [path for package in ("dashboard", "data", "geo", "tests") for path in (ROOT / package).rglob(f"{word}.py")]
    assert named == []


def test_every_sql_file_keeps_the_house_style() -> None:
    faults = [fault for path in sorted((ROOT / "queries").rglob("*.sql")) for fault in find_faults(path)]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Select a from t order by a\n", "'Select' is not in lower case"),
        ("select now() as a order by a\n", "'now(' is not for questions"),
        ("select a from t order by a \n", "blanks at the end"),
        ("select a from t\n", "no order by"),
        ("select a from t order by a; drop table t\n", "more than one statement"),
    ],
)
def test_the_style_check_finds_what_it_is_for(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.sql"
    path.write_text(text, encoding="utf-8")
    assert any(said in fault for fault in find_faults(path))


def test_no_committed_file_exceeds_a_megabyte() -> None:
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in list_committed_files() if path.is_file()}
    assert {name: size for name, size in large.items() if size > MOST_BYTES} == {}


def test_every_pinned_version_is_held_by_the_constraints() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        found = {line.split("#")[0].strip() for line in lines if "==" in line.split("#")[0]}
        return {pin.lower().replace("_", "-") for pin in found}

    assert pins("requirements.txt") | pins("requirements-dev.txt") <= pins("constraints.txt")


def test_every_requirement_says_why() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if "==" in line and "#" not in line] == []
