"""Log files in, exact figures out."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import stat
from pathlib import Path

import pytest

from data.errors import IngestError, LakeError
from data.ingest import IngestSummary, ingest_paths
from data.ingest.columns import read_log_kinds, recognise_header
from data.ingest.reading import find_logs
from data.ingest.take import Taker
from data.ingest.worker import only_worker
from data.lake import open_lake
from data.settings import Settings
from tests.data.small_district import (
    ADA,
    BO,
    CAI,
    DI,
    ENGLISH_HEADER,
    HEADER,
    NAME,
    PHONE,
    STORY,
    copy_of,
    lake_rows,
    line,
    rows,
    write_log,
)


@pytest.fixture
def district(tmp_path: Path, empty_district: Settings) -> Settings:
    return copy_of(empty_district, tmp_path / "home")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "baisha"


def counts(summary: IngestSummary) -> tuple[int, int, int, int]:
    return summary.accepted, summary.corrected, summary.duplicate, summary.quarantined


def test_a_registration_and_its_sampling_fill_their_own_buckets(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "08:01", household="H1", channel="协助")])
    write_log(logs / "b.csv", [line("S1", ADA, "08:01", "08:27", unit="3", household="H1", channel="协助", tube="T1")])
    assert counts(ingest_paths(district, [logs])) == (1, 1, 0, 0)
    assert rows(district, "select bucket_start_at::varchar, site_code, channel, registered_count, sampled_count, waited_count, wait_s_sum"
                " from site_bucket order by 1") == [
        ("2022-07-14 08:00:00+08", "S1", "assisted", 1, 0, 0, 0.0),
        ("2022-07-14 08:25:00+08", "S1", "assisted", 0, 1, 1, 26 * 60.0),
    ]  # fmt: skip
    assert rows(district, "select * from round_unit") == [("M", "S1", 3, "assisted", 1, 1)]
    assert rows(district, "select bucket_start_at::varchar, grid_code, round_code, registered_person_count, covered_person_count,"
                " seen_household_count from grid_bucket order by 1") == [
        ("2022-07-14 08:00:00+08", "G1", "M", 1, 0, 1),
        ("2022-07-14 08:25:00+08", "G1", "M", 0, 1, 0),
    ]  # fmt: skip
    assert rows(district, "select as_of::varchar from meta") == [("2022-07-14 08:27:00+08",)]


def test_the_narrowest_open_round_holds_a_registration(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [
        line("S1", ADA, "06:59", household="H1"), line("S1", BO, "07:00", household="H1"), line("S1", CAI, "10:00", household="H1"),
        line("S2", DI, "08:00", household="H4"), line("S1", DI, "23:00", household="H1"),
    ])  # fmt: skip
    ingest_paths(district, [logs])
    assert lake_rows(district, "select strftime(timezone('Asia/Shanghai', registered_at), '%H:%M'), site_code, round_code"
                     " from lake.registration order by 1, 2") == [
        ("06:59", "S1", "D"), ("07:00", "S1", "M"), ("08:00", "S2", "D"), ("10:00", "S1", "D"), ("23:00", "S1", None),
    ]  # fmt: skip


def test_a_site_that_never_reports_sampling_covers_by_registering(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S2", ADA, "11:00", household="H4"), line("S1", BO, "11:00", household="H4")])
    ingest_paths(district, [logs])
    assert rows(
        district,
        "select grid_code, sum(registered_person_count), sum(covered_person_count) from grid_bucket group by all",
    ) == [("G3", 2, 1)]


def test_a_late_earlier_row_moves_the_person_to_its_grid(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "12:00", "12:10", household="H1")])
    ingest_paths(district, [logs])
    write_log(logs / "b.csv", [line("S2", ADA, "11:00", household="H4")])
    ingest_paths(district, [logs])
    assert rows(district, "select bucket_start_at::varchar, grid_code, registered_person_count, covered_person_count, seen_household_count"
                " from grid_bucket order by 1, 2") == [
        ("2022-07-14 11:00:00+08", "G3", 1, 1, 1),
        ("2022-07-14 12:00:00+08", "G1", 0, 0, 1),
    ]  # fmt: skip


def test_a_person_counts_once_however_often_registered(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, f"{hour}:00", household="H1") for hour in (11, 12, 13)])
    ingest_paths(district, [logs])
    assert rows(district, "select sum(registered_person_count), sum(seen_household_count) from grid_bucket") == [(1, 1)]
    assert rows(district, "select sum(registered_count) from site_bucket") == [(3,)]


def test_of_n_lines_with_d_contents_one_is_accepted_and_the_rest_corrections_or_duplicates(
    district: Settings, logs: Path
) -> None:
    early = line("S1", ADA, "08:00")
    late = line("S1", ADA, "08:00", "08:20", unit="1")
    write_log(logs / "a.csv", [late, early, late, early, early])
    assert counts(ingest_paths(district, [logs])) == (1, 1, 3, 0)


def test_a_file_delivered_again_counts_nothing_and_under_another_name_only_duplicates(
    district: Settings, logs: Path
) -> None:
    content = [line("S1", ADA, "08:00"), line("S1", "123", "08:00")]
    write_log(logs / "a.csv", content)
    assert counts(ingest_paths(district, [logs])) == (1, 0, 0, 1)
    assert ingest_paths(district, [logs]) == IngestSummary()
    write_log(logs / "copy.csv", content)
    assert counts(ingest_paths(district, [logs])) == (0, 0, 2, 0)


def test_a_file_delivered_twice_in_one_batch_under_two_names_counts_once(district: Settings, logs: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_log(logs / name, [line("S1", ADA, "08:00"), line("S1", BO, "08:01")])
    summary = ingest_paths(district, [logs])
    assert (counts(summary), summary.files) == ((2, 0, 2, 0), 2)


@pytest.mark.parametrize(
    ("header", "encoding"), list(itertools.product([HEADER, ENGLISH_HEADER], ["utf-8", "utf-8-sig", "gb18030"]))
)
def test_headers_in_both_languages_and_encodings_read_the_same(
    district: Settings, logs: Path, header: str, encoding: str
) -> None:
    write_log(
        logs / "a.csv",
        [line("S1", ADA, "08:00", "08:20", unit="2", household="H1", channel="绿色通道")],
        header,
        encoding,
    )
    assert counts(ingest_paths(district, [logs])) == (1, 0, 0, 0)
    assert rows(district, "select * from round_unit") == [("M", "S1", 2, "green", 1, 1)]


def test_a_line_of_the_other_encoding_within_a_file_is_understood(district: Settings, logs: Path) -> None:
    path = write_log(logs / "a.csv", [line("S1", ADA, "08:00", channel="协助")])
    path.write_bytes(path.read_bytes() + f"{line('S1', BO, '08:01', channel='协助')}\n".encode("gb18030"))
    assert counts(ingest_paths(district, [logs])) == (2, 0, 0, 0)


def test_a_line_of_no_encoding_is_quarantined_alone(district: Settings, logs: Path) -> None:
    path = write_log(logs / "a.csv", [line("S1", ADA, "08:00")])
    path.write_bytes(path.read_bytes() + b"S1,\xff\xff,x\n" + line("S1", BO, "08:01").encode() + b"\n")
    assert counts(ingest_paths(district, [logs])) == (2, 0, 0, 1)
    assert lake_rows(district, "select line_no, reason from lake.quarantine") == [(3, "bad_encoding")]


def test_every_bad_line_is_quarantined_with_its_reason_column_and_true_line_number(
    district: Settings, logs: Path
) -> None:
    good = line("S1", ADA, "08:00")
    write_log(logs / "a.csv", [
        good,
        "",
        line("S9", ADA, "08:01"),
        line("", ADA, "08:01"),
        line("S1", "", "08:01"),
        line("S1", "990101195003070018", "08:01"),
        line("S1", "9901011950030700", "08:01"),
        line("S1", ADA, "08:61"),
        line("S1", ADA, "08:01", "07:59"),
        line("S1", ADA, "08:01", "08:10", unit="4"),
        line("S1", ADA, "08:01", grid="G9"),
        line("S1", ADA, "08:01", channel="邮寄"),
        line("S1", ADA, "08:01", id_type="驾驶证"),
        "S1,,2022-07-14 08:01",
        f"{good},more",
        good.replace("2022-07-14", "2099-07-14"),
    ])  # fmt: skip
    assert counts(ingest_paths(district, [logs])) == (1, 0, 0, 14)
    assert lake_rows(district, "select line_no, reason, column_name from lake.quarantine order by line_no") == [
        (4, "unknown_site", "site_code"),
        (5, "missing_value", "site_code"),
        (6, "missing_value", "id_number"),
        (7, "bad_id_check_digit", "id_number"),
        (8, "bad_id_check_digit", "id_number"),
        (9, "unparsable_time", "registered_at"),
        (10, "sampled_before_registered", "sampled_at"),
        (11, "unknown_unit", "unit_no"),
        (12, "unknown_grid", "residence_grid_code"),
        (13, "unknown_code", "channel"),
        (14, "unknown_code", "id_type"),
        (15, "truncated_line", None),
        (16, "too_many_cells", None),
        (17, "in_future", "registered_at"),
    ]
    assert rows(district, "select reason, row_count from quarantine_count where reason = 'missing_value'") == [
        ("missing_value", 2)
    ]


def test_a_quarantined_cell_shows_its_shape_and_no_digit_or_letter_of_it(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", "9901011950０3070018", "08:01"), line(f"{NAME}A7", ADA, "08:01")])
    ingest_paths(district, [logs])
    assert lake_rows(district, "select masked_value from lake.quarantine order by line_no") == [
        ("##################",),
        ("字字字x#",),
    ]


def test_an_unknown_household_is_left_out_and_the_person_kept(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "08:00", household="H99")])
    assert counts(ingest_paths(district, [logs])) == (1, 0, 0, 0)
    assert lake_rows(district, "select household_code, grid_code from lake.registration") == [(None, "G1")]


def test_quoted_cells_may_hold_commas_and_an_open_quote_spoils_only_its_line(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [
        line("S1", ADA, "08:00").replace(NAME, '"某,人"'), line("S1", BO, "08:01").replace(NAME, '"某'), line("S1", CAI, "08:02"),
    ])  # fmt: skip
    assert counts(ingest_paths(district, [logs])) == (2, 0, 0, 1)
    assert lake_rows(district, "select line_no, reason from lake.quarantine") == [(3, "unclosed_quote")]


def test_windows_line_ends_padding_and_a_missing_last_line_end_change_nothing(district: Settings, logs: Path) -> None:
    text = "\r\n".join([HEADER, line(" S1 ", ADA, "08:00"), line("S1", BO, "08:01")])
    logs.mkdir(parents=True)
    (logs / "a.csv").write_bytes(text.encode())
    assert counts(ingest_paths(district, [logs])) == (2, 0, 0, 0)


def test_times_with_an_offset_mean_the_same_moment(district: Settings, logs: Path) -> None:
    lines = [line("S1", ADA, "08:00").replace("2022-07-14 08:00:00", moment) for moment in (
        "2022-07-14T08:00:00+08:00", "2022-07-14T00:00:00Z", "2022-07-14 08:00", "2022-07-14 00:00:00.000+00", "2022/7/14 8:00:00",
    )]  # fmt: skip
    write_log(logs / "a.csv", lines)
    assert counts(ingest_paths(district, [logs])) == (1, 0, 4, 0)


def test_a_token_is_the_first_half_of_the_hmac_and_upper_and_lower_x_are_one_person(
    district: Settings, logs: Path
) -> None:
    person = "99010119500307005X"
    write_log(logs / "a.csv", [line("S1", person, "08:00"), line("S1", person.lower(), "08:00")])
    assert counts(ingest_paths(district, [logs])) == (1, 0, 1, 0)
    key = district.key_path.read_bytes()
    expected = hmac.new(key, f"resident:{person}".encode(), hashlib.sha256).digest()[:16]
    assert lake_rows(district, "select person_token from lake.registration") == [(expected,)]


def test_the_key_is_made_once_for_its_owner_only_and_is_missed_when_gone(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "08:00")])
    ingest_paths(district, [logs])
    assert stat.S_IMODE(district.key_path.stat().st_mode) == 0o600
    district.key_path.unlink()
    with pytest.raises(IngestError, match=r"pseudonym\.key is missing"):
        ingest_paths(district, [logs])


def test_no_name_number_or_telephone_is_anywhere_in_the_home(district: Settings, logs: Path) -> None:
    write_log(
        logs / "a.csv",
        [line("S1", ADA, "08:00", household="H1"), line("S1", BO + "9", "08:00"), line(ADA, PHONE, "08:00")],
    )
    ingest_paths(district, [logs])
    files = [path for path in district.home.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        content = path.read_bytes()
        for secret in (ADA, BO, PHONE, NAME):
            assert secret.encode() not in content, path


def test_staff_events_whistles_and_unit_events_are_taken_by_their_headers(district: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "checkin"
    write_log(folder / "staff.csv", ["P1,签到,2022-07-14 06:02:11,采样点,S1,", "P1,签到,2022-07-14 06:02:11,采样点,S1,",
                                     "P9,签到,2022-07-14 06:02:11,采样点,S1,", "P2,签退,2022-07-14 07:00:00,卡口,东口,W1"],
              "工号,动作,时间,岗位类别,岗位编号,吹哨编号")  # fmt: skip
    whistle = "W1,2022-07-14 05:50:00,2022-07-14 06:50:00,{closed},community,C1,侧贤,Cexian,part_time,210"
    write_log(folder / "whistles.csv", [whistle.format(closed=""), whistle.format(closed="2022-07-14 06:40:00"),
                                        whistle.format(closed="2022-07-14 05:40:00")],
              "whistle_code,raised_at,due_at,closed_at,place_kind,place_code,place_name,place_name_en,role,needed_count")  # fmt: skip
    write_log(
        folder / "units.csv",
        ["S1,1,启用,2022-07-14 06:00:00", "S1,9,停用,2022-07-14 09:15:00"],
        "采样点编号,采样台,动作,时间",
    )
    assert counts(ingest_paths(district, [folder])) == (4, 1, 1, 3)
    assert rows(
        district, "select staff_code, role, event, post_kind, post_code, whistle_code from staff_event order by 1"
    ) == [
        ("P1", "grid_leader", "check_in", "site", "S1", None),
        ("P2", "full_time", "check_out", "checkpoint", "东口", "W1"),
    ]
    assert rows(district, "select whistle_code, closed_at::varchar, place_name, needed_count from whistle") == [
        ("W1", "2022-07-14 06:40:00+08", "侧贤", 210)
    ]
    assert rows(district, "select site_code, unit_no, event from unit_event") == [("S1", 1, "open")]
    assert lake_rows(district, "select log_kind, reason from lake.quarantine order by 1") == [
        ("staff_event", "unknown_staff"), ("unit_event", "unknown_unit"), ("whistle", "closed_before_raised"),
    ]  # fmt: skip


def test_a_feed_knows_its_newest_event_its_lines_and_its_orders(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "08:01"), line("S1", BO, "08:03", "08:31"), "S1"])
    ingest_paths(district, [logs])
    assert rows(district, "select feed_code, last_event_at::varchar, file_count, row_count, accepted_count, quarantined_count"
                " from feed_state order by 1") == [
        ("baisha", "2022-07-14 08:31:00+08", 1, 3, 2, 1),
        ("checkin", None, 0, 0, 0, 0),
        ("huanshi", None, 0, 0, 0, 0),
        ("orders", "2022-07-09 17:30:00+08", 0, 1, 1, 0),
    ]  # fmt: skip
    assert rows(district, "select feed_code, bucket_start_at::varchar, row_count from feed_bucket order by 2") == [
        ("baisha", "2022-07-14 08:00:00+08", 1), ("baisha", "2022-07-14 08:30:00+08", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), [
    (b"", "it is empty"),
    (b"a,b,c\n1,2,3\n", "no header line was found"),
    ("\ufeffx".encode("utf-16"), "no header line was found"),
    (b"site_code,site_code,registered_at,id_number\n", "names site_code twice"),
])  # fmt: skip
def test_a_file_that_is_no_log_is_refused_whole_and_said_why(
    district: Settings, logs: Path, content: bytes, said: str
) -> None:
    logs.mkdir(parents=True)
    (logs / "bad.csv").write_bytes(content)
    write_log(logs / "good.csv", [line("S1", ADA, "08:00")])
    summary = ingest_paths(district, [logs])
    assert counts(summary) == (1, 0, 0, 0)
    assert [(Path(path).name, said in reason) for path, reason in summary.refused] == [("bad.csv", True)]


def test_a_file_of_no_known_feed_and_a_home_without_reference_say_what_to_do(
    district: Settings, tmp_path: Path
) -> None:
    path = write_log(tmp_path / "elsewhere" / "a.csv", [line("S1", ADA, "08:00")])
    with pytest.raises(IngestError, match="Known feeds: baisha, checkin, huanshi"):
        ingest_paths(district, [path])
    assert counts(ingest_paths(district, [path], feed="baisha")) == (1, 0, 0, 0)
    with pytest.raises(IngestError, match="wangge import"):
        ingest_paths(Settings(home=tmp_path / "empty"), [path])
    with pytest.raises(IngestError, match="does not exist"):
        ingest_paths(district, [tmp_path / "nowhere"])


def test_every_alias_leads_to_its_kind_of_log() -> None:
    for kind in read_log_kinds():
        found, positions = recognise_header([f" {column} " for column in kind.columns])
        assert (found.name, positions) == (kind.name, kind.columns)


def take_in(settings: Settings, batches: list[list[str]], files_a_transaction: int) -> tuple[int, int, int, int]:
    """Takes each batch of lines as a file of its own, so many files in a transaction."""
    folder = settings.home.parent / f"{settings.home.name}-logs"
    files = [
        log
        for number, batch in enumerate(batches)
        for log in find_logs(write_log(folder / f"{number}.csv", batch), "baisha")
    ]
    with open_lake(settings) as lake:
        taker = Taker(lake, settings)
        total = IngestSummary()
        for start in range(0, len(files), files_a_transaction):
            total += taker.take(files[start : start + files_a_transaction])
            if start % 2:
                taker.publish()
        taker.publish()
        taker.close()
    return counts(total)


def test_what_the_roll_ups_add_up_to_is_what_the_lake_s_rows_say(district: Settings) -> None:
    take_in(district, [[text] for text in STORY], 4)
    assert lake_rows(
        district,
        "select round_code, grid_code, count(*), count(covered_at) from lake.first_seen group by all order by all",
    ) == rows(
        district,
        "select round_code, grid_code, sum(registered_person_count), sum(covered_person_count) from grid_bucket"
        " group by all having sum(registered_person_count) > 0 order by all",
    )
    assert lake_rows(
        district,
        "select site_code, channel, count(*), count(sampled_at) from lake.registration group by all order by all",
    ) == rows(
        district,
        "select site_code, channel, sum(registered_count), sum(sampled_count) from site_bucket group by all order by all",
    )
    assert lake_rows(
        district,
        "select round_code, unit_no, count(*) from lake.registration where round_code is not null group by all order by all",
    ) == rows(district, "select round_code, unit_no, sum(registered_count) from round_unit group by all order by all")


def test_a_second_worker_is_told_who_is_writing(district: Settings, logs: Path) -> None:
    write_log(logs / "a.csv", [line("S1", ADA, "08:00")])
    with only_worker(district), pytest.raises(LakeError, match=r"Another worker \(process \d+\) is writing"):
        ingest_paths(district, [logs])
