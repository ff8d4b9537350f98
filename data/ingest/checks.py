"""What a line must satisfy, as SQL: each check has a name, and the first that fails is the line's reason.

The statements read an Arrow table named `cell` (all text) and the mirrors of reference data; they make a temporary
table per kind with typed columns, `reason` (null: the line is good) and `column_name` (the cell to blame).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from data.ingest.pseudonym import HMAC_SQL

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643-1999; the check character is taken from "10X98765432" at the weighted sum modulo 11 (ISO 7064 MOD 11-2)."""
MASK_SQL = (
    r"regexp_replace(regexp_replace(regexp_replace(left({value}, 40), '\p{{N}}', '#', 'g'), '[^\x00-\x7F]', '字', 'g'),"
    r" '[A-Za-z]', 'x', 'g')"
)
"""A cell's shape without a digit or a letter of it: a shifted column may put anything anywhere."""


def time_sql(cell: str) -> str:
    """SQL: the moment a cell of text means, null when it means none. Without an offset it is local time (see `local_time_macro`)."""
    return f"""case
        when length({cell}) = 19 and {cell}[17] = ':' then local_time(try_cast({cell} as timestamp))
        when not contains({cell}, ':') then null
        when regexp_matches({cell}, '([Zz]|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$') then try_cast({cell} as timestamptz)
        else local_time(try_cast({cell} as timestamp))
    end"""


def local_time_macro(timezone: str) -> str:
    """SQL that defines `local_time`: a naive timestamp of this zone as a moment.

    A zone whose offset has been the same since 1992 (all of China) is a subtraction, three times as fast as the calendar.
    """
    zone = ZoneInfo(timezone)
    offsets = {
        datetime(year, month, 1, tzinfo=zone).utcoffset() for year in range(1992, 2038) for month in (1, 4, 7, 10)
    }
    offset = offsets.pop()
    if offsets or offset is None:
        return f"create or replace temp macro local_time(moment) as timezone('{zone.key}', moment)"
    offset_us = int(offset.total_seconds()) * 1_000_000
    return f"create or replace temp macro local_time(moment) as make_timestamptz(epoch_us(moment) - {offset_us})"


def _is_known_time(moment: str) -> str:
    """Years outside the century are typing errors, and DuckDB also reads 'infinity'."""
    return f"({moment} >= timestamptz '2000-01-01 00:00:00+00' and {moment} < timestamptz '2100-01-01 00:00:00+00')"


def _first_failure(checks: Sequence[tuple[str, str, str]], enough: str = "false", enough_at: int = 0) -> str:
    """SQL: `reason` and `column_name` of the first of (condition of failure, reason, column) that holds.

    Of lines for which `enough` holds, only the checks before place `enough_at` are made.
    """
    good = f"when {enough} then null"
    reasons = [f"when {condition} then '{reason}'" for condition, reason, _ in checks]
    columns = [f"when {condition} then '{column}'" for condition, _, column in checks]
    if enough_at:
        reasons.insert(enough_at, good)
        columns.insert(enough_at, good)
    return f"case {' '.join(reasons)} end as reason, case {' '.join(columns)} end as column_name"


def _is_bad_check_digit() -> str:
    digits = " + ".join(f"{weight} * ((body // {10 ** (16 - place)}) % 10)" for place, weight in enumerate(ID_WEIGHTS))
    return (
        "not coalesce(regexp_full_match(id_number, '[0-9]{17}[0-9Xx]')"
        f" and substr('10X98765432', (1 + ({digits}) % 11)::integer, 1) = upper(right(id_number, 1)), false)"
    )


CHECK_REGISTRATIONS = f"""
create or replace temp table checked_registration as
with person as materialized (  -- once for each person of the batch, not for each line
    select d.id_type, d.id_number, w.code is null as is_unknown_type,
        coalesce(w.code = 'resident', false) and {_is_bad_check_digit()} as is_bad_check_digit,
        unhex(left({HMAC_SQL.format(text="coalesce(w.code, '') || ':' || upper(d.id_number)")}, 32))::bit::uhugeint as token
    from (
        select distinct coalesce(id_type, 'resident') as id_type, id_number, try_cast(left(id_number, 17) as bigint) as body
        from cell where id_number is not null
    ) as d
    left join mirror.word as w on w.vocabulary = 'id_type' and w.word = d.id_type
),
typed as (
    select
        c.file_no, c.line_no, c.site_code, c.id_number, c.unit_no as unit_cell, c.registered_at as registered_cell,
        c.sampled_at as sampled_cell, c.residence_grid_code, c.channel as channel_cell, c.tube_code,
        s.site_no, s.unit_count, p.token, p.is_unknown_type, p.is_bad_check_digit,
        {time_sql("c.registered_at")} as registered_at,
        {time_sql("c.sampled_at")} as sampled_at,
        try_cast(c.unit_no as integer) as unit_no,
        h.household_no, r.grid_no as residence_grid_no,
        coalesce(r.grid_no, h.grid_no, s.grid_no) as grid_no,
        ch.channel_no, c.is_withdrawn as withdrawn_cell,
        x.code is null as is_unknown_withdrawn, coalesce(x.code = 'true', false) as is_withdrawn,
        s.grid_no as site_grid_no
    from cell as c
    left join mirror.ref_site as s on s.site_code = c.site_code
    left join person as p on p.id_number = c.id_number and p.id_type = coalesce(c.id_type, 'resident')
    left join mirror.ref_household as h on h.household_code = c.household_code
    left join mirror.ref_grid as r on r.grid_code = c.residence_grid_code
    left join mirror.word as w on w.vocabulary = 'channel' and w.word = c.channel
    left join mirror.ref_channel as ch on ch.channel = w.code
    left join mirror.word as x on x.vocabulary = 'withdrawn' and x.word = c.is_withdrawn
)
select
    file_no, line_no, site_no, token, registered_at, is_withdrawn,
    -- a withdrawal says which row, and nothing else: said twice it is the same
    case when not is_withdrawn then sampled_at end as sampled_at,
    case when not is_withdrawn then unit_no end as unit_no,
    case when not is_withdrawn then household_no end as household_no,
    case when is_withdrawn then site_grid_no else grid_no end as grid_no,
    case when not is_withdrawn then channel_no end as channel_no,
    case when not is_withdrawn then tube_code end as tube_code,
    {_first_failure([
        ("site_code is null", "missing_value", "site_code"),
        ("registered_cell is null", "missing_value", "registered_at"),
        ("id_number is null", "missing_value", "id_number"),
        ("site_no is null", "unknown_site", "site_code"),
        (f"not coalesce({_is_known_time('registered_at')}, false)", "unparsable_time", "registered_at"),
        ("is_unknown_type", "unknown_code", "id_type"),
        ("is_bad_check_digit", "bad_id_check_digit", "id_number"),
        ("registered_at > $latest_at", "in_future", "registered_at"),
        ("withdrawn_cell is not null and is_unknown_withdrawn", "unknown_code", "is_withdrawn"),
        (f"sampled_cell is not null and not coalesce({_is_known_time('sampled_at')}, false)", "unparsable_time", "sampled_at"),
        ("sampled_at > $latest_at", "in_future", "sampled_at"),
        ("sampled_at < registered_at", "sampled_before_registered", "sampled_at"),
        ("unit_cell is not null and not coalesce(unit_no between 1 and unit_count, false)", "unknown_unit", "unit_no"),
        ("residence_grid_code is not null and residence_grid_no is null", "unknown_grid", "residence_grid_code"),
        ("channel_cell is not null and channel_no is null", "unknown_code", "channel"),
    ], enough="is_withdrawn", enough_at=9)}
from typed
"""  # fmt: skip

CHECK_STAFF_EVENTS = f"""
create or replace temp table checked_staff_event as
with typed as (
    select c.*, {time_sql("c.event_at")} as moment, e.code as event_code, k.code as post_code_kind,
        s.staff_code is not null as is_known_staff,
        k.code in ('checkpoint', 'vehicle') or p.post_code is not null as is_known_post
    from cell as c
    left join mirror.word as e on e.vocabulary = 'staff_event' and e.word = c.event
    left join mirror.word as k on k.vocabulary = 'post_kind' and k.word = c.post_kind
    left join mirror.ref_staff as s on s.staff_code = c.staff_code
    left join mirror.ref_post as p on p.post_kind = k.code and p.post_code = c.post_code
)
select
    file_no, line_no, staff_code, event_code as event, moment as event_at, post_code_kind as post_kind, post_code, whistle_code,
    {_first_failure([
        *((f"{name} is null", "missing_value", name) for name in ("staff_code", "event", "event_at", "post_kind", "post_code")),
        ("not is_known_staff", "unknown_staff", "staff_code"),
        ("event_code is null", "unknown_code", "event"),
        ("post_code_kind is null", "unknown_code", "post_kind"),
        (f"not coalesce({_is_known_time('moment')}, false)", "unparsable_time", "event_at"),
        ("moment > $latest_at", "in_future", "event_at"),
        ("not is_known_post and post_code_kind = 'site'", "unknown_site", "post_code"),
        ("not is_known_post and post_code_kind = 'grid'", "unknown_grid", "post_code"),
        ("not is_known_post", "unknown_place", "post_code"),
    ])}
from typed
"""  # fmt: skip

CHECK_WHISTLES = f"""
create or replace temp table checked_whistle as
with typed as (
    select c.file_no, c.line_no, c.whistle_code, c.raised_at as raised_cell, c.due_at as due_cell, c.closed_at as closed_cell,
        c.place_kind as kind_cell, c.place_code, c.place_name, c.place_name_en, c.role as role_cell, c.needed_count as needed_cell,
        {time_sql("c.raised_at")} as raised_at, {time_sql("c.due_at")} as due_at, {time_sql("c.closed_at")} as closed_at,
        k.code as place_kind, r.code as role, try_cast(c.needed_count as integer) as needed_count,
        k.code = 'place' or p.post_code is not null as is_known_place
    from cell as c
    left join mirror.word as k on k.vocabulary = 'place_kind' and k.word = c.place_kind
    left join mirror.word as r on r.vocabulary = 'role' and r.word = c.role
    left join mirror.ref_post as p on p.post_kind = k.code and p.post_code = c.place_code
)
select
    file_no, line_no, whistle_code, raised_at, due_at, closed_at, place_kind, place_code, place_name, place_name_en, role, needed_count,
    raised_at as event_at,
    {_first_failure([
        ("whistle_code is null", "missing_value", "whistle_code"),
        ("raised_cell is null", "missing_value", "raised_at"),
        ("due_cell is null", "missing_value", "due_at"),
        ("kind_cell is null", "missing_value", "place_kind"),
        ("place_name is null", "missing_value", "place_name"),
        ("role_cell is null", "missing_value", "role"),
        ("needed_cell is null", "missing_value", "needed_count"),
        ("place_kind is null", "unknown_code", "place_kind"),
        ("role is null", "unknown_code", "role"),
        (f"not coalesce({_is_known_time('raised_at')}, false)", "unparsable_time", "raised_at"),
        (f"not coalesce({_is_known_time('due_at')}, false)", "unparsable_time", "due_at"),
        (f"closed_cell is not null and not coalesce({_is_known_time('closed_at')}, false)", "unparsable_time", "closed_at"),
        ("raised_at > $latest_at", "in_future", "raised_at"),
        ("closed_at > $latest_at", "in_future", "closed_at"),
        ("closed_at < raised_at", "closed_before_raised", "closed_at"),
        ("not coalesce(needed_count between 1 and 100000, false)", "bad_number", "needed_count"),
        ("not is_known_place and place_kind = 'site'", "unknown_site", "place_code"),
        ("not is_known_place and place_kind = 'grid'", "unknown_grid", "place_code"),
        ("not is_known_place", "unknown_place", "place_code"),
    ])}
from typed
"""  # fmt: skip

CHECK_UNIT_EVENTS = f"""
create or replace temp table checked_unit_event as
with typed as (
    select c.file_no, c.line_no, c.site_code, c.unit_no as unit_cell, c.event as event_cell, c.event_at as moment_cell,
        {time_sql("c.event_at")} as event_at, e.code as event, try_cast(c.unit_no as integer) as unit_no, s.unit_count
    from cell as c
    left join mirror.word as e on e.vocabulary = 'unit_event' and e.word = c.event
    left join mirror.ref_site as s on s.site_code = c.site_code
)
select
    file_no, line_no, site_code, unit_no, event, event_at,
    {_first_failure([
        ("site_code is null", "missing_value", "site_code"),
        ("unit_cell is null", "missing_value", "unit_no"),
        ("event_cell is null", "missing_value", "event"),
        ("moment_cell is null", "missing_value", "event_at"),
        ("unit_count is null", "unknown_site", "site_code"),
        ("not coalesce(unit_no between 1 and unit_count, false)", "unknown_unit", "unit_no"),
        ("event is null", "unknown_code", "event"),
        (f"not coalesce({_is_known_time('event_at')}, false)", "unparsable_time", "event_at"),
        ("event_at > $latest_at", "in_future", "event_at"),
    ])}
from typed
"""  # fmt: skip

CHECK_SQL = {
    "registration": CHECK_REGISTRATIONS,
    "staff_event": CHECK_STAFF_EVENTS,
    "whistle": CHECK_WHISTLES,
    "unit_event": CHECK_UNIT_EVENTS,
}


def rejected_sql(kind: str, columns: Sequence[str]) -> str:
    """SQL: the lines that failed, each with its masked cell. Reads `failed_cell`, the cells of no other lines."""
    cells = " ".join(f"when '{column}' then c.{column}" for column in columns)
    value = f"(case k.column_name {cells} end)"
    return f"""
        insert into rejected
        select k.file_no, k.line_no, k.reason, k.column_name, {MASK_SQL.format(value=value)}
        from (select file_no, line_no, reason, column_name from checked_{kind} where reason is not null) as k
        inner join failed_cell as c on c.file_no = k.file_no and c.line_no = k.line_no
    """
