"""Every form of a time that FORMATS.md lists means the moment it was written from; what is ambiguous means none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.ingest.moments import is_known_time, moment_macros, time_sql

CHINA = ZoneInfo("Asia/Shanghai")
FULL_WIDTH = str.maketrans("0123456789: ", "０１２３４５６７８９：\u3000")
Form = Callable[[datetime], str]


def twelve(moment: datetime) -> int:
    return moment.hour % 12 or 12


def serial(moment: datetime) -> str:
    naive = moment.replace(tzinfo=None)
    return f"{(naive - datetime(1899, 12, 30)) / timedelta(days=1):.9f}"


# Written in local time, exact to the second.
LOCAL_FORMS: dict[str, Form] = {
    "2022-07-14 08:40:24": lambda t: f"{t:%Y-%m-%d %H:%M:%S}",
    "2022-07-14T08:40:24": lambda t: f"{t:%Y-%m-%dT%H:%M:%S}",
    "2022/7/14 8:40:24": lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M:%S}",
    "2022.7.14 8:40:24": lambda t: f"{t.year}.{t.month}.{t.day} {t.hour}:{t:%M:%S}",
    "2022-7-14 8:40:24": lambda t: f"{t.year}-{t.month}-{t.day} {t.hour}:{t:%M:%S}",
    "2022-07-14 8:4:5": lambda t: f"{t:%Y-%m-%d} {t.hour}:{t.minute}:{t.second}",
    "20220714084024": lambda t: f"{t:%Y%m%d%H%M%S}",
    "20220714T084024": lambda t: f"{t:%Y%m%dT%H%M%S}",
    "20220714 084024": lambda t: f"{t:%Y%m%d %H%M%S}",
    "2022年7月14日 8时40分24秒": lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t.minute}分{t.second}秒",
    "2022年07月14日08时40分24秒": lambda t: f"{t:%Y年%m月%d日%H时%M分%S秒}",
    "2022年7月14日 8点40分24秒": lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}点{t.minute}分{t.second}秒",
    "2022年7月14日 8:40:24": lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}:{t:%M:%S}",
    "2022年7月14日 下午8时40分24秒": lambda t: (
        f"{t.year}年{t.month}月{t.day}日 {'上午' if t.hour < 12 else '下午'}{twelve(t)}时{t.minute}分{t.second}秒"
    ),
    "2022/7/14 上午 8:40:24": lambda t: (
        f"{t.year}/{t.month}/{t.day} {'上午' if t.hour < 12 else '下午'} {twelve(t)}:{t:%M:%S}"
    ),
    "2022/7/14 8:40:24 AM": lambda t: f"{t.year}/{t.month}/{t.day} {twelve(t)}:{t:%M:%S} {'AM' if t.hour < 12 else 'PM'}",
    "2022-07-14 8:40:24 pm": lambda t: f"{t:%Y-%m-%d} {twelve(t)}:{t:%M:%S}{'am' if t.hour < 12 else 'pm'}",
    "２０２２-０７-１４　０８：４０：２４": lambda t: f"{t:%Y-%m-%d %H:%M:%S}".translate(FULL_WIDTH),
    "２０２２年７月１４日": lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t.minute}分{t.second}秒".translate(FULL_WIDTH),
    "44756.361388889": serial,
    "2022-07-14 08:40:24.000": lambda t: f"{t:%Y-%m-%d %H:%M:%S}.000",
    "2022-07-14 08:40:24,000000": lambda t: f"{t:%Y-%m-%d %H:%M:%S},000000",
}  # fmt: skip
# Written in local time, exact to the minute or the hour.
COARSE_FORMS: dict[str, tuple[int, Form]] = {
    "2022-07-14 08:40": (60, lambda t: f"{t:%Y-%m-%d %H:%M}"),
    "2022/7/14 8:40": (60, lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M}"),
    "2022-7-14 8:40": (60, lambda t: f"{t.year}-{t.month}-{t.day} {t.hour}:{t:%M}"),
    "202207140840": (60, lambda t: f"{t:%Y%m%d%H%M}"),
    "2022年7月14日 8时40分": (60, lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t.minute}分"),
    "2022年7月14日 8时": (3600, lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时"),
    "2022年7月14日下午8点": (
        3600, lambda t: f"{t.year}年{t.month}月{t.day}日{'上午' if t.hour < 12 else '下午'}{twelve(t)}点",
    ),
}  # fmt: skip
CHINESE_TIME = {
    "+08:00",
    "+0800",
    "+08",
    "+8",
    "UTC+8",
    "UTC+08:00",
    "GMT+8",
    "北京时间",
    "（北京时间）",
    "Asia/Shanghai",
}


def offset_text(moment: datetime, colon: str = ":") -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


# Written with their zone or as a count: the same whatever the district's own zone is.
ABSOLUTE_FORMS: dict[str, Form] = {
    "1657759224": lambda t: str(round(t.timestamp())),
    "1657759224000": lambda t: f"{round(t.timestamp())}000",
    "1657759224.0": lambda t: f"{round(t.timestamp())}.0",
    "2022-07-14T00:40:24Z": lambda t: f"{t.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    "2022-07-14 00:40:24 UTC": lambda t: f"{t.astimezone(UTC):%Y-%m-%d %H:%M:%S UTC}",
    "20220714T004024Z": lambda t: f"{t.astimezone(UTC):%Y%m%dT%H%M%SZ}",
    "2022-07-14T08:40:24+08:00": lambda t: f"{t:%Y-%m-%dT%H:%M:%S}{offset_text(t)}",
    "2022-07-14T08:40:24.000+08:00": lambda t: f"{t:%Y-%m-%dT%H:%M:%S}.000{offset_text(t)}",
    "2022-7-14 8:40:24 +0800": lambda t: f"{t.year}-{t.month}-{t.day} {t.hour}:{t:%M:%S} {offset_text(t, '')}",
    "2022/7/14 8:40:24 UTC+08:00": lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M:%S} UTC{offset_text(t)}",
    "2022-07-14 8:4:5-05:00": lambda t: f"{t:%Y-%m-%d} {t.hour}:{t.minute}:{t.second}{offset_text(t)}",
}
NO_MOMENTS = (
    "07/08/2022 08:40:24", "7/8/2022 8:40", "14-07-2022 08:40:24", "22-07-14 08:40:24", "07-14 08:40:24", "2022-07-14", "20220714",
    "2022年7月14日", "08:40:24", "2022-13-14 08:40:24", "2022-02-30 08:40:24", "2022-07-14 25:40:24", "2022-07-14 08:60:24",
    "2022-07-14 08:40:61", "2022-07-14 上午15:40", "2022-07-14 0:40 PM", "上午2022-07-14 08:40 PM", "2022-07-14 08:40:24+16:00",
    "2022-07-14T08:40:24+08:60", "2022-07-14 08:40:24 CST", "2022-07-14 08:40:24 Mars/Olympus", "44756", "3.5", "99999.5", "12345678901",
    "999999999999999999999999", "2.0220714084E+13", "infinity", "epoch", "now", "今天上午", "-", "", "零", "1900-01-01 00:00:00",
    "2100-01-01 08:00:00",
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection


def read_in(engine: duckdb.DuckDBPyConnection, zone: str, texts: list[str]) -> list[datetime | None]:
    engine.execute(moment_macros(zone))
    told = engine.execute(
        f"select case when {is_known_time('moment')} then moment end"
        f" from (select place, {time_sql('cell')} as moment from (select unnest(?) as cell, unnest(?) as place)) order by place",
        [texts, list(range(len(texts)))],
    ).fetchall()
    return [row[0] for row in told]


moments = st.datetimes(datetime(2000, 1, 3), datetime(2099, 12, 28)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=60)
@given(moment=moments)
def test_every_form_means_the_moment_it_was_written_from(engine: duckdb.DuckDBPyConnection, moment: datetime) -> None:
    local = moment.replace(tzinfo=CHINA)
    forms = LOCAL_FORMS | ABSOLUTE_FORMS
    forms |= {zone: lambda t, zone=zone: f"{t:%Y-%m-%d %H:%M:%S} {zone}" for zone in CHINESE_TIME}
    told = read_in(engine, "Asia/Shanghai", [form(local) for form in forms.values()])
    assert {name: moment for name, moment in zip(forms, told, strict=True) if moment != local} == {}
    coarse = {
        name: local - timedelta(seconds=(local.minute * 60 + local.second) % exact_s)
        for name, (exact_s, _) in COARSE_FORMS.items()
    }
    told = read_in(engine, "Asia/Shanghai", [form(local) for _, form in COARSE_FORMS.values()])
    assert dict(zip(COARSE_FORMS, told, strict=True)) == coarse


@settings(max_examples=40)
@given(
    moment=moments, zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"])
)
def test_a_district_with_summer_time_reads_local_times_by_its_own_clock(
    engine: duckdb.DuckDBPyConnection, moment: datetime, zone: str
) -> None:
    # of an hour that comes twice the later one is meant; the hours that are left out are another test's
    local = moment.replace(tzinfo=ZoneInfo(zone), fold=1)
    forms = ABSOLUTE_FORMS | (LOCAL_FORMS if local.astimezone(UTC).astimezone(local.tzinfo) == local else {})
    told = read_in(engine, zone, [form(local) for form in forms.values()])
    wrong = {name: moment for name, moment in zip(forms, told, strict=True) if moment != local.astimezone(UTC)}
    assert wrong == {}


def test_the_hour_that_comes_twice_is_the_later_and_the_one_left_out_the_hour_after(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    twice, left_out = read_in(engine, "America/New_York", ["2022-11-06 01:30:00", "2022-03-13 02:30:00"])
    assert twice == datetime(2022, 11, 6, 6, 30, tzinfo=UTC)
    assert left_out == datetime(2022, 3, 13, 7, 30, tzinfo=UTC)


@settings(max_examples=40)
@given(moment=moments, fraction=st.integers(0, 999_999))
def test_fractions_of_a_second_are_kept_to_the_microsecond(
    engine: duckdb.DuckDBPyConnection, moment: datetime, fraction: int
) -> None:
    local = moment.replace(tzinfo=CHINA, microsecond=fraction)
    texts = [
        f"{local:%Y-%m-%d %H:%M:%S.%f}", f"{local:%Y-%m-%dT%H:%M:%S.%f}+08:00", f"{local.astimezone(UTC):%Y%m%dT%H%M%S,%f}Z",
        f"{local:%Y年%m月%d日%H时%M分%S.%f秒}", f"{round(local.replace(microsecond=0).timestamp())}.{fraction:06}",
        f"{local:%Y-%m-%d %H:%M:%S.%f}789",
    ]  # fmt: skip
    assert read_in(engine, "Asia/Shanghai", texts) == [local] * len(texts)


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_ambiguous_incomplete_or_impossible_means_no_moment(
    engine: duckdb.DuckDBPyConnection, text: str
) -> None:
    assert read_in(engine, "Asia/Shanghai", [text]) == [None]


@settings(max_examples=100)
@given(
    texts=st.lists(
        st.one_of(st.text(max_size=30), st.from_regex(r"[0-9:./年月日时分秒TZ+ -]{1,30}", fullmatch=True)), min_size=1
    )
)
def test_no_text_whatever_stops_the_reading(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    assert len(read_in(engine, "Asia/Shanghai", texts)) == len(texts)
