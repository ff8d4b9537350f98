"""What a batch of good registration lines adds: new versions, and the changes they make to every roll-up.

The versions of recent rounds are mirrored beside the lake (`version_store`); older ones stay in the lake until a late line
needs them. Hardly any line is about a registration that was known before, or about somebody whom its round had seen: a filter
(`seen`) tells which may be, and only those are looked up. What lines make of registrations is worked out in `merging`.
Another thread writes the file of the new versions meanwhile, and mirrors them after the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.errors import LakeError
from data.ingest.marks import mark_persons, mark_registrations
from data.ingest.merging import (
    Households,
    Merged,
    Sums,
    Versions,
    find_sights,
    merge,
    read_versions,
    sum_grid_changes,
    sum_lines,
    sum_round_changes,
    sum_site_changes,
)
from data.ingest.moments import MOMENT, NO_TIME, from_microseconds, to_microseconds
from data.ingest.pseudonym import TOKEN_BYTES
from data.ingest.seen import Seen
from data.ingest.version_store import VersionStore
from data.lake import BUCKET_S, Lake
from data.lake_append import Written, add_written, discard, write_rows

MIRROR_DAYS = 2
"""At start, versions of so many days before the newest are mirrored."""
MIRROR_ROWS_MAX = 8_000_000
"""With more than this (about 0.5 GB of disk) the mirror is cut back to MIRROR_DAYS, or to the rounds that were open then."""
LOAD_STEP = timedelta(hours=1)
"""The versions of so long are mirrored at a time."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
Marks = tuple[np.ndarray, ...]
"""Of persons in rounds, and of registrations: 64 bits each (`seen`)."""
_NOTHING_KNOWN = pa.schema([
    ("token_high", pa.uint64()), ("token_low", pa.uint64()), ("registered_at", MOMENT), ("sampled_at", MOMENT), ("content", pa.uint64()),
    ("household_no", pa.int32()), ("site_no", pa.int32()), ("grid_no", pa.int32()), ("round_no", pa.int32()), ("unit_no", pa.int32()),
    ("channel_no", pa.int32()), ("is_withdrawn", pa.bool_()),
]).empty_table()  # fmt: skip

_CONTENT = (
    "hash(site_no, registered_at, sampled_at, unit_no, household_no, grid_no, channel_no, tube_code, is_withdrawn)"
)
FETCH_VERSIONS = f"""
select person_token, registered_at, sampled_at, {_CONTENT} as content, household_no, site_no, grid_no, round_no, unit_no, channel_no,
    is_withdrawn
from (
    select v.person_token, v.registered_at, v.sampled_at, h.household_no, s.site_no, g.grid_no, r.round_no, v.unit_no, c.channel_no,
        v.tube_code, coalesce(v.is_withdrawn, false) as is_withdrawn
    from lake.registration_version as v
    left join mirror.ref_site as s on s.site_code = v.site_code
    left join mirror.ref_household as h on h.household_code = v.household_code
    left join mirror.ref_grid as g on g.grid_code = v.grid_code
    left join mirror.ref_round as r on r.round_code = v.round_code
    left join mirror.ref_channel as c on c.channel = v.channel
    where v.registered_at >= $from_at and v.registered_at < $until_at
)
"""
# What the checks select, with the round that each line falls into: the narrowest that is open then in its grid.
PLACE_IN_ROUNDS = """
create or replace temp table checked_registration as
select c.*, s.round_no
from ({checked}) as c
asof left join mirror.round_point as p on c.registered_at >= p.point_at
left join mirror.round_span as s on s.interval_no = p.interval_no and s.grid_no = c.grid_no
"""
SELECT_CHECKED = """
select file_no, line_no, token_high, token_low, registered_at, sampled_at, site_no, unit_no, household_no, household_code, grid_no,
    channel_no, tube_code, is_unknown_household, round_no, is_withdrawn
from checked_registration where reason is null
"""
_MOMENT = f"make_timestamptz(d.{{}} * {BUCKET_S}000000)"
SITE_BUCKETS = f"""
create or replace temp table site_bucket_change as
select {_MOMENT.format("bucket")} as bucket_start_at, s.site_code, c.channel, d.registered_count, d.sampled_count,
    d.sampled_count as waited_count, d.waited_us / 1000000.0::double as wait_s_sum
from site_sum as d
inner join mirror.ref_site as s on s.site_no = d.site_no
inner join mirror.ref_channel as c on c.channel_no = d.channel_no
"""
ROUND_UNITS = """
create or replace temp table round_unit_change as
select r.round_code, s.site_code, nullif(d.unit_no, 0)::integer as unit_no, c.channel, d.registered_count, d.sampled_count
from round_sum as d
inner join mirror.ref_round as r on r.round_no = d.round_no
inner join mirror.ref_site as s on s.site_no = d.site_no
inner join mirror.ref_channel as c on c.channel_no = d.channel_no
"""
# A household is seen when any line of the round names it, of a row that is not withdrawn. When it was first seen is kept
# beside the versions.
HOUSEHOLDS = """
select n.round_no, n.household_no, s.seen_at as known_at, n.registered_at as seen_at
from (
    select round_no, household_no, min(registered_at) as registered_at
    from fresh where round_no is not null and household_no is not null group by round_no, household_no
) as n
left join mirror.household_seen as s on s.round_no = n.round_no and s.household_no = n.household_no
where s.seen_at is null or n.registered_at < s.seen_at
"""
# Where some row is withdrawn by now: the versions are looked through for the households of which one is withdrawn just now.
HOUSEHOLDS_WITHDRAWN = """
with
named as materialized (
    select f.round_no, f.household_no, min(f.registered_at) as registered_at
    from fresh as f
    anti join gone as w
        on w.token_high = f.token_high and w.token_low = f.token_low and w.site_no = f.site_no and w.registered_at = f.registered_at
    where f.round_no is not null and f.household_no is not null
    group by f.round_no, f.household_no
),
lost as materialized (
    select distinct v.round_no, v.household_no
    from known as v
    semi join (select * from gone where was_counted) as w
        on w.token_high = v.token_high and w.token_low = v.token_low and w.site_no = v.site_no and w.registered_at = v.registered_at
    where v.round_no is not null and v.household_no is not null
),
kept as (
    select v.round_no, v.household_no, min(v.registered_at) as registered_at
    from version as v
    inner join lost as l on l.round_no = v.round_no and l.household_no = v.household_no
    anti join (
        select token_high, token_low, site_no, registered_at from withdrawn
        union all select token_high, token_low, site_no, registered_at from gone
    ) as w on w.token_high = v.token_high and w.token_low = v.token_low and w.site_no = v.site_no and w.registered_at = v.registered_at
    group by v.round_no, v.household_no
)
select * from (
    select t.round_no, t.household_no, s.seen_at as known_at,
        least(case when l.round_no is null then s.seen_at else k.registered_at end, n.registered_at) as seen_at
    from (select round_no, household_no from named union select round_no, household_no from lost) as t
    left join mirror.household_seen as s on s.round_no = t.round_no and s.household_no = t.household_no
    left join named as n on n.round_no = t.round_no and n.household_no = t.household_no
    left join lost as l on l.round_no = t.round_no and l.household_no = t.household_no
    left join kept as k on k.round_no = t.round_no and k.household_no = t.household_no
)
where seen_at is distinct from known_at
"""
SUM_HOUSEHOLDS = """
create or replace table mirror.household_seen as
select v.round_no, v.household_no, min(v.registered_at) as seen_at
from version as v
anti join withdrawn as w
    on w.token_high = v.token_high and w.token_low = v.token_low and w.site_no = v.site_no and w.registered_at = v.registered_at
where v.round_no is not null and v.household_no is not null
group by v.round_no, v.household_no
"""
REMEMBER_HOUSEHOLDS = """
delete from mirror.household_seen as s using household_change as c
where c.round_no = s.round_no and c.household_no = s.household_no and c.known_at is not null;
insert into mirror.household_seen select round_no, household_no, seen_at from household_change where seen_at is not null;
"""
GRID_BUCKETS = f"""
create or replace temp table grid_bucket_change as
select {_MOMENT.format("bucket")} as bucket_start_at, g.grid_code, r.round_code, d.registered_person_count, d.covered_person_count,
    d.seen_household_count
from grid_sum as d
inner join mirror.ref_grid as g on g.grid_no = d.grid_no
inner join mirror.ref_round as r on r.round_no = d.round_no
"""
FEED_BUCKETS = f"""
insert into feed_bucket_change
select b.feed_code, {_MOMENT.format("bucket")}, d.line_count::bigint
from event_sum as d inner join batch_file as b on b.file_no = d.file_no
"""
NEXT_VERSION = """
select min(registered_at) from lake.registration_version where registered_at >= $from_at and registered_at <= $last_at
"""


@contextmanager
def _lend(connection: duckdb.DuckDBPyConnection, **tables: pa.Table | pa.RecordBatchReader) -> Iterator[None]:
    """Lets the engine read these tables under their names."""
    try:
        for name, table in tables.items():
            connection.register(name, table)
        yield
    finally:
        for name in tables:
            connection.unregister(name)


def add_content(connection: duckdb.DuckDBPyConnection, lines: pa.Table) -> pa.Table:
    """The lines, with their tokens in one piece (`person_token`), and 64 bits of what each says (`content`)."""
    tokens = np.stack([lines[name].to_numpy() for name in ("token_high", "token_low")], axis=1).astype(">u8")
    person_token = pa.Array.from_buffers(pa.binary(TOKEN_BYTES), len(tokens), [None, pa.py_buffer(tokens)])
    with _lend(connection, line=lines):
        content = connection.execute(f"select {_CONTENT} as content from line").to_arrow_table()["content"]
    return lines.append_column("person_token", person_token).append_column("content", content)


class VersionMirror:
    """The versions of recent rounds, and the changes that a batch makes to the roll-ups."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._connection = lake.connection
        self._home = lake.settings.home
        self._from_at = EARLIEST
        self._seen = Seen()
        self._store = VersionStore(self._home, _NOTHING_KNOWN.schema)
        self.good: pa.Table = _NOTHING_KNOWN
        """The batch's good lines, before duplicates are told from the others."""
        self._fresh: pa.Table = _NOTHING_KNOWN
        self._households: pa.Table = _NOTHING_KNOWN
        self._marks: Marks = ()
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[Written] | None = None
        self._mirroring: Future[None] | None = None

    def load(self, household_grids: np.ndarray) -> None:
        """Mirrors the versions of the last days; call after the reference mirrors.

        `household_grids`: by household number the number of its grid, 0 where that is unknown.
        """
        if self._mirroring:  # of what is read anew now
            wait([self._mirroring])
            self._mirroring = None
        self._seen = Seen()
        self._store = VersionStore(self._home, _NOTHING_KNOWN.schema)
        newest = _one(
            self._connection, "select max(last_event_at) from lake.ingest_file where log_kind = 'registration'"
        )
        self._from_at = self._round_down(newest - timedelta(days=MIRROR_DAYS)) if newest else EARLIEST
        self._is_reporting = _read_reporting(self._connection)
        self._household_grids = household_grids
        self._codes = {name: _read_codes(self._connection, name) for name in ("site", "grid", "channel", "round")}
        if newest:
            self._fetch(self._from_at, newest)
            self._fetch_span(newest + timedelta(microseconds=1), datetime(2100, 1, 1, tzinfo=UTC))
        self._sum_households()

    def place(self, checked: str, latest_at: datetime) -> None:
        """Makes `checked_registration` of what `checked` selects, its parameter being `latest_at`."""
        self._connection.execute(PLACE_IN_ROUNDS.format(checked=checked), {"latest_at": latest_at})

    def gather(self, right: pa.Table, *, has_checked: bool) -> None:
        """Takes for the batch's good lines those that are right at sight, and those in `checked_registration`, if any."""
        self.good = right
        if has_checked:
            checked = add_content(self._connection, self._connection.execute(SELECT_CHECKED).to_arrow_table())
            self.good = pa.concat_tables([right, checked.cast(right.schema)])

    def classify(self, received_at: datetime) -> bool:
        """Compares the good lines with what is known, and makes the changes of every roll-up; False when no line is good.

        Afterwards `line_count` holds accepted, corrected and duplicate lines of each file. `received_at`: when all were received.
        """
        if not self.good.num_rows:
            return False
        good = self.good
        lines = read_versions(good, _number_lines(good))
        known = self._find_known(lines)
        merged = merge(read_versions(known), lines)
        self._count_lines(good, lines, merged)
        has_duplicates = bool(merged.is_duplicate.any())
        self._fresh = good.filter(pa.array(~merged.is_duplicate)) if has_duplicates else good
        self._begin_writing(received_at)
        self._households = self._find_households(known, merged)
        with _lend(self._connection, **self._sum(lines, merged)):
            self._connection.execute(FEED_BUCKETS)
            self._connection.execute(SITE_BUCKETS)
            self._connection.execute(ROUND_UNITS)
            self._connection.execute(GRID_BUCKETS)
        return True

    def insert(self) -> None:
        """Adds the new versions to the lake, within the caller's transaction."""
        if self._writing:
            add_written(self._lake, self._writing.result())
            self._writing = None

    def _begin_writing(self, received_at: datetime) -> None:
        """Has the new versions' file written by another thread, while their sums are made."""
        rows = self._spell_out(received_at)
        repeating = ("registered_at", "sampled_at", "unit_no", "ingest_no", "received_at")
        self._writing = self._writer.submit(
            write_rows, self._lake.settings, "registration_version", rows, repeating=repeating
        )

    def _spell_out(self, received_at: datetime) -> pa.Table:
        """The new versions as the lake has them: codes for numbers."""
        fresh = self._fresh
        files = self._connection.execute("select file_no, feed_code, ingest_no from batch_file").to_arrow_table()
        place = pc.index_in(fresh["file_no"], files["file_no"])
        feeds = files["feed_code"].combine_chunks().dictionary_encode()

        def spell(name: str) -> pa.ChunkedArray:
            places = pc.subtract(fresh[f"{name}_no"], pa.scalar(1, pa.int32()))
            return _name_all(places, self._codes[name])

        return pa.table(
            {
                "site_code": spell("site"),
                "person_token": fresh["person_token"],
                "registered_at": fresh["registered_at"],
                "sampled_at": fresh["sampled_at"],
                "unit_no": fresh["unit_no"],
                "household_code": fresh["household_code"],
                "grid_code": spell("grid"),
                "channel": spell("channel"),
                "tube_code": fresh["tube_code"],
                "round_code": spell("round"),
                "feed_code": feeds.take(place),
                "ingest_no": files["ingest_no"].take(place),
                "received_at": pa.repeat(pa.scalar(received_at, MOMENT), fresh.num_rows),
                "is_withdrawn": fresh["is_withdrawn"],
            }
        )

    def remember(self) -> None:
        """After the commit: the batch's new versions are known from now on."""
        with _lend(self._connection, household_change=self._households):
            self._connection.execute(REMEMBER_HOUSEHOLDS)
        self._mirroring = self._writer.submit(self._mirror, self._fresh, self._marks)

    def _settle(self) -> None:
        """Waits until the batch before is mirrored."""
        if self._mirroring:
            mirroring, self._mirroring = self._mirroring, None
            mirroring.result()
            if self._store.row_count > MIRROR_ROWS_MAX:
                self._cut_back()

    def forget(self) -> None:
        """Lets go of the batch."""
        self.good = self._fresh = self._households = _NOTHING_KNOWN
        self._marks = ()
        if self._writing:  # the batch did not come about
            with suppress(LakeError, OSError):
                discard(self._writing.result())
            self._writing = None

    def _find_known(self, lines: Versions) -> pa.Table:
        """All known versions, of the rounds at hand, of those persons of whom something may be known in them."""
        self._settle()
        from_at = self._round_down(from_microseconds(lines.registered_us.min()))
        until_at = self._round_up(from_microseconds(lines.registered_us.max()))
        self._widen(from_at)
        self._marks = _mark(lines)
        is_wanted = np.logical_or(*(self._seen.may_hold(marks) for marks in self._marks))
        return self._store.find(lines.token_high[is_wanted], to_microseconds(from_at), to_microseconds(until_at))

    def _find_households(self, known: pa.Table, merged: Merged) -> pa.Table:
        """Of which households it changes when their rounds first saw them: when that was and is."""
        if merged.new.is_counted.all():
            with _lend(self._connection, fresh=self._fresh):
                return self._connection.execute(HOUSEHOLDS).to_arrow_table()
        with (
            self._lend_versions(),
            _lend(self._connection, fresh=self._fresh, known=known, gone=_list_gone(merged)),
        ):
            return self._connection.execute(HOUSEHOLDS_WITHDRAWN).to_arrow_table()

    def _read_households(self) -> Households:
        round_no, household_no = (self._households[name].to_numpy() for name in ("round_no", "household_no"))
        known_us, seen_us = (
            self._households[name].cast(pa.int64()).fill_null(NO_TIME).to_numpy() for name in ("known_at", "seen_at")
        )
        return Households(round_no, self._household_grids[household_no], known_us, seen_us)

    def _sum(self, lines: Versions, merged: Merged) -> dict[str, pa.Table]:
        """What the batch changes in the roll-ups, by numbers."""
        return {
            "event_sum": _lay(sum_lines(lines, merged), "file_no bucket", "line_count"),
            "site_sum": _lay(
                sum_site_changes(merged), "bucket site_no channel_no", "registered_count sampled_count waited_us"
            ),
            "round_sum": _lay(
                sum_round_changes(merged), "round_no site_no unit_no channel_no", "registered_count sampled_count"
            ),
            "grid_sum": _lay(
                sum_grid_changes(find_sights(merged, self._is_reporting), self._read_households()),
                "bucket grid_no round_no",
                "registered_person_count covered_person_count seen_household_count",
            ),
        }

    def _count_lines(self, good: pa.Table, lines: Versions, merged: Merged) -> None:
        """Adds to `line_count` what became of each file's lines."""
        file_no = lines.file_no
        count = int(file_no.max()) + 1
        first_us, last_us = np.full(count, np.iinfo(np.int64).max), np.full(count, NO_TIME)
        np.minimum.at(first_us, file_no, lines.registered_us)
        np.maximum.at(last_us, file_no, np.maximum(lines.registered_us, lines.sampled_us))
        good_count = np.bincount(file_no, minlength=count)
        duplicate_count = np.bincount(file_no[merged.is_duplicate], minlength=count)
        accepted_count = np.bincount(merged.first_line_id[~merged.was_known] >> 32, minlength=count)
        unknown_count = np.bincount(file_no[good["is_unknown_household"].to_numpy()], minlength=count)
        of_file = np.flatnonzero(good_count)
        line_sum = {
            "file_no": pa.array(of_file),
            "accepted_count": accepted_count[of_file],
            "corrected_count": (good_count - duplicate_count - accepted_count)[of_file],
            "duplicate_count": duplicate_count[of_file],
            "first_event_at": pa.array(first_us[of_file]).cast(MOMENT),
            "last_event_at": pa.array(last_us[of_file]).cast(MOMENT),
            "unknown_household_count": pa.array(unknown_count[of_file], mask=unknown_count[of_file] == 0),
        }
        with _lend(self._connection, line_sum=pa.table(line_sum)):
            self._connection.execute("insert into line_count by name from line_sum")

    def _mirror(self, versions: pa.Table, marks: Marks) -> None:
        """Takes versions into the mirror, with the marks of their persons and registrations."""
        self._note(marks)
        self._store.add(versions)

    def _note(self, marks: Marks) -> None:
        for of_kind in marks:
            self._seen.note(of_kind)

    def _cut_back(self) -> None:
        """Lets go of the mirror's oldest versions, if whole rounds are older than MIRROR_DAYS."""
        cut = self._round_down(from_microseconds(self._store.last_us) - timedelta(days=MIRROR_DAYS))
        if cut <= self._from_at:
            return
        self._from_at = cut
        self._store.forget_before(to_microseconds(cut))
        self._seen = Seen()
        for versions in self._store:
            self._note(_mark(read_versions(versions)))
        self._sum_households()

    def _sum_households(self) -> None:
        with self._lend_versions():
            self._connection.execute(SUM_HOUSEHOLDS)

    @contextmanager
    def _lend_versions(self) -> Iterator[None]:
        """Lets the engine read all versions once, as `version`, and those that withdraw a row, as `withdrawn`."""
        withdrawn = [versions.filter(versions["is_withdrawn"]) for versions in self._store]
        with _lend(
            self._connection,
            version=self._store.read(),
            withdrawn=pa.concat_tables([*withdrawn, _NOTHING_KNOWN]),
        ):
            yield

    def _widen(self, from_at: datetime) -> None:
        """Fetches older versions from the lake when a late line asks for them."""
        if from_at >= self._from_at:
            return
        self._fetch(from_at, self._from_at - timedelta(microseconds=1))
        self._from_at = from_at
        self._sum_households()

    def _fetch(self, from_at: datetime, last_at: datetime) -> None:
        """Mirrors the lake's versions from one moment to another, both included, hour by hour."""
        while from_at <= last_at:
            until_at = min(from_at + LOAD_STEP, last_at + timedelta(microseconds=1))
            if not self._fetch_span(from_at, until_at):  # a night, or a year
                until_at = _one(self._connection, NEXT_VERSION, {"from_at": until_at, "last_at": last_at})
                if until_at is None:
                    break
            from_at = until_at

    def _fetch_span(self, from_at: datetime, until_at: datetime) -> int:
        """Mirrors the lake's versions from the one moment on and before the other; gives their number."""
        fetched = self._connection.execute(FETCH_VERSIONS, {"from_at": from_at, "until_at": until_at}).to_arrow_table()
        if fetched.num_rows:
            halves = np.frombuffer(b"".join(fetched["person_token"].to_pylist()), ">u8").astype(np.uint64)
            fetched = fetched.append_column("token_high", pa.array(halves[0::2]))
            fetched = fetched.append_column("token_low", pa.array(halves[1::2]))
            self._mirror(fetched, _mark(read_versions(fetched)))
        return int(fetched.num_rows)

    def _round_down(self, moment: datetime) -> datetime:
        """The moment, or the start of the earliest round that was open then, so that no round is cut in two."""
        start = _one(
            self._connection,
            "select min(starts_at) from mirror.ref_round where starts_at <= ? and closes_at > ?",
            [moment, moment],
        )
        return self._round_down(start) if start and start < moment else moment

    def _round_up(self, moment: datetime) -> datetime:
        """Just after the moment, or the close of the last round that was open then."""
        close = _one(
            self._connection,
            "select max(closes_at) from mirror.ref_round where starts_at <= ? and closes_at > ?",
            [moment, moment],
        )
        return max(close, moment + timedelta(microseconds=1)) if close else moment + timedelta(microseconds=1)


def _mark(versions: Versions) -> Marks:
    return (
        mark_persons(versions.token_high, versions.round_no),
        mark_registrations(versions.token_low, versions.site_no, versions.registered_us),
    )


def _number_lines(rows: pa.Table) -> np.ndarray:
    numbers: np.ndarray = rows["file_no"].to_numpy().astype(np.int64) << 32 | rows["line_no"].to_numpy()
    return numbers


def _lay(sums: Sums, keys: str, names: str) -> pa.Table:
    """The sums as a table, with names for the parts of the key and for the sums."""
    return pa.table(dict(zip(keys.split() + names.split(), (*sums.keys, *sums.sums), strict=True)))


def _name_all(places: pa.ChunkedArray, codes: pa.Array) -> pa.ChunkedArray:
    """The codes at these places, as a column that holds each of them once."""
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(chunk, codes) for chunk in places.chunks],
        pa.dictionary(pa.int32(), pa.string()),
    )


def _list_gone(merged: Merged) -> pa.Table:
    """The registrations that are withdrawn."""
    is_gone = ~merged.new.is_counted
    return pa.table(
        {
            "token_high": merged.token_high[is_gone],
            "token_low": merged.token_low[is_gone],
            "site_no": merged.site_no[is_gone],
            "registered_at": pa.array(merged.registered_us[is_gone]).cast(MOMENT),
            "was_counted": merged.old.is_counted[is_gone],
        }
    )


def _read_reporting(connection: duckdb.DuckDBPyConnection) -> np.ndarray:
    """By site number whether the site tells when somebody was sampled."""
    rows = connection.execute(
        "select coalesce(is_sampling_reported, false) from mirror.ref_site order by site_no"
    ).fetchall()
    return np.array([False, *(row[0] for row in rows)])


def _read_codes(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Array:
    """The codes of a mirrored table, in the order of their numbers, which count from 1."""
    column = "channel" if name == "channel" else f"{name}_code"
    found = connection.execute(f"select {column} from mirror.ref_{name} order by {name}_no").to_arrow_table()
    return found[column].combine_chunks()


def _one(connection: duckdb.DuckDBPyConnection, statement: str, values: object = None):  # type: ignore[no-untyped-def]
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None
