"""What a line must satisfy: for each kind of log one table of checks, and the first that fails is the line's reason.

The statements read a table named `cell` (text; of registrations also what `identities` finds) and the mirrors of reference
data; they select typed columns, `reason` (null: the line is good) and `column_name` (the cell to blame). What each
reason means, and the standard it rests on, stands in `reasons.csv`. How times are read is `moments`' business, which numbers
of documents can be right is `documents`'.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb

from data.ingest.documents import DOCUMENT_FAULTS
from data.ingest.moments import is_known_time, time_sql
from data.settings import Settings

REASONS_FILE = Path(__file__).parent / "reasons.csv"
MASK_SQL = (
    r"regexp_replace(regexp_replace(regexp_replace(left({value}, 40), '\p{{N}}', '#', 'g'), '[^\x00-\x7F]', '字', 'g'),"
    r" '[A-Za-z]', 'x', 'g')"
)
"""A cell's shape without a digit or a letter of it: a shifted column may put anything anywhere."""

PHONE_FORM = (
    "(([+]|00)?86)?1[3-9][0-9*]{9}"  # mobile; exports may hide digits, which is no fault
    "|(([+]|00)?860?|0)(10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}(#[0-9]{1,6})?"  # landline: area code, perhaps an extension
    "|([+]|00)[1-9][0-9]{6,14}"  # abroad: ITU-T E.164, at most 15 digits
)
"""A telephone number once its separators are gone; the number itself is never kept."""


class Reason(NamedTuple):
    """Why a line is set aside: a row of `reasons.csv`."""

    reason: str
    meaning: str
    meaning_zh: str
    standard: str
    is_mended_by_import: bool
    """Whether reference data imported later can make such a line right."""


class Check(NamedTuple):
    """A condition under which a line fails, over the columns of its kind's `typed`; null counts as false.

    With no reason the line is good, and what follows is not asked of it.
    """

    condition: str
    reason: str
    column: str


@dataclass(frozen=True)
class KindChecks:
    """All there is to check in one kind of log: cells made into values, the columns that are kept, the checks in order."""

    typed: str
    columns: str
    checks: tuple[Check, ...]
    told_at: str
    """The latest moment that a line tells of: when a line from the future may be tried again."""


@cache
def read_reasons() -> dict[str, Reason]:
    """Every reason for which a line is set aside, from `reasons.csv`."""
    with REASONS_FILE.open(encoding="utf-8", newline="") as lines:
        return {
            row["reason"]: Reason(
                row["reason"], row["meaning"], row["meaning_zh"], row["standard"], row["is_mended_by_import"] == "true"
            )
            for row in csv.DictReader(lines)
        }


def check_sql(kind: str, settings: Settings) -> str:
    """SQL that selects the lines checked; its only parameter is $latest_at. Registrations need what `at_sight` adds."""
    known = _KINDS[kind](settings)
    number = " ".join(
        f"when {check.condition} then {place if check.reason else 'null'}"
        for place, check in enumerate(known.checks, start=1)
    )
    reasons = ", ".join(f"'{check.reason}'" for check in known.checks)
    columns = ", ".join(f"'{check.column}'" for check in known.checks)
    return f"""
        with {known.typed}
        select file_no, line_no, {known.columns},
            case when failed_no is not null then [{reasons}][failed_no] end as reason,
            case when failed_no is not null then [{columns}][failed_no] end as column_name,
            case when failed_no is not null then {known.told_at} end as told_at
        from (select *, case {number} end as failed_no from typed)
    """


def rejected_sql(kind: str, columns: Sequence[str]) -> str:
    """SQL: the lines that failed, each with its masked cell. Reads `failed_cell`, the cells of no other lines."""
    cells = " ".join(f"when '{column}' then c.{column}" for column in columns)
    value = f"(case k.column_name {cells} end)"
    return f"""
        insert into rejected
        select k.file_no, k.line_no, k.reason, k.column_name, {MASK_SQL.format(value=value)},
            case when k.reason = 'in_future' then k.told_at end
        from (select file_no, line_no, reason, column_name, told_at from checked_{kind} where reason is not null) as k
        inner join failed_cell as c on c.file_no = k.file_no and c.line_no = k.line_no
    """


def mark_outside_rounds(connection: duckdb.DuckDBPyConnection, tolerance_s: float) -> None:
    """Fails the good registrations that lie further than the tolerance outside every round of their grid.

    Rounds of the whole district decide nearly all lines by a comparison or two; only the others are looked up by grid.
    Where no round was imported, or the grid is unknown, nothing can be said and no line fails.
    """
    tolerance_us = int(tolerance_s * 1_000_000)
    within = [
        f"epoch_us(k.registered_at) between {first_us} and {until_us}"
        for first_us, until_us in find_district_spans(connection, tolerance_s)
    ]
    # joined with every round of every grid are only the lines that lie outside the district's
    connection.execute(f"""
        create or replace temp table astray as
        select file_no, line_no, grid_no, epoch_us(registered_at) as registered_us
        from checked_registration as k
        where reason is null and not ({" or ".join(within) or "false"}) and grid_no is not null
            and exists (select 1 from mirror.ref_round)
    """)
    connection.execute(f"""
        update checked_registration as k set reason = 'outside_rounds', column_name = 'registered_at'
        from (
            select file_no, line_no from astray as l
            where not exists (
                select 1 from mirror.round_area as a
                where a.grid_no = l.grid_no
                    and l.registered_us between epoch_us(a.starts_at) - {tolerance_us} and epoch_us(a.closes_at) + {tolerance_us}
            )
        ) as l
        where l.file_no = k.file_no and l.line_no = k.line_no
    """)
    connection.execute("drop table astray")


def find_district_spans(connection: duckdb.DuckDBPyConnection, tolerance_s: float) -> list[tuple[int, int]]:
    """From when until when, in microseconds since 1970, a registration lies within some round of the whole district."""
    spans = connection.execute(
        "select epoch_us(starts_at), epoch_us(closes_at) from mirror.ref_round where is_district order by starts_at"
    ).fetchall()
    tolerance_us = int(tolerance_s * 1_000_000)
    merged = _merged([(int(starts), int(closes)) for starts, closes in spans], 2 * tolerance_us)
    return [(starts - tolerance_us, closes + tolerance_us) for starts, closes in merged]


def _merged(spans: Sequence[tuple[int, int]], gap: int) -> Iterator[tuple[int, int]]:
    """Spans, in order of their start, with those joined that are no further than `gap` apart."""
    starts: int | None = None
    ends = 0
    for start, end in spans:
        if starts is None:
            starts, ends = start, end
        elif start <= ends + gap:
            ends = max(ends, end)
        else:
            yield starts, ends
            starts, ends = start, end
    if starts is not None:
        yield starts, ends


def _missing(*columns: str) -> Iterator[Check]:
    return (Check(f"{column}_cell is null", "missing_value", column) for column in columns)


def _unreadable(column: str, *, is_required: bool = True) -> Check:
    condition = f"not {is_known_time(column)}"
    return Check(condition if is_required else f"{column}_cell is not null and {condition}", "unparsable_time", column)


def _is_bad_phone(cell: str, settings: Settings) -> str:
    """SQL: whether a cell cannot be a telephone number. Nearly all are a mobile's eleven digits, and not asked about."""
    if not settings.is_phone_checked:
        return "false"
    bare = (
        f"regexp_replace(translate({cell}, '０１２３４５６７８９－＋（）　转', '0123456789-+() #'), '[-() .]', '', 'g')"
    )
    return f"""case
        when {cell} is null then false
        else not regexp_full_match({bare}, '{PHONE_FORM}')
    end"""


def _registration_checks(settings: Settings) -> KindChecks:
    wait_us = "(epoch_us(sampled_at) - epoch_us(registered_at))"
    typed = f"""typed as (
            select
                c.file_no, c.line_no, c.site_code as site_code_cell, c.token_high as id_number_cell, c.unit_no as unit_no_cell,
                c.registered_at as registered_at_cell, c.sampled_at as sampled_at_cell, c.channel as channel_cell,
                c.residence_grid_code, c.household_code, c.tube_code,
                s.site_no, s.unit_count, c.token_high, c.token_low, c.document_fault,
                {time_sql("c.registered_at")} as registered_at,
                {time_sql("c.sampled_at")} as sampled_at,
                try_cast(c.unit_no as integer) as unit_no,
                {_is_bad_phone("c.phone", settings)} as is_bad_phone,
                c.household_no, c.residence_grid_no,
                coalesce(c.residence_grid_no, h.grid_no, s.grid_no) as grid_no,
                c.channel_no, c.is_withdrawn as is_withdrawn_cell, x.code is null as is_unknown_withdrawn,
                coalesce(x.code = 'true', false) as is_withdrawn, s.grid_no as site_grid_no
            from cell as c
            left join mirror.ref_site as s on s.site_no = c.site_no
            left join mirror.ref_household as h on h.household_no = c.household_no
            left join mirror.word as x on x.vocabulary = 'withdrawn' and x.word = c.is_withdrawn
        )"""
    checks = (
        *_missing("site_code", "registered_at", "id_number"),
        Check("site_no is null", "unknown_site", "site_code"),
        _unreadable("registered_at"),
        *(
            Check(f"document_fault = {number}", reason, column)
            for number, (reason, column) in enumerate(DOCUMENT_FAULTS, start=1)
        ),
        Check("registered_at > $latest_at", "in_future", "registered_at"),
        Check("is_withdrawn_cell is not null and is_unknown_withdrawn", "unknown_code", "is_withdrawn"),
        Check("is_withdrawn", "", ""),  # it says which row, and nothing else
        _unreadable("sampled_at", is_required=False),
        Check("sampled_at > $latest_at", "in_future", "sampled_at"),
        Check("is_bad_phone", "bad_phone", "phone"),
        Check(
            f"{wait_us} < {-int(settings.sampled_before_tolerance_s * 1_000_000)}",
            "sampled_before_registered",
            "sampled_at",
        ),
        Check(
            f"{wait_us} > {int(settings.sampled_after_max_s * 1_000_000)}", "sampled_long_after_registered", "sampled_at"
        ),
        Check("unit_no_cell is not null and not coalesce(unit_no between 1 and unit_count, false)", "unknown_unit", "unit_no"),
        Check("residence_grid_code is not null and residence_grid_no is null", "unknown_grid", "residence_grid_code"),
        Check("channel_cell is not null and channel_no is null", "unknown_code", "channel"),
    )  # fmt: skip
    # a withdrawal said twice is the same; a sampling within the tolerance before registering is no wait
    columns = """
            site_no, token_high, token_low, registered_at, is_withdrawn,
            case when not is_withdrawn then case when sampled_at < registered_at then registered_at else sampled_at end end as sampled_at,
            case when not is_withdrawn then unit_no end as unit_no,
            case when not is_withdrawn then household_no end as household_no,
            case when not is_withdrawn and household_no is not null then household_code end as household_code,
            case when is_withdrawn then site_grid_no else grid_no end as grid_no,
            case when not is_withdrawn then channel_no end as channel_no,
            case when not is_withdrawn then tube_code end as tube_code,
            not is_withdrawn and household_code is not null and household_no is null as is_unknown_household"""
    return KindChecks(typed, columns, checks, "greatest(registered_at, sampled_at)")


def _staff_event_checks(settings: Settings) -> KindChecks:
    typed = f"""typed as (
            select c.file_no, c.line_no, c.staff_code as staff_code_cell, c.event as event_cell, c.event_at as event_at_cell,
                c.post_kind as post_kind_cell, c.post_code as post_code_cell, c.whistle_code,
                {time_sql("c.event_at")} as event_at, e.code as event, k.code as post_kind,
                s.staff_code is not null as is_known_staff,
                k.code in ('checkpoint', 'vehicle') or p.post_code is not null as is_known_post
            from cell as c
            left join mirror.word as e on e.vocabulary = 'staff_event' and e.word = c.event
            left join mirror.word as k on k.vocabulary = 'post_kind' and k.word = c.post_kind
            left join mirror.ref_staff as s on s.staff_code = c.staff_code
            left join mirror.ref_post as p on p.post_kind = k.code and p.post_code = c.post_code
        )"""
    checks = (
        *_missing("staff_code", "event", "event_at", "post_kind", "post_code"),
        Check("not is_known_staff", "unknown_staff", "staff_code"),
        Check("event is null", "unknown_code", "event"),
        Check("post_kind is null", "unknown_code", "post_kind"),
        _unreadable("event_at"),
        Check("event_at > $latest_at", "in_future", "event_at"),
        Check("not is_known_post and post_kind = 'site'", "unknown_site", "post_code"),
        Check("not is_known_post and post_kind = 'grid'", "unknown_grid", "post_code"),
        Check("not is_known_post", "unknown_place", "post_code"),
    )
    columns = "staff_code_cell as staff_code, event, event_at, post_kind, post_code_cell as post_code, whistle_code"
    return KindChecks(typed, columns, checks, "event_at")


def _whistle_checks(settings: Settings) -> KindChecks:
    typed = f"""typed as (
            select c.file_no, c.line_no, c.whistle_code as whistle_code_cell, c.raised_at as raised_at_cell, c.due_at as due_at_cell,
                c.closed_at as closed_at_cell, c.place_kind as place_kind_cell, c.place_code, c.place_name as place_name_cell,
                c.place_name_en, c.role as role_cell, c.needed_count as needed_count_cell,
                {time_sql("c.raised_at")} as raised_at, {time_sql("c.due_at")} as due_at, {time_sql("c.closed_at")} as closed_at,
                k.code as place_kind, r.code as role, try_cast(c.needed_count as integer) as needed_count,
                k.code = 'place' or p.post_code is not null as is_known_place
            from cell as c
            left join mirror.word as k on k.vocabulary = 'place_kind' and k.word = c.place_kind
            left join mirror.word as r on r.vocabulary = 'role' and r.word = c.role
            left join mirror.ref_post as p on p.post_kind = k.code and p.post_code = c.place_code
        )"""
    checks = (
        *_missing("whistle_code", "raised_at", "due_at", "place_kind", "place_name", "role", "needed_count"),
        Check("place_kind is null", "unknown_code", "place_kind"),
        Check("role is null", "unknown_code", "role"),
        _unreadable("raised_at"),
        _unreadable("due_at"),
        _unreadable("closed_at", is_required=False),
        Check("raised_at > $latest_at", "in_future", "raised_at"),
        Check("closed_at > $latest_at", "in_future", "closed_at"),
        Check("closed_at < raised_at", "closed_before_raised", "closed_at"),
        Check("not coalesce(needed_count between 1 and 100000, false)", "bad_number", "needed_count"),
        Check("not is_known_place and place_kind = 'site'", "unknown_site", "place_code"),
        Check("not is_known_place and place_kind = 'grid'", "unknown_grid", "place_code"),
        Check("not is_known_place", "unknown_place", "place_code"),
    )
    columns = """whistle_code_cell as whistle_code, raised_at, due_at, closed_at, place_kind, place_code,
            place_name_cell as place_name, place_name_en, role, needed_count, raised_at as event_at"""
    return KindChecks(typed, columns, checks, "greatest(raised_at, closed_at)")


def _unit_event_checks(settings: Settings) -> KindChecks:
    typed = f"""typed as (
            select c.file_no, c.line_no, c.site_code as site_code_cell, c.unit_no as unit_no_cell, c.event as event_cell,
                c.event_at as event_at_cell, {time_sql("c.event_at")} as event_at, e.code as event,
                try_cast(c.unit_no as integer) as unit_no, s.unit_count
            from cell as c
            left join mirror.word as e on e.vocabulary = 'unit_event' and e.word = c.event
            left join mirror.ref_site as s on s.site_code = c.site_code
        )"""
    checks = (
        *_missing("site_code", "unit_no", "event", "event_at"),
        Check("unit_count is null", "unknown_site", "site_code"),
        Check("not coalesce(unit_no between 1 and unit_count, false)", "unknown_unit", "unit_no"),
        Check("event is null", "unknown_code", "event"),
        _unreadable("event_at"),
        Check("event_at > $latest_at", "in_future", "event_at"),
    )
    return KindChecks(typed, "site_code_cell as site_code, unit_no, event, event_at", checks, "event_at")


_KINDS = {
    "registration": _registration_checks,
    "staff_event": _staff_event_checks,
    "whistle": _whistle_checks,
    "unit_event": _unit_event_checks,
}
LOG_KINDS = tuple(_KINDS)
