"""Registrations that are right at sight: codes looked up, times read and rounds found a whole column at a time.

Nearly every line is. Asking the engine's checks (`checks`) of each costs ten times as much, so they are asked only of the
lines that are left. Nothing is ever found wrong here: what is not known to be right is left. What is right here is right
there, to the value; a test compares the two. Any thread may do it: the reference is laid out once and never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.checks import find_district_spans
from data.ingest.code_numbers import CodeNumbers
from data.ingest.moments import EARLIEST_EPOCH_S, LATEST_EPOCH_S, MOMENT, NO_TIME, find_constant_offset, to_microseconds
from data.ingest.spellings import find_plain_phones, read_moments
from data.settings import Settings

MOST_UNITS = 99
"""A unit's number of more digits is left to the checks."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What registrations are held against, laid out for whole columns. Numbers count from 1; 0 is none."""

    sites: CodeNumbers
    site_grids: np.ndarray
    unit_counts: np.ndarray
    households: CodeNumbers
    household_grids: np.ndarray
    """By household number the number of its grid."""
    grids: CodeNumbers
    channels: CodeNumbers
    channel_numbers: np.ndarray
    points_us: np.ndarray
    """The moments at which some round starts or closes."""
    rounds: dict[int, np.ndarray]
    """By the number of such moments that have passed: each grid's round."""
    spans_us: tuple[tuple[int, int], ...] | None
    """When a registration lies within a round of the whole district, with the tolerance; None where nothing can be said."""
    erased_until_us: int
    offset_us: int | None
    """The district's offset from UTC; None where it changes in a year: then every line is left."""
    settings: Settings


@dataclass(frozen=True)
class Sighted:
    """Registrations told apart: `right`, typed; `left`, the cells of the others, with what is known of their documents."""

    right: pa.Table
    left: pa.Table
    reference: Reference
    last_us: int
    """The latest moment that a right line tells of: it must not lie in the future when its turn comes."""


def lay_out(connection: duckdb.DuckDBPyConnection, settings: Settings, erased_until: datetime | None) -> Reference:
    """The reference as the mirrors have it now; call it after they were loaded."""

    def column(statement: str) -> list[pa.Array]:
        table = connection.execute(statement).to_arrow_table().combine_chunks()
        return [table[name].combine_chunks() for name in table.column_names]

    def numbers(values: pa.Array) -> np.ndarray:
        found: np.ndarray = np.concatenate([[0], values.fill_null(0).to_numpy(zero_copy_only=False)]).astype(np.int32)
        return found

    sites, site_grids, unit_counts = column(
        "select site_code, grid_no, unit_count from mirror.ref_site order by site_no"
    )
    households, household_grids = column(
        "select household_code, grid_no from mirror.ref_household order by household_no"
    )
    (grids,) = column("select grid_code from mirror.ref_grid order by grid_no")
    channels, channel_numbers = column(
        "select w.word, c.channel_no from mirror.word as w inner join mirror.ref_channel as c on c.channel = w.code"
        " where w.vocabulary = 'channel' order by w.word"
    )
    (points,) = column("select epoch_us(point_at) as point_us from mirror.round_point order by interval_no")
    intervals, grid_nos, round_nos = (
        values.to_numpy()
        for values in column("select interval_no, grid_no, round_no from mirror.round_span order by interval_no")
    )
    rounds = {}
    for interval in np.unique(intervals).tolist():
        of_interval = slice(*np.searchsorted(intervals, [interval, interval + 1]).tolist())
        row = np.zeros(len(grids) + 1, np.int32)
        row[grid_nos[of_interval]] = round_nos[of_interval]
        rounds[interval] = row
    return Reference(
        CodeNumbers(sites), numbers(site_grids), numbers(unit_counts), CodeNumbers(households), numbers(household_grids),
        CodeNumbers(grids), CodeNumbers(channels), numbers(channel_numbers), points.to_numpy(), rounds,
        tuple(find_district_spans(connection, settings.round_tolerance_s)) if len(points) else None,
        to_microseconds(erased_until) if erased_until else NO_TIME, find_constant_offset(settings.timezone), settings,
    )  # fmt: skip


def sight(rows: pa.Table, documents: pa.Table, reference: Reference, latest_at: datetime) -> Sighted:
    """These registrations told apart. `documents`: as `identities` finds them; `latest_at`: what lies after it is left."""
    settings, count = reference.settings, rows.num_rows
    if reference.offset_us is None:
        return leave_all(rows, documents, reference)
    found = _look_up(rows, reference)
    registered_us, has_registered = read_moments(rows["registered_at"], reference.offset_us)
    sampled_us, has_sampled = read_moments(rows["sampled_at"], reference.offset_us)
    site_no, household_no, channel_no = found["site_no"], found["household_no"], found["channel_no"]
    grid_no, unit_no = found["residence_grid_no"], _UNITS.find(rows["unit_no"])

    is_right = has_registered & (site_no > 0) & (registered_us <= to_microseconds(latest_at))
    is_right &= registered_us >= max(EARLIEST_EPOCH_S * 1_000_000, reference.erased_until_us)
    is_right &= _is_valid(documents["token_high"]) & ~_is_valid(documents["document_fault"])
    is_right &= ~_is_valid(rows["is_withdrawn"])
    is_right &= has_sampled | ~_is_valid(rows["sampled_at"])
    wait_us = np.where(has_sampled, sampled_us - registered_us, 0)
    is_right &= wait_us >= -int(settings.sampled_before_tolerance_s * 1_000_000)
    is_right &= wait_us <= int(settings.sampled_after_max_s * 1_000_000)
    is_right &= ~has_sampled | (sampled_us >= EARLIEST_EPOCH_S * 1_000_000)
    last_us = np.maximum(registered_us, np.where(has_sampled, sampled_us, NO_TIME))
    is_right &= last_us <= min(to_microseconds(latest_at), LATEST_EPOCH_S * 1_000_000 - 1)
    if settings.is_phone_checked:
        is_right &= find_plain_phones(rows["phone"]) | ~_is_valid(rows["phone"])
    is_right &= ((unit_no > 0) & (unit_no <= reference.unit_counts[site_no])) | ~_is_valid(rows["unit_no"])
    is_right &= (grid_no > 0) | ~_is_valid(rows["residence_grid_code"])
    is_right &= (channel_no > 0) | ~_is_valid(rows["channel"])
    if reference.spans_us is not None:
        is_within = np.zeros(count, bool)
        for first_us, until_us in reference.spans_us:
            is_within |= (registered_us >= first_us) & (registered_us <= until_us)
        is_right &= is_within

    grid_no = np.where(grid_no > 0, grid_no, reference.household_grids[household_no])
    grid_no = np.where(grid_no > 0, grid_no, reference.site_grids[site_no])
    round_no = _find_rounds(registered_us, grid_no, reference)
    sampled_us = np.maximum(sampled_us, registered_us)
    keep = np.flatnonzero(is_right)
    is_whole = len(keep) == count

    def kept(values: np.ndarray) -> np.ndarray:
        return values if is_whole else values[keep]

    def number(values: np.ndarray) -> pa.Array:
        values = kept(values)
        return pa.array(values, pa.int32(), mask=values == 0)

    cells = rows.select(["file_no", "line_no", "household_code", "tube_code"])
    tokens = documents.select(["token_high", "token_low"])
    if not is_whole:
        cells, tokens = cells.filter(pa.array(is_right)), tokens.filter(pa.array(is_right))
    has_household = kept(household_no) > 0
    household_code = cells["household_code"]
    if not has_household.all():
        household_code = pc.if_else(pa.array(has_household), household_code, None)
    right = {
        "file_no": cells["file_no"],
        "line_no": cells["line_no"],
        "token_high": tokens["token_high"],
        "token_low": tokens["token_low"],
        "registered_at": pa.array(kept(registered_us)).cast(MOMENT),
        "sampled_at": pa.array(kept(sampled_us), mask=~kept(has_sampled)).cast(MOMENT),
        "site_no": number(site_no),
        "unit_no": number(unit_no),
        "household_no": number(household_no),
        "household_code": household_code,
        "grid_no": number(grid_no),
        "channel_no": number(channel_no),
        "tube_code": cells["tube_code"],
        "is_unknown_household": pa.array(~has_household & _is_valid(cells["household_code"])),
        "round_no": number(round_no),
        "is_withdrawn": pa.array(np.zeros(len(keep), bool)),
    }
    last = int(last_us[keep].max(initial=NO_TIME))
    return _leave(rows, documents, found, ~is_right, reference, pa.table(right), last)


def leave_all(rows: pa.Table, documents: pa.Table, reference: Reference) -> Sighted:
    """All of these registrations left to the checks."""
    found = _look_up(rows, reference)
    return _leave(rows, documents, found, np.ones(rows.num_rows, bool), reference, _NONE, NO_TIME)


def is_due(sighted: Sighted, latest_at: datetime) -> bool:
    """Whether no right line lies in the future by now: a clock may have been set back since it was read."""
    return sighted.last_us <= to_microseconds(latest_at)


def _leave(
    rows: pa.Table, documents: pa.Table, found: dict[str, np.ndarray], is_left: np.ndarray, reference: Reference, right: pa.Table,
    last_us: int,
) -> Sighted:  # fmt: skip
    """The lines told apart; the others' cells get the numbers of their codes, and what is known of their documents for these."""
    chosen = pa.array(is_left)  # of columns in pieces a filter is three times as fast as `take`
    left = rows.drop_columns(["id_type", "id_number"]).filter(chosen)
    of_left = documents.filter(chosen)
    for name in of_left.column_names:
        left = left.append_column(name, of_left[name])
    for name, values in found.items():
        numbers = values[is_left]
        left = left.append_column(name, pa.array(numbers, pa.int32(), mask=numbers == 0))
    return Sighted(right, left, reference, last_us)


def _look_up(rows: pa.Table, reference: Reference) -> dict[str, np.ndarray]:
    """The numbers of the lines' codes; 0 where there is none, or none such."""
    return {
        "site_no": reference.sites.find(rows["site_code"]),
        "household_no": reference.households.find(rows["household_code"]),
        "residence_grid_no": reference.grids.find(rows["residence_grid_code"]),
        "channel_no": reference.channel_numbers[reference.channels.find(rows["channel"])],
    }


def _find_rounds(registered_us: np.ndarray, grid_no: np.ndarray, reference: Reference) -> np.ndarray:
    """The narrowest round that is open in the line's grid; 0 where none is."""
    intervals = np.searchsorted(reference.points_us, registered_us, side="right")
    found = np.zeros(len(intervals), np.int32)
    for interval in np.flatnonzero(np.bincount(intervals, minlength=1)).tolist():
        rounds = reference.rounds.get(interval)
        if rounds is not None:
            of_interval = intervals == interval
            found[of_interval] = rounds[grid_no[of_interval]]
    return found


def _is_valid(cells: pa.ChunkedArray) -> np.ndarray:
    if not cells.null_count:
        return np.ones(len(cells), bool)
    found: np.ndarray = cells.is_valid().to_numpy()
    return found


def _empty(columns: Sequence[tuple[str, Any]]) -> pa.Table:
    return pa.schema(list(columns)).empty_table()


_UNITS = CodeNumbers(pa.array([str(number) for number in range(1, MOST_UNITS + 1)]))
_NONE = _empty([
    ("file_no", pa.int32()), ("line_no", pa.int32()), ("token_high", pa.uint64()), ("token_low", pa.uint64()),
    ("registered_at", MOMENT), ("sampled_at", MOMENT), ("site_no", pa.int32()), ("unit_no", pa.int32()), ("household_no", pa.int32()),
    ("household_code", pa.string()), ("grid_no", pa.int32()), ("channel_no", pa.int32()), ("tube_code", pa.string()),
    ("is_unknown_household", pa.bool_()), ("round_no", pa.int32()), ("is_withdrawn", pa.bool_()),
])  # fmt: skip
