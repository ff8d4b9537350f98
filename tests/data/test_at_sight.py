"""What is right at sight is what the checks find right, to the value; and what they find wrong is never right at sight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from data.ingest.at_sight import leave_all
from data.ingest.reading import find_logs
from data.ingest.registrations import add_content
from data.ingest.take import BATCH_TABLES, Taker
from data.lake import open_lake
from tests.data.small_district import ADA, BO, CAI, DI, PHONE, STORY, copy_of, line, shared_district, write_log

LINES = [
    *STORY[:-1],
    line("S1", ADA, "08:00", household="H1", grid="G2", channel="self", unit="3"),
    line("S1", ADA, "08:00", household="H9"),
    line("S2", BO, "08:00"),
    line("S1", BO, "08:00", unit="4"),
    line("S1", BO, "08:00", unit="01"),
    line("S1", BO, "08:00", unit="0"),
    line("S1", BO, "08:00", grid="G9"),
    line("S1", BO, "08:00", channel="传真"),
    line("S1", BO, "08:00", "07:59"),
    line("S1", BO, "23:59", "23:59"),
    line("S1", "990101198001010015", "08:00"),
    line("S1", "E12345678", "08:00", id_type="护照"),
    line("S1", "", "08:00"),
    line("S1", CAI, "").replace(PHONE, "0750-3312345"),
    line("S1", CAI, "08:00").replace(PHONE, "0750-3312345"),
    line("S1", CAI, "08:00").replace(PHONE, "12"),
    line("S1", CAI, "08:00").replace(f"{PHONE}", ""),
    line("S1", CAI, "08:00", "08:10").replace("2022-07-14 08:10:00", "2022-07-15 08:10:00"),
    *(
        line("S1", DI, "08:00").replace("2022-07-14 08:00:00", moment)
        for moment in (
            "2022-07-14T08:00:00+08:00", "2022-07-14T08:00:00+09:00", "2022/7/14 8:00", "2022-07-13 05:59:59", "2022-07-12 05:59:59",
            "2022-07-14 06:00:00", "2022-07-14 05:59:59", "2022-07-14 07:00:00", "2022-07-14 10:00:00", "2022-07-14 22:00:00",
            "1999-07-14 08:00:00", "2099-07-14 08:00:00", "2022-02-30 08:00:00",
        )
    ),
]  # fmt: skip
TABLES = {
    "good": """line_no, site_no, token_high, token_low, registered_at, sampled_at, unit_no, household_no, household_code, grid_no,
        channel_no, tube_code, round_no, is_withdrawn, is_unknown_household, file_no""",
    "rejected_line": "line_no, reason",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], set[int]]:
    """What is found of LINES by the checks alone, and with what is right at sight; and the numbers of the lines that are."""
    folder = tmp_path_factory.mktemp("at-sight")
    settings = copy_of(shared_district(), folder / "home")
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        taker.load()
        batch = taker.read(find_logs(write_log(folder / "baisha" / "a.csv", LINES), "baisha"))
        assert batch.identities and batch.sighted
        rows = batch.logs[0][0].rows
        left = leave_all(rows, batch.identities.lines, batch.sighted.reference)
        left = replace(left, right=add_content(lake.connection, left.right))
        answers = []
        for sighted in (left, batch.sighted):
            lake.connection.execute(BATCH_TABLES)
            taker._check_registrations(sighted, taker._find_latest())
            lake.connection.execute(
                "create or replace temp table rejected_line as from checked_registration where reason is not null"
            )
            lake.connection.register("good", taker._versions.good)
            answers.append(
                {
                    table: lake.connection.execute(f"select {columns} from {table} order by all").fetchall()
                    for table, columns in TABLES.items()
                }
            )
        taker.close()
    return answers[0], answers[1], set(batch.sighted.right["line_no"].to_pylist())


def test_what_is_right_at_sight_is_what_the_checks_find(found: tuple[dict[str, Any], dict[str, Any], set[int]]) -> None:
    checked, sighted, _ = found
    assert len(checked["good"]) + len(checked["rejected_line"]) == len(LINES)
    assert sighted == checked


def test_usual_lines_are_right_at_sight_and_no_wrong_one_is(
    found: tuple[dict[str, Any], dict[str, Any], set[int]],
) -> None:
    checked, _, at_sight = found
    wrong = {number for number, _ in checked["rejected_line"]}
    assert len(wrong) > 12 and not at_sight & wrong
    # a landline, a unit written 01, and moments with another offset or in another spelling
    signs = ("0750-3312345", ",01,", "+09:00", "2022/7/14")
    usual = {number for number, text in enumerate(LINES, start=2) if not any(sign in text for sign in signs)}
    assert at_sight == usual - wrong
