"""Rounds that are corrected after the logs came end in the same situation as rounds that were right from the beginning."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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

EXAMPLES = max(1, int(os.environ.get("WANGGE_TEST_ORDERS", "0")) // 10)
"""Corrections that are compared; `make soak` asks for 100."""
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
IS_SOAK = "WANGGE_TEST_ORDERS" in os.environ
TOLD = CORRECTED if IS_SOAK else {kind: CORRECTED[kind] for kind in ("M is for the other community", "D is cut in two")}
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


@pytest.mark.parametrize("rounds", TOLD.values(), ids=TOLD)
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


lines = st.builds(
    lambda site, person, registered, sampled, household, grid, notice: (
        f"{line(site, person, registered, sampled, '1' if sampled else '', household, grid)},{notice}"
    ),
    st.sampled_from(("S1", "S2")), st.sampled_from((ADA, BO)), st.sampled_from(("06:30", "07:30", "09:59")),
    st.sampled_from(("", "10:05", "10:30")), st.sampled_from(("", "H1", "H3", "H4")), st.sampled_from(("", "G1", "G2", "G3")),
    st.sampled_from(("", "", "", "是")),
)  # fmt: skip
"""Lines of two people at few places and times, so that most meet."""
narrow_rounds = st.lists(
    st.builds(
        lambda code, communities, times: (
            f"{code},某轮,community,{communities},2022-07-14 {times[0]},2022-07-14 {times[1]},2022-07-14 {times[1]}\n"
        ),
        st.sampled_from("AMZ"),
        st.sampled_from(("C1", "C2", "C1;C2")),
        st.sampled_from((("06:00", "07:30"), ("06:31", "10:00"), ("07:30", "09:59"), ("09:00", "12:00"))),
    ),
    max_size=3,
    unique_by=lambda row: row[0],
)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    files=st.lists(st.lists(lines, min_size=1, max_size=8), min_size=1, max_size=3),
    told=st.tuples(narrow_rounds, narrow_rounds),
)
def test_whenever_rounds_are_corrected_the_situation_is_that_of_the_last_ones(
    empty_district: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[str]],
    told: tuple[list[str], list[str]],
) -> None:
    place = tmp_path_factory.mktemp("whenever")
    for number, rows in enumerate(files):
        write_log(place / "logs" / "baisha" / f"{number}.csv", rows, header=f"{HEADER},是否撤销")
    first, last = (D + "".join(rounds) for rounds in told)
    corrected, right = copy_of(empty_district, place / "corrected"), copy_of(empty_district, place / "right")
    import_rounds(corrected, first)
    ingest_paths(corrected, [place / "logs"])
    import_rounds(corrected, last)
    import_rounds(right, last)
    ingest_paths(right, [place / "logs"])
    assert rounds_of_rows(corrected) == rounds_of_rows(right)
    assert whole_situation(corrected) == whole_situation(right)
    shutil.rmtree(place)
