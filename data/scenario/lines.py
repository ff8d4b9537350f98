"""The text of log lines: what each feed's export looks like, and the lines of registrations as bytes.

Feeds differ in headers, order of columns, words and encoding, as exports of different offices do. No cell needs quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from data.scenario.identity import make_id_numbers, make_names, make_phones
from data.scenario.mustering import START, StaffEvents, Whistle, event_time, needed_count
from data.scenario.population import Ints
from data.scenario.queues import Service
from data.scenario.reference import District
from data.scenario.visits import DAY_S, FIRST_DAY, Visits

CHINESE = {
    "site_code": "采样点编号",
    "unit_no": "采样台",
    "registered_at": "登记时间",
    "sampled_at": "采样时间",
    "name": "姓名",
    "id_type": "证件类型",
    "id_number": "证件号码",
    "phone": "手机号",
    "household_code": "户编号",
    "residence_grid_code": "居住网格",
    "channel": "登记方式",
    "tube_code": "试管编号",
    "event": "动作",
    "event_at": "时间",
    "staff_code": "工号",
    "post_kind": "岗位类别",
    "post_code": "岗位编号",
    "whistle_code": "吹哨编号",
}
USUAL_COLUMNS = (
    "site_code",
    "unit_no",
    "registered_at",
    "sampled_at",
    "name",
    "id_type",
    "id_number",
    "phone",
    "household_code",
    "residence_grid_code",
    "channel",
    "tube_code",
)
OTHER_COLUMNS = (
    "registered_at",
    "site_code",
    "id_number",
    "name",
    "phone",
    "residence_grid_code",
    "household_code",
    "channel",
    "unit_no",
    "sampled_at",
    "tube_code",
)
CHANNELS = {True: ("自助", "协助", "绿色通道"), False: ("self", "assisted", "green")}
TUBE_S = 400
"""Seconds in which a unit fills a tube of about ten."""
SECONDS_1970 = int(np.datetime64(START.replace(tzinfo=None), "s").astype(np.int64))


@dataclass(frozen=True)
class Style:
    """How a feed writes its files."""

    is_chinese: bool
    encoding: str = "utf-8"
    columns: tuple[str, ...] = USUAL_COLUMNS
    is_iso: bool = False
    """Times with T and offset."""

    def header(self, columns: Sequence[str]) -> str:
        return ",".join(CHINESE[column] if self.is_chinese else column for column in columns)


STYLES = {
    "baisha": Style(True),
    "huanshi": Style(False, "utf-8-sig"),
    "chaolian": Style(True, columns=OTHER_COLUMNS),
    "tangxia": Style(True, "gb18030"),
    "hetang": Style(False, columns=OTHER_COLUMNS, is_iso=True),
    "duruan": Style(True, "gb18030", OTHER_COLUMNS),
    "checkin": Style(True),
}
UNIT_COLUMNS = ("site_code", "unit_no", "event", "event_at")
STAFF_COLUMNS = ("staff_code", "event", "event_at", "post_kind", "post_code", "whistle_code")
WHISTLE_COLUMNS = (
    "whistle_code",
    "raised_at",
    "due_at",
    "closed_at",
    "place_kind",
    "place_code",
    "place_name",
    "place_name_en",
    "role",
    "needed_count",
)
POST_KINDS = {
    "site": "采样点",
    "grid": "网格",
    "building": "楼栋",
    "zone": "风险区",
    "checkpoint": "卡口",
    "vehicle": "网格车",
}


@dataclass(frozen=True)
class TextLines:
    """Lines of text one after the other, each with its newline: line i is `text[starts[i]:starts[i + 1]]`."""

    text: memoryview
    starts: Ints

    def line(self, i: int) -> bytes:
        return bytes(self.text[self.starts[i] : self.starts[i + 1]])


class RegistrationWriter:
    """Turns visits into lines. Holds each resident's cells as text."""

    def __init__(self, district: District, visits: Visits, service: Service, rng: np.random.Generator) -> None:
        people = district.population
        self.visits, self.service = visits, service
        self.id_number = make_id_numbers(district.geography, people)
        self.name = make_names(len(people.resident_age))
        self.phone = make_phones(people, rng)
        self.household = pa.array(people.household_code)
        self.resident_household = people.resident_household
        self.resident_grid = people.resident_grid
        self.grid_code = pa.array([grid.code for grid in district.geography.grids])
        self.site_code = pa.array(district.sites.code)
        self.site_digits = np.array([[int(c) for c in code[1:]] for code in district.sites.code], dtype=np.uint8)

    def write(self, style: Style, visit: Ints, is_full: npt.NDArray[np.bool_]) -> TextLines:
        """The lines of these visits in this order; full: with unit, time of sampling and tube, else as at registration."""
        who, site = self.visits.resident[visit], self.visits.site[visit]
        bare = ~is_full
        sampled_s = self.service.sampled_s[visit]
        unit = self.service.unit_no[visit]
        cells = {
            "site_code": self.site_code.take(pa.array(site)),
            "unit_no": pa.array(unit, mask=bare),
            "registered_at": _times(self.visits.registered_s[visit], None, style),
            "sampled_at": _times(sampled_s, bare, style),
            "name": self.name.take(pa.array(who)),
            "id_type": pa.array(np.zeros(len(visit), dtype=np.int32)),
            "id_number": self.id_number.take(pa.array(who)),
            "phone": self.phone.take(pa.array(who)),
            "household_code": self.household.take(pa.array(self.resident_household[who])),
            "residence_grid_code": self.grid_code.take(pa.array(self.resident_grid[who])),
            "channel": pa.array(CHANNELS[style.is_chinese]).take(pa.array(self.visits.channel[visit])),
            "tube_code": self._tubes(site, unit, sampled_s, bare),
        }
        if "id_type" in style.columns:
            cells["id_type"] = pa.array(["居民身份证" if style.is_chinese else "resident"]).take(cells["id_type"])
        return write_lines(pa.table({name: cells[name] for name in style.columns}))

    def _tubes(self, site: Ints, unit: Ints, sampled_s: Ints, bare: npt.NDArray[np.bool_]) -> pa.Array:
        """T, site, day, unit and the tube's number of the day."""
        safe_s = np.maximum(sampled_s, 0)
        day, number = safe_s // DAY_S + FIRST_DAY, safe_s % DAY_S // TUBE_S
        text = np.empty((len(site), 12), dtype=np.uint8)
        text[:, 0] = ord("T")
        text[:, 1:5] = self.site_digits[site] + ord("0")
        for start, value, width in ((5, day, 2), (7, unit, 2), (9, number, 3)):
            for place in range(width):
                text[:, start + place] = value // 10 ** (width - 1 - place) % 10 + ord("0")
        offsets = np.arange(len(site) + 1, dtype=np.int32) * 12
        tubes = pa.Array.from_buffers(pa.string(), len(site), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
        return pc.if_else(pa.array(bare), pa.scalar(None, pa.string()), tubes)


def write_lines(table: pa.Table) -> TextLines:
    """The rows of a table as lines without a header; nulls as empty cells."""
    out = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, out, pyarrow.csv.WriteOptions(include_header=False, quoting_style="none"))
    buffer = out.getvalue()
    ends = np.flatnonzero(np.frombuffer(buffer, dtype=np.uint8) == 10) + 1
    return TextLines(memoryview(buffer), np.concatenate([[0], ends]))


def _times(second: Ints, missing: npt.NDArray[np.bool_] | None, style: Style) -> pa.Array:
    moments = pa.array((second + SECONDS_1970).astype("datetime64[s]"), mask=missing)
    if not style.is_iso:
        return moments
    return pc.binary_join_element_wise(pc.replace_substring(pc.cast(moments, pa.string()), " ", "T"), "+08:00", "")


def unit_line(style: Style, site_code: str, unit_no: int, is_open: bool, second: int) -> str:
    word = ("启用" if is_open else "停用") if style.is_chinese else ("open" if is_open else "close")
    return f"{site_code},{unit_no},{word},{event_time(second):%Y-%m-%d %H:%M:%S}\n"


def staff_lines(district: District, events: StaffEvents) -> list[str]:
    """A line for each staff event."""
    codes = district.staff.code
    return [
        f"{codes[staff]},{'签到' if is_in else '签退'},{event_time(int(second)):%Y-%m-%d %H:%M:%S},{POST_KINDS[kind]},{post},{whistle}\n"
        for staff, is_in, second, kind, post, whistle in zip(
            events.staff,
            events.is_check_in,
            events.event_s,
            events.post_kind,
            events.post_code,
            events.whistle_code,
            strict=True,
        )
    ]


def whistle_line(whistle: Whistle, scale: float, is_closed: bool) -> str:
    """A whistle as it is raised, or once more with its end."""
    raised_s = int((whistle.raised_at - START).total_seconds())
    closed = f"{event_time(raised_s + 60 * whistle.closes_min):%Y-%m-%d %H:%M:%S}" if is_closed else ""
    return (
        f"{whistle.code},{event_time(raised_s):%Y-%m-%d %H:%M:%S},{event_time(raised_s + 60 * whistle.due_min):%Y-%m-%d %H:%M:%S},"
        f"{closed},{whistle.place_kind},{whistle.place_code},{whistle.place_name},{whistle.place_name_en},{whistle.role},"
        f"{needed_count(whistle, scale)}\n"
    )
