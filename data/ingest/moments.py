"""Which moment a cell of text means, as SQL: the forms that FORMATS.md lists, and no guess beyond them.

Nearly every line has `YYYY-MM-DD hh:mm:ss`, which the engine reads by itself; only other forms go through the patterns.
Knows no log and no reference data.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""A moment outside these years is a typing error, or a number that is no time."""
EARLIEST_TIME = f"timestamptz '{EARLIEST_YEAR}-01-01 00:00:00+00'"
EARLIEST_EPOCH_S, LATEST_EPOCH_S = 946_684_800, 4_102_444_800
"""The same years as seconds since 1970, UTC."""
MOMENT = pa.timestamp("us", "UTC")
"""Arrow's type of a moment."""
NO_TIME = np.iinfo(np.int64).min
"""No moment, where moments are microseconds since 1970."""
EARLIEST_SERIAL, LATEST_SERIAL = 36_526, 73_051
"""The same years as days of the 1900 date system of spreadsheets (ECMA-376 part 1, 18.17.4.1), local time."""
SERIAL_DAY_0 = "timestamp '1899-12-30'"
"""Day 0, counted back from today: the system takes 1900 for a leap year, so it is off by one before March 1900."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FULL_WIDTH = "０１２３４５６７８９：．／－＋，（）　ＡＭＰＴＵＣＧＺａｍｐｔｕｃｇｚ"
HALF_WIDTH = "0123456789:./-+,() AMPTUCGZamptucgz"

_HALF_OF_DAY = "上午|下午|[AaPp]\\.?[Mm]\\.?"
_ZONE = "[Zz]|(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-5][0-9])?|UTC|GMT|[(]?(?:北京时间|中国标准时间|Asia/Shanghai)[)]?"
# parts: zone named before, year, month, day, half of the day, hour, minute, second, fraction, half of the day, zone
_WRITTEN = (
    "^(北京时间)?[:]? *([0-9]{4}) ?[-/.年] ?([0-9]{1,2}) ?[-/.月] ?([0-9]{1,2}) ?日?(?: *[Tt,]? *| *)"
    f"({_HALF_OF_DAY})? *([0-9]{{1,2}}) ?(?:[:时點点時] ?(?:([0-9]{{1,2}}) ?(?:[:分] ?(?:([0-9]{{1,2}})(?:[.,]([0-9]{{1,9}}))? ?秒?)?)?)?)"
    f" *({_HALF_OF_DAY})? *({_ZONE})?$"
)
# parts: date, hour, minute, second, fraction, zone
_COMPACT = f"^([0-9]{{8}})[Tt ]?([0-9]{{2}})([0-9]{{2}})(?:([0-9]{{2}})(?:[.,]?([0-9]{{1,9}}))?)? *({_ZONE})?$"


def time_sql(cell: str) -> str:
    """SQL: the moment a cell of text means, null when it means none. Needs `moment_macros`.

    Without an offset it is local time: of an hour that comes twice the later one, of one that is left out the hour after.
    """
    plain = f"try_cast({cell} as timestamp)"
    return f"""case
        when {cell} is null or (length({cell}) = 19 and {cell}[17] = ':' and {plain} is not null) then local_time({plain})
        else moment_of({cell})
    end"""


def is_known_time(moment: str) -> str:
    """SQL: whether a moment lies in the years that can be meant; false for null (and DuckDB also reads 'infinity')."""
    return f"coalesce({moment} >= {EARLIEST_TIME} and {moment} < timestamptz '{LATEST_YEAR}-01-01 00:00:00+00', false)"


def moment_macros(timezone: str) -> str:
    """SQL that defines `local_time` (a naive timestamp of this zone as a moment) and `moment_of` (a cell in any known form).

    For this connection alone, whatever its transaction writes to.
    """
    return f"{_local_time_macro(timezone)}; {_MOMENT_MACROS}"


def find_constant_offset(timezone: str) -> int | None:
    """The zone's offset from UTC in microseconds where it has been the same since 1992 (all of China); else None."""
    zone = ZoneInfo(timezone)
    offsets = {
        datetime(year, month, 1, tzinfo=zone).utcoffset() for year in range(1992, 2038) for month in (1, 4, 7, 10)
    }
    offset = offsets.pop()
    return None if offsets or offset is None else int(offset.total_seconds()) * 1_000_000


def _local_time_macro(timezone: str) -> str:
    """Where the offset never changes a subtraction does, three times as fast as the calendar."""
    offset_us = find_constant_offset(timezone)
    if offset_us is None:
        return f"create or replace temp macro local_time(moment) as timezone('{ZoneInfo(timezone).key}', moment)"
    return f"create or replace temp macro local_time(moment) as make_timestamptz(epoch_us(moment) - {offset_us})"


# A value that is used more than once is handed to a lambda over a list of one: a macro's argument would be computed anew
# at each place. Impossible dates and hours fall out when the engine is asked to read them in its own form.
_MOMENT_MACROS = rf"""
create or replace temp macro offset_of(zone) as case
    when zone in ('Z', 'z', 'UTC', 'GMT') then '+00'
    when trim(zone, '()') in ('北京时间', '中国标准时间', 'Asia/Shanghai') then '+08'
    else regexp_replace(regexp_replace(replace(replace(zone, 'UTC', ''), 'GMT', ''), '^([+-])([0-9])(:?[0-9]{{2}})?$', '\10\2\3'),
        '^([+-][0-9]{{2}}):?([0-9]{{2}})$', '\1:\2')
end;
create or replace temp macro moment_in(naive, zone) as case
    when zone = '' then local_time(try_cast(naive as timestamp))
    when try_cast(left(offset_of(zone), 3) as integer) between -15 and 15 then try_cast(naive || offset_of(zone) as timestamptz)
end;
create or replace temp macro hour_in_day(hour, half) as case
    when half = '' then hour
    when half = '下午' or lower(half) in ('pm', 'p.m.', 'p.m', 'pm.')
        then case when hour between 1 and 11 then hour + 12 when hour between 12 and 23 then hour end
    when half = '上午' or lower(half) in ('am', 'a.m.', 'a.m', 'am.') then case when hour = 12 then 0 when hour < 12 then hour end
end;
create or replace temp macro written_moment(part) as moment_in(
    part.year || '-' || part.month || '-' || part.day || ' '
        || hour_in_day(part.hour::integer, part.half_before || part.half_after)
        || ':' || coalesce(nullif(part.minute, ''), '00') || ':' || coalesce(nullif(part.second, ''), '00')
        || case when part.fraction = '' then '' else '.' || part.fraction end,
    part.zone_before || part.zone
);
create or replace temp macro compact_moment(part) as moment_in(
    left(part.date, 4) || '-' || substr(part.date, 5, 2) || '-' || right(part.date, 2) || ' ' || part.hour || ':' || part.minute
        || ':' || coalesce(nullif(part.second, ''), '00') || case when part.fraction = '' then '' else '.' || part.fraction end,
    part.zone
);
create or replace temp macro counted_moment(digits) as case
    when digits::double >= {EARLIEST_EPOCH_S} and digits::double < {LATEST_EPOCH_S}
        then make_timestamptz((digits::decimal(28, 6) * 1000000)::bigint)
    when digits::double >= {EARLIEST_EPOCH_S}000 and digits::double < {LATEST_EPOCH_S}000
        then make_timestamptz((digits::decimal(28, 6) * 1000)::bigint)
    when contains(digits, '.') and digits::double >= {EARLIEST_SERIAL} and digits::double < {LATEST_SERIAL}
        then local_time({SERIAL_DAY_0} + to_seconds(round(digits::double * 86400)::bigint))
end;
-- the forms that whole exports have, at a third of the patterns' cost; what they cannot read the patterns try
create or replace temp macro usual_moment(cell) as case
    when length(cell) = 16 and cell[14] = ':' then local_time(try_cast(cell as timestamp))
    when length(cell) >= 20 and right(cell, 1) = 'Z' and cell[-2] between '0' and '9' then try_cast(cell as timestamptz)
    when length(cell) >= 20 and cell[-6] in ('+', '-') and cell[-7] between '0' and '9' and cell[-3] = ':' and cell[-2] < '6'
        and substr(cell, -5, 2) <= '15'
        then try_cast(cell as timestamptz)
    when length(cell) = 10 and try_cast(cell as bigint) between {EARLIEST_EPOCH_S} and {LATEST_EPOCH_S - 1}
        then make_timestamptz(try_cast(cell as bigint) * 1000000)
    when length(cell) = 13 and try_cast(cell as bigint) between {EARLIEST_EPOCH_S}000 and {LATEST_EPOCH_S}000 - 1
        then make_timestamptz(try_cast(cell as bigint) * 1000)
    when length(cell) = 14 and try_cast(cell as bigint) is not null then local_time(try_cast(
        cell[1:4] || '-' || cell[5:6] || '-' || cell[7:8] || ' ' || cell[9:10] || ':' || cell[11:12] || ':' || cell[13:14] as timestamp))
    when contains(cell, '-') or contains(cell, '+') then null
    when cell[5] = '/' and right(cell, 1) between '0' and '9' then local_time(try_cast(cell as timestamp))
    when cell[5] = '年' and (right(cell, 1) in ('时', '分', '秒') or right(cell, 1) between '0' and '9') then local_time(try_cast(
        rtrim(translate(replace(cell, '日 ', '日'), '年月日时分秒', '-- ::'), ': ') as timestamp))
end;
create or replace temp macro patterned_moment(cell) as list_transform(
    [translate(cell, '{FULL_WIDTH}', '{HALF_WIDTH}')],
    lambda text: case
        when regexp_full_match(text, '[0-9]{{5}}[0-9]{{0,8}}([.][0-9]{{0,15}})?') and not regexp_full_match(text, '20[0-9]{{10}}')
            then counted_moment(text)
        when regexp_full_match(text, '{_WRITTEN}') then list_transform(
            [regexp_extract(text, '{_WRITTEN}', ['zone_before', 'year', 'month', 'day', 'half_before', 'hour', 'minute', 'second',
                'fraction', 'half_after', 'zone'])],
            lambda part: written_moment(part))[1]
        when regexp_full_match(text, '{_COMPACT}') then list_transform(
            [regexp_extract(text, '{_COMPACT}', ['date', 'hour', 'minute', 'second', 'fraction', 'zone'])],
            lambda part: compact_moment(part))[1]
    end)[1];
create or replace temp macro moment_of(cell) as coalesce(usual_moment(cell), patterned_moment(cell));
"""


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_microseconds(since_us: int) -> datetime:
    """The moment so many microseconds after the beginning of 1970, UTC."""
    return _EPOCH + timedelta(microseconds=int(since_us))
