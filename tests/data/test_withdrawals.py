"""A row that its site withdraws counts nowhere, whenever the notice comes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.ingest import IngestSummary, ingest_paths
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.lake import open_lake
from data.questions import ask
from data.settings import Settings
from data.situation import open_situation
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    HEADER,
    copy_of,
    lake_rows,
    line,
    rows,
    whole_situation,
    write_log,
)

WITH_NOTICES = f"{HEADER},撤销"


def told(*cells: str, **more: str) -> str:
    """A line of a registration in a file that has the column for withdrawals."""
    return f"{line(*cells, **more)},"


def withdrawn(site: str, person: str, registered: str, word: str = "是") -> str:
    """The notice that withdraws a row: its key and nothing else."""
    return f"{line(site, person, registered)},{word}"


KEPT = [
    told("S2", ADA, "07:30", household="H2"),
    told("S1", BO, "09:59", "10:30", unit="3", household="H4", grid="G2"),
    told("S1", CAI, "08:10", household="H1"),
    told("S2", CAI, "12:00", household="H4"),
]
GONE = [
    told("S1", ADA, "07:10", household="H1"),  # the earliest of the round: without it she belongs elsewhere
    told("S1", ADA, "07:10", "07:31", unit="1", household="H1", channel="协助"),
    told("S1", BO, "08:00", household="H3", grid="G1"),
    told("S1", CAI, "07:59", "08:05", unit="2", household="H1"),  # H1 is seen all the same, a quarter of an hour later
    told("S2", DI, "12:30", household="H4"),
]
NOTICES = [
    withdrawn("S1", ADA, "07:10"),
    withdrawn("S1", ADA, "07:10", "作废"),
    withdrawn("S1", BO, "08:00", "true"),
    withdrawn("S1", CAI, "07:59"),
    withdrawn("S2", DI, "12:30"),
    withdrawn("S2", DI, "13:00"),  # of a row that never came
]


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    return copy_of(empty_district, tmp_path / "home")


def take(home: Settings, files: Sequence[Sequence[str]], batches: Sequence[int] = ()) -> IngestSummary:
    """Takes these files, so many in a transaction each time, and publishes."""
    folder = home.home.parent / f"{home.home.name}-logs"
    start = len(list(folder.glob("*")))
    paths = [write_log(folder / f"{start + number}.csv", lines, WITH_NOTICES) for number, lines in enumerate(files)]
    with open_lake(home) as lake:
        taker = Taker(lake, home)
        try:
            total, start = IngestSummary(), 0
            for size in [*batches, len(paths)]:
                if paths[start : start + size]:
                    total += taker.take(
                        [log for path in paths[start : start + size] for log in find_logs(path, "baisha")]
                    )
                start += size
            taker.publish()
        finally:
            taker.close()
    return total


FIGURES = ("site_bucket", "round_unit", "grid_bucket")


def figures(home: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """The roll-ups: everything that is counted of registrations."""
    return {table: told for table, told in whole_situation(home).items() if table in FIGURES}


@pytest.fixture(scope="module")
def only_kept(empty_district: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The district to which the withdrawn rows never came."""
    home = copy_of(empty_district, tmp_path_factory.mktemp("kept") / "home")
    assert take(home, [KEPT]).accepted == len(KEPT)
    return home


@settings(max_examples=4, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations([*KEPT, *GONE, *NOTICES]),
    lines_a_file=st.integers(1, 6),
    batches=st.lists(st.integers(1, 4), max_size=4),
)
def test_in_any_order_files_and_batches_what_was_withdrawn_counts_as_if_it_had_never_come(
    empty_district: Settings,
    only_kept: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    order: list[str],
    lines_a_file: int,
    batches: list[int],
) -> None:
    home = copy_of(empty_district, tmp_path_factory.mktemp("withdrawn") / "home")
    files = [order[start : start + lines_a_file] for start in range(0, len(order), lines_a_file)]
    total = take(home, files, batches)
    assert (total.accepted, total.corrected, total.duplicate, total.quarantined) == (9, 5, 1, 0)
    assert figures(home) == figures(only_kept)
    registrations = (
        "select site_code, registered_at, round_code, grid_code, sampled_at from lake.registration order by all"
    )
    assert lake_rows(home, registrations) == lake_rows(only_kept, registrations)
    seen = "select round_code, grid_code, covered_at, household_code from lake.first_seen order by all"
    assert lake_rows(home, seen) == lake_rows(only_kept, seen)
    assert lake_rows(home, "select count(*) from lake.withdrawal") == [(5,)]


def test_a_notice_takes_the_row_out_of_every_figure_and_gives_the_household_and_the_grid_to_the_next(
    district: Settings,
) -> None:
    take(
        district,
        [[told("S1", ADA, "08:00", "08:20", unit="1", household="H1"), told("S1", BO, "08:40", household="H1")]],
    )
    people = "registered_person_count, covered_person_count, seen_household_count"
    seen = f"select bucket_start_at::varchar, {people} from grid_bucket order by 1"
    assert rows(district, seen) == [
        ("2022-07-14 08:00:00+08", 1, 0, 1),
        ("2022-07-14 08:20:00+08", 0, 1, 0),
        ("2022-07-14 08:40:00+08", 1, 0, 0),
    ]
    take(district, [[withdrawn("S1", ADA, "08:00")]])
    assert rows(district, seen) == [("2022-07-14 08:40:00+08", 1, 0, 1)]
    assert rows(
        district,
        "select sum(registered_count), sum(sampled_count), sum(waited_count), sum(wait_s_sum) from site_bucket",
    ) == [(1, 0, 0, 0.0)]
    assert rows(district, "select unit_no, registered_count from round_unit") == [(None, 1)]


def test_the_same_notice_again_is_a_duplicate_and_so_is_one_that_fills_in_more_than_the_key(district: Settings) -> None:
    full = f"{line('S1', ADA, '08:00', '08:20', unit='1', household='H1', grid='G2', channel='协助', tube='T1')},是"
    first = take(district, [[withdrawn("S1", ADA, "08:00"), full]])
    again = take(district, [[withdrawn("S1", ADA, "08:00", "1"), withdrawn("S1", ADA, "08:00", "撤销")]])
    assert (first.accepted, first.duplicate, again.accepted, again.duplicate) == (1, 1, 0, 2)
    assert lake_rows(
        district, "select household_code, sampled_at, tube_code, is_withdrawn from lake.registration_version"
    ) == [(None, None, None, True)]


def test_a_notice_needs_no_more_than_a_key_that_can_be_right(district: Settings) -> None:
    sampled_too_early = f"{line('S1', ADA, '08:00', '07:00', unit='99', grid='G9', channel='?')},是"
    total = take(district, [[sampled_too_early, withdrawn("S9", BO, "08:00"), withdrawn("S1", CAI, "08:00", "也许")]])
    assert (total.accepted, total.quarantined) == (1, 2)
    assert lake_rows(district, "select reason, column_name from lake.quarantine order by line_no") == [
        ("unknown_site", "site_code"), ("unknown_code", "is_withdrawn"),
    ]  # fmt: skip


def test_a_restarted_worker_still_knows_what_was_withdrawn(district: Settings) -> None:
    take(district, [[withdrawn("S1", ADA, "08:00")]])
    assert take(district, [[told("S1", ADA, "08:00", household="H1")]]).corrected == 1
    assert take(district, [[told("S1", ADA, "08:00", household="H1")]]) == IngestSummary(files=1, duplicate=1)
    assert {table: told for table, told in figures(district).items() if told} == {}


def test_the_questions_leave_withdrawn_rows_out_and_count_them_by_site_and_day(district: Settings) -> None:
    take(district, [[*KEPT, *GONE, *NOTICES]])
    situation = open_situation(district.situation_path)
    try:
        counted = ask(situation, "quality/withdrawals").to_pylist()
        merged = ask(situation, "quality/registrations").to_pylist()
        assert ask(situation, "checks/rows_against_buckets").num_rows == 0
    finally:
        situation.close()
    assert [(row["site_code"], f"{row['registered_on']}", row["withdrawn_count"], row["never_sent_count"]) for row in counted] == [
        ("S1", "2022-07-14", 3, 0), ("S2", "2022-07-14", 2, 1),
    ]  # fmt: skip
    assert sum(row["registration_count"] for row in merged) == len(KEPT)


def test_ingest_paths_takes_a_file_of_notices_alone(district: Settings, tmp_path: Path) -> None:
    key_only = ["S1,2022-07-14 08:00:00," + ADA + ",是"]
    write_log(tmp_path / "logs" / "baisha" / "notices.csv", key_only, "site_code,registered_at,id_number,is_withdrawn")
    assert ingest_paths(district, [tmp_path / "logs"]).accepted == 1
    assert lake_rows(district, "select site_code, feed_code from lake.withdrawal") == [("S1", "baisha")]
