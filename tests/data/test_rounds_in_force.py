"""Rounds that are corrected after the logs came end in the same situation as rounds that were right from the beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.ingest import ingest_paths
from data.questions import ask
from data.reference_import import import_reference
from data.settings import Settings
from data.situation import open_situation
from tests.data.small_district import (
    ADA,
    BO,
    DI,
    HEADER,
    STORY,
    copy_of,
    lake_rows,
    line,
    whole_situation,
    write_log,
)

HEAD = "round_code,round_name,scope,community_codes,starts_at,deadline_at,closes_at\n"
D = "D,全员筛查,district,,2022-07-14 06:00,2022-07-14 14:00,2022-07-14 22:00\n"
M = "M,加密筛查,community,C1,2022-07-14 07:00,2022-07-14 10:00,2022-07-14 10:00\n"
CORRECTED = {
    "M is for the other community": D + M.replace("C1", "C2"),
    "M is gone": D,
    "M has another code": D + M.replace("M,", "A,"),
    "D is cut in two": D.replace("14:00", "11:00").replace("22:00", "11:00")
    + D.replace("D,", "E,").replace("06:00", "11:00")
    + M,
}
MORE = [
    f"{line('S1', DI, '06:10', household='H2')},",
    f"{line('S1', DI, '06:10')},是",  # the only one who named H2 in D
    f"{line('S1', ADA, '08:00')},是",  # withdrawn after its correction
    f"{line('S1', BO, '08:40', household='H2')},",
    f"{line('S1', BO, '08:40', '09:10', household='H3', grid='G2')},",
]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs") / "baisha"
    write_log(folder / "1.csv", STORY[:7])
    write_log(folder / "2.csv", STORY[7:])
    write_log(folder / "3.csv", MORE, header=f"{HEADER},是否撤销")
    return folder


@pytest.fixture(scope="module")
def taken(empty_district: Settings, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The district with its first rounds, after the logs came."""
    home = copy_of(empty_district, tmp_path_factory.mktemp("taken") / "home")
    ingest_paths(home, [logs])
    return home


def import_rounds(home: Settings, rounds: str) -> tuple[str, ...]:
    path = home.home.parent / f"{home.home.name}-rounds.csv"
    path.write_text(HEAD + rounds, encoding="utf-8")
    return import_reference(home, "rounds", path).notes


def rounds_of_rows(home: Settings) -> list[tuple[object, ...]]:
    return lake_rows(home, "select site_code, registered_at, grid_code, round_code from lake.registration order by all")


def differences(home: Settings) -> int:
    """Where single rows, roll-ups and rounds disagree."""
    situation = open_situation(home.situation_path)
    try:
        checks = ("checks/rows_against_buckets", "checks/rounds_agree", "checks/coverage_agrees")
        return sum(ask(situation, check, "2022-07-15 00:00").num_rows for check in checks)
    finally:
        situation.close()


@pytest.mark.parametrize("rounds", CORRECTED.values(), ids=CORRECTED)
def test_logs_and_corrected_rounds_in_either_order_give_the_same_situation(
    taken: Settings, empty_district: Settings, logs: Path, tmp_path: Path, rounds: str
) -> None:
    corrected = copy_of(taken, tmp_path / "corrected")
    notes = import_rounds(corrected, rounds)
    assert any("are in another round now" in note for note in notes)
    right = copy_of(empty_district, tmp_path / "right")
    import_rounds(right, rounds)
    ingest_paths(right, [logs])
    assert rounds_of_rows(corrected) == rounds_of_rows(right)
    assert whole_situation(corrected) == whole_situation(right)
    assert differences(corrected) == 0


def test_rounds_that_change_nothing_rewrite_nothing_and_the_way_back_leads_back(
    taken: Settings, tmp_path: Path
) -> None:
    home = copy_of(taken, tmp_path / "home")
    before, files = whole_situation(home), "select distinct filename from lake.registration_version order by 1"
    first_files = lake_rows(home, files)
    assert import_rounds(home, D.replace("全员筛查", "全员") + M) == ()
    assert lake_rows(home, files) == first_files
    import_rounds(home, CORRECTED["M is for the other community"])
    import_rounds(home, D + M)
    now = whole_situation(home)
    for table in ("round_unit", "grid_bucket", "site_bucket"):
        assert now[table] == before[table]


def test_what_comes_after_the_correction_meets_what_was_there(
    taken: Settings, empty_district: Settings, logs: Path, tmp_path: Path
) -> None:
    late = write_log(tmp_path / "baisha" / "late.csv", [line("S1", BO, "08:40", "09:15", unit="2", household="H1")])
    homes = copy_of(taken, tmp_path / "corrected"), copy_of(empty_district, tmp_path / "right")
    for home in homes:
        import_rounds(home, D + M.replace("07:00", "08:00").replace("10:00", "09:40"))
    ingest_paths(homes[1], [logs])
    for home in homes:
        ingest_paths(home, [late])
    assert whole_situation(homes[0]) == whole_situation(homes[1])
