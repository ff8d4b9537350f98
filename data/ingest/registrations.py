"""What a batch of good registration lines adds: new versions, and the changes they make to every roll-up.

Everything is computed from one fact table, the versions: what the persons of this batch looked like before, what they
look like with it, and the difference. So no roll-up can depend on the order of arrival.

The versions of recent rounds are mirrored in a scratch file, packed, 40 bytes a version (10 million: 400 MB, of which as
much is in memory as the engine's limit allows); older ones stay in the lake until a late line needs them. In plain memory
they took 105 bytes each, and probing cost the same.
"""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from data.lake import BUCKET, Lake

MIRROR_DAYS = 2
"""At start, versions of so many days before the newest are mirrored."""
MIRROR_ROWS_MAX = 8_000_000
"""With more than this (about 0.3 GB) the mirror is cut back to MIRROR_DAYS, or to the rounds that were open then."""
PACK_ROWS = 500_000
"""So many new versions lie unpacked in memory (about 50 MB) before they are packed into the scratch file."""
LOAD_STEP = timedelta(hours=1)
"""The versions of so long are mirrored at a time: what lies unpacked is bounded, whatever a day brought."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_OPENED = itertools.count(1)

CONTENT_HASH = (
    "hash(site_no, registered_at, sampled_at, unit_no, household_no, grid_no, channel_no, tube_code, is_withdrawn)"
)
"""64 bits, compared only between versions of one person."""

VERSION_TABLE = """
create or replace table scratch.version (
    token uhugeint, registered_at timestamptz, sampled_at timestamptz, content ubigint, household_no integer,
    site_no integer, grid_no integer, round_no integer, unit_no integer, channel_no integer, is_withdrawn boolean)
"""
LOAD_VERSIONS = f"""
insert into scratch.version
select token, registered_at, sampled_at, {CONTENT_HASH}, household_no, site_no, grid_no, round_no, unit_no, channel_no, is_withdrawn
from (
    select v.person_token::bit::uhugeint as token, v.registered_at, v.sampled_at, h.household_no, s.site_no, g.grid_no, r.round_no,
        v.unit_no, c.channel_no, v.tube_code, coalesce(v.is_withdrawn, false) as is_withdrawn
    from lake.registration_version as v
    left join mirror.ref_site as s on s.site_code = v.site_code
    left join mirror.ref_household as h on h.household_code = v.household_code
    left join mirror.ref_grid as g on g.grid_code = v.grid_code
    left join mirror.ref_round as r on r.round_code = v.round_code
    left join mirror.ref_channel as c on c.channel = v.channel
    where v.registered_at >= $from_at and v.registered_at < $until_at
)
"""
# `known`: all versions, of the rounds at hand, of the persons of this batch. A hash join built on the batch; the mirror's
# row groups outside the window are skipped by their time range.
FIND_KNOWN = """
create or replace temp table known as
select v.* from scratch.version as v
semi join fresh as f on f.token = v.token
where v.registered_at >= $from_at and v.registered_at < $until_at
"""
# Hardly any registration has a second line, in a batch or before, and hardly anyone a second one in a round. Only the lines of
# which either holds are compared and grouped; every other line is a version, a registration and the round's one sight of
# its person, whatever else that person does in other rounds. Which lines of a batch share either is known of those that are
# right at sight (`at_sight`); the few others are compared with all. Told by 64 bits of each: should two differ and share
# them, a line is compared for nothing.
_PERSON, _REGISTRATION = "hash(token, round_no)", "hash(token, site_no, registered_at)"
MARK_AGAIN = f"""
with other as materialized (
    select token, round_no, site_no, registered_at from known
    union all
    select token, round_no, site_no, registered_at from fresh where not is_alone
)
update fresh set is_alone = false
where is_alone and (
    {_PERSON} in (select {_PERSON} from other where round_no is not null)
    or {_REGISTRATION} in (select {_REGISTRATION} from other)
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
# A token is made of its halves only here: the engine's arrow tables know no number of 128 bits.
_GOOD = f"""
select file_no, (file_no::bigint << 32) | line_no as line_id, token, site_no, registered_at, sampled_at, unit_no, household_no,
    household_code, grid_no, channel_no, tube_code, round_no, is_withdrawn, is_unknown_household, is_alone, {CONTENT_HASH} as content
"""
GATHER_RIGHT = f"""
create or replace temp table fresh as {_GOOD}
from (
    select *, token_high::uhugeint * 18446744073709551616::uhugeint + token_low as token, false as is_withdrawn from right_line
)
"""
ADD_CHECKED = f"""
insert into fresh {_GOOD} from (select *, false as is_alone from checked_registration where reason is null)
"""
COUNT_GOOD = """
create or replace temp table good_count as
select file_no, count(*) as line_count, min(registered_at) as first_event_at, greatest(max(registered_at), max(sampled_at)) as last_event_at
from fresh group by file_no
"""
DROP_DUPLICATES = """
delete from fresh where line_id in (
    select line_id from (select * from fresh where not is_alone) as f
    semi join known as k on k.token = f.token and k.content = f.content
    union all
    select line_id from fresh where not is_alone qualify line_id > min(line_id) over (partition by token, content)
)
"""
MERGE = """
create or replace temp table merged_again as
select
    token, site_no, registered_at,
    bool_or(is_known) as was_known,
    bool_or(is_known) and not coalesce(bool_or(is_withdrawn) filter (is_known), false) as was_counted,
    not bool_or(is_withdrawn) as is_counted,
    min(line_id) as line_id,
    max(sampled_at) filter (is_known) as old_sampled_at, max(sampled_at) as new_sampled_at,
    max(unit_no) filter (is_known) as old_unit_no, max(unit_no) as new_unit_no,
    max(grid_no) filter (is_known) as old_grid_no, max(grid_no) as new_grid_no,
    max(round_no) filter (is_known) as old_round_no, max(round_no) as new_round_no,
    coalesce(max(channel_no) filter (is_known), 3) as old_channel_no, coalesce(max(channel_no), 3) as new_channel_no
from (
    select token, site_no, registered_at, sampled_at, unit_no, grid_no, round_no, channel_no, is_withdrawn,
        true as is_known, null as line_id
    from known semi join (select token from fresh where not is_alone) as f on f.token = known.token
    union all
    select token, site_no, registered_at, sampled_at, unit_no, grid_no, round_no, channel_no, is_withdrawn, false, line_id
    from fresh where not is_alone
)
group by token, site_no, registered_at
"""
# Every registration that the batch touches, as it was and as it is.
MERGED = """merged as not materialized (
    select token, site_no, registered_at, false as was_known, false as was_counted, not is_withdrawn as is_counted, line_id,
        null::timestamptz as old_sampled_at, sampled_at as new_sampled_at, null::integer as old_unit_no, unit_no as new_unit_no,
        null::integer as old_grid_no, grid_no as new_grid_no, null::integer as old_round_no, round_no as new_round_no,
        3 as old_channel_no, coalesce(channel_no, 3) as new_channel_no
    from fresh where is_alone
    union all
    select * from merged_again
)"""
SITE_BUCKETS = f"""
create or replace temp table site_bucket_change as
with {MERGED}
select d.bucket_start_at, s.site_code, c.channel, d.registered_count, d.sampled_count, d.waited_count, d.wait_s_sum
from (
select bucket_start_at, site_no, channel_no, sum(registered)::bigint as registered_count, sum(sampled)::bigint as sampled_count,
    sum(sampled)::bigint as waited_count, sum(wait_s) as wait_s_sum
from (
    select {BUCKET.format(moment="registered_at")} as bucket_start_at, site_no, new_channel_no as channel_no,
        1 as registered, 0 as sampled, 0.0::double as wait_s
    from merged where is_counted and (not was_counted or new_channel_no != old_channel_no)
    union all
    select {BUCKET.format(moment="registered_at")}, site_no, old_channel_no, -1, 0, 0
    from merged where was_counted and (not is_counted or new_channel_no != old_channel_no)
    union all
    select {BUCKET.format(moment="new_sampled_at")}, site_no, new_channel_no, 0, 1, epoch(new_sampled_at) - epoch(registered_at)
    from merged where is_counted and new_sampled_at is not null
        and (not was_counted or old_sampled_at is distinct from new_sampled_at or new_channel_no != old_channel_no)
    union all
    select {BUCKET.format(moment="old_sampled_at")}, site_no, old_channel_no, 0, -1, epoch(registered_at) - epoch(old_sampled_at)
    from merged where was_counted and old_sampled_at is not null
        and (not is_counted or old_sampled_at is distinct from new_sampled_at or new_channel_no != old_channel_no)
)
group by bucket_start_at, site_no, channel_no
having sum(registered) != 0 or sum(sampled) != 0 or sum(wait_s) != 0
) as d
inner join mirror.ref_site as s on s.site_no = d.site_no
inner join mirror.ref_channel as c on c.channel_no = d.channel_no
"""
ROUND_UNITS = f"""
create or replace temp table round_unit_change as
with {MERGED}
select r.round_code, s.site_code, d.unit_no, c.channel, d.registered_count, d.sampled_count
from (
select round_no, site_no, unit_no, channel_no, sum(registered)::bigint as registered_count, sum(sampled)::bigint as sampled_count
from (
    select new_round_no as round_no, site_no, new_unit_no as unit_no, new_channel_no as channel_no, 1 as registered,
        (new_sampled_at is not null)::integer as sampled
    from merged where is_counted and line_id is not null
    union all
    select old_round_no, site_no, old_unit_no, old_channel_no, -1, -(old_sampled_at is not null)::integer
    from merged where was_counted and line_id is not null
)
group by round_no, site_no, unit_no, channel_no
having sum(registered) != 0 or sum(sampled) != 0
) as d
inner join mirror.ref_round as r on r.round_no = d.round_no
inner join mirror.ref_site as s on s.site_no = d.site_no
inner join mirror.ref_channel as c on c.channel_no = d.channel_no
"""
# A household is seen when any line of the round names it, of a row that is not withdrawn. When it was first seen is kept
# beside the versions.
HOUSEHOLDS = """
create or replace temp table household_change as
select n.round_no, n.household_no, s.seen_at as known_at, n.registered_at as seen_at
from (
    select round_no, household_no, min(registered_at) as registered_at
    from fresh where round_no is not null and household_no is not null group by round_no, household_no
) as n
left join mirror.household_seen as s on s.round_no = n.round_no and s.household_no = n.household_no
where s.seen_at is null or n.registered_at < s.seen_at
"""
# Where some row is withdrawn by now: the versions are looked through for the households of which one is withdrawn just now.
HOUSEHOLDS_WITHDRAWN = f"""
create or replace temp table household_change as
with {MERGED},
gone as materialized (select token, site_no, registered_at, was_counted from merged where not is_counted),
named as materialized (
    select f.round_no, f.household_no, min(f.registered_at) as registered_at
    from fresh as f
    anti join gone as w on w.token = f.token and w.site_no = f.site_no and w.registered_at = f.registered_at
    where f.round_no is not null and f.household_no is not null
    group by f.round_no, f.household_no
),
lost as materialized (
    select distinct v.round_no, v.household_no
    from known as v
    semi join (select * from gone where was_counted) as w
        on w.token = v.token and w.site_no = v.site_no and w.registered_at = v.registered_at
    where v.round_no is not null and v.household_no is not null
),
kept as (
    select v.round_no, v.household_no, min(v.registered_at) as registered_at
    from scratch.version as v
    inner join lost as l on l.round_no = v.round_no and l.household_no = v.household_no
    anti join (
        select token, site_no, registered_at from scratch.version where is_withdrawn
        union all select token, site_no, registered_at from gone
    ) as w on w.token = v.token and w.site_no = v.site_no and w.registered_at = v.registered_at
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
from scratch.version as v
anti join (select token, site_no, registered_at from scratch.version where is_withdrawn) as w
    on w.token = v.token and w.site_no = v.site_no and w.registered_at = v.registered_at
where v.round_no is not null and v.household_no is not null
group by v.round_no, v.household_no
"""
REMEMBER_HOUSEHOLDS = """
delete from mirror.household_seen as s using household_change as c
where c.round_no = s.round_no and c.household_no = s.household_no and c.known_at is not null;
insert into mirror.household_seen select round_no, household_no, seen_at from household_change where seen_at is not null;
"""
# The person's grid is that of the earliest registration, ties by site: time, site and grid packed into one number, whose
# minimum is found faster than an arg_min over a struct. Only those of whom there is more than one line are grouped.
GRID_BUCKETS = f"""
create or replace temp table grid_bucket_change as
with state as (
    select token, new_round_no as round_no, 1 as sign, site_no, registered_at, new_grid_no as grid_no, new_sampled_at as sampled_at
    from merged_again where is_counted and new_round_no is not null
    union all
    select token, old_round_no, -1, site_no, registered_at, old_grid_no, old_sampled_at
    from merged_again where was_counted and old_round_no is not null
),
person as materialized (
    select f.round_no, 1 as sign, f.grid_no, f.registered_at,
        case when s.is_sampling_reported then f.sampled_at else coalesce(f.sampled_at, f.registered_at) end as covered_at
    from fresh as f inner join mirror.ref_site as s on s.site_no = f.site_no
    where f.is_alone and not f.is_withdrawn and f.round_no is not null
    union all
    select t.round_no, t.sign,
        (min((epoch_us(t.registered_at)::hugeint << 44) + (t.site_no::hugeint << 24) + t.grid_no) & 16777215)::integer,
        min(t.registered_at), min(case when s.is_sampling_reported then t.sampled_at else coalesce(t.sampled_at, t.registered_at) end)
    from state as t inner join mirror.ref_site as s on s.site_no = t.site_no group by t.round_no, t.token, t.sign
)
select d.bucket_start_at, g.grid_code, r.round_code, d.registered_person_count, d.covered_person_count, d.seen_household_count
from (
select bucket_start_at, grid_no, round_no, sum(registered)::bigint as registered_person_count,
    sum(covered)::bigint as covered_person_count, sum(seen)::bigint as seen_household_count
from (
    select {BUCKET.format(moment="registered_at")} as bucket_start_at, grid_no, round_no, sign as registered, 0 as covered, 0 as seen
    from person
    union all
    select {BUCKET.format(moment="covered_at")}, grid_no, round_no, 0, sign, 0
    from person where covered_at is not null
    union all
    select {BUCKET.format(moment="h.seen_at")}, n.grid_no, h.round_no, 0, 0, 1
    from household_change as h inner join mirror.ref_household as n on n.household_no = h.household_no where h.seen_at is not null
    union all
    select {BUCKET.format(moment="h.known_at")}, n.grid_no, h.round_no, 0, 0, -1
    from household_change as h inner join mirror.ref_household as n on n.household_no = h.household_no where h.known_at is not null
)
group by bucket_start_at, grid_no, round_no
having sum(registered) != 0 or sum(covered) != 0 or sum(seen) != 0
) as d
inner join mirror.ref_grid as g on g.grid_no = d.grid_no
inner join mirror.ref_round as r on r.round_no = d.round_no
"""
COUNT_LINES = f"""
insert into line_count
with {MERGED}
select g.file_no, coalesce(a.line_count, 0) as accepted_count, coalesce(f.line_count, 0) - coalesce(a.line_count, 0) as corrected_count,
    g.line_count - coalesce(f.line_count, 0) as duplicate_count, g.first_event_at, g.last_event_at
from good_count as g
left join (select file_no, count(*) as line_count from fresh group by file_no) as f on f.file_no = g.file_no
left join (
    select (line_id >> 32)::integer as file_no, count(*) as line_count from merged where not was_known and line_id is not null group by all
) as a on a.file_no = g.file_no
"""
INSERT_VERSIONS = """
insert into lake.registration_version
select s.site_code, f.token::bit::blob, f.registered_at, f.sampled_at, f.unit_no, f.household_code, g.grid_code, c.channel, f.tube_code,
    r.round_code, b.feed_code, b.ingest_no, $received_at, f.is_withdrawn
from fresh as f
inner join batch_file as b on b.file_no = f.file_no
inner join mirror.ref_site as s on s.site_no = f.site_no
left join mirror.ref_grid as g on g.grid_no = f.grid_no
left join mirror.ref_channel as c on c.channel_no = f.channel_no
left join mirror.ref_round as r on r.round_no = f.round_no
"""
NEXT_VERSION = """
select min(registered_at) from lake.registration_version where registered_at >= $from_at and registered_at <= $last_at
"""
REMEMBER_VERSIONS = """
insert into scratch.version
select token, registered_at, sampled_at, content, household_no, site_no, grid_no, round_no, unit_no, channel_no, is_withdrawn
from fresh
"""


class VersionMirror:
    """The versions of recent rounds, and the changes that a batch makes to the roll-ups."""

    def __init__(self, lake: Lake) -> None:
        self._connection = lake.connection
        self._home = lake.settings.home
        self._from_at = EARLIEST
        self._unpacked_rows = 0

    def load(self) -> None:
        """Mirrors the versions of the last days; call after the reference mirrors."""
        self._open_scratch()
        newest = _one(
            self._connection, "select max(last_event_at) from lake.ingest_file where log_kind = 'registration'"
        )
        self._from_at = self._round_down(newest - timedelta(days=MIRROR_DAYS)) if newest else EARLIEST
        self._connection.execute(VERSION_TABLE)
        if newest:
            self._fetch(self._from_at, newest)
            self._connection.execute(
                LOAD_VERSIONS,
                {"from_at": newest + timedelta(microseconds=1), "until_at": datetime(2100, 1, 1, tzinfo=UTC)},
            )
            self._pack()
        self._connection.execute(SUM_HOUSEHOLDS)

    def place(self, checked: str, latest_at: datetime) -> None:
        """Makes `checked_registration` of what `checked` selects, its parameter being `latest_at`."""
        self._connection.execute(PLACE_IN_ROUNDS.format(checked=checked), {"latest_at": latest_at})

    def gather(self, right: pa.Table, *, has_checked: bool) -> None:
        """Makes `fresh` of the lines that are right at sight, and of those in `checked_registration`, if any, that are good."""
        self._connection.register("right_line", right)
        try:
            self._connection.execute(GATHER_RIGHT)
            if has_checked:
                self._connection.execute(ADD_CHECKED)
        finally:
            self._connection.unregister("right_line")

    def classify(self) -> bool:
        """Compares `fresh` with what is known, makes `merged_again`, and the changes of every roll-up; False when no line is good.

        Afterwards `line_count` holds accepted, corrected and duplicate lines of each file.
        """
        connection = self._connection
        bounds = connection.execute("select min(registered_at), max(registered_at) from fresh").fetchone()
        if not bounds or bounds[0] is None:
            return False
        window = {"from_at": self._round_down(bounds[0]), "until_at": self._round_up(bounds[1])}
        self._widen(window["from_at"])
        connection.execute(FIND_KNOWN, window)
        connection.execute(MARK_AGAIN)
        connection.execute(COUNT_GOOD)
        connection.execute(DROP_DUPLICATES)
        connection.execute(MERGE)
        connection.execute(COUNT_LINES)
        connection.execute(SITE_BUCKETS)
        connection.execute(ROUND_UNITS)
        is_some_withdrawn = _one(connection, "select count(*) from merged_again where not is_counted") or _one(
            connection, "select count(*) from fresh where is_withdrawn"
        )
        connection.execute(HOUSEHOLDS_WITHDRAWN if is_some_withdrawn else HOUSEHOLDS)
        connection.execute(GRID_BUCKETS)
        return True

    def remember(self) -> None:
        """After the commit: the batch's new versions are known from now on."""
        self._connection.execute(REMEMBER_HOUSEHOLDS)
        inserted = self._connection.execute(REMEMBER_VERSIONS).fetchone()
        self._unpacked_rows += int(inserted[0]) if inserted else 0
        if self._unpacked_rows > PACK_ROWS:
            self._pack()
        if _one(self._connection, "select count(*) from scratch.version") > MIRROR_ROWS_MAX:
            newest = _one(self._connection, "select max(registered_at) from scratch.version")
            cut = self._round_down(newest - timedelta(days=MIRROR_DAYS))
            if cut > self._from_at:
                self._from_at = cut
                self._connection.execute(
                    "create or replace table scratch.version as from scratch.version where registered_at >= ?", [cut]
                )

    def _widen(self, from_at: datetime) -> None:
        """Fetches older versions from the lake when a late line asks for them."""
        if from_at >= self._from_at:
            return
        self._fetch(from_at, self._from_at - timedelta(microseconds=1))
        self._from_at = from_at
        self._connection.execute(SUM_HOUSEHOLDS)

    def _fetch(self, from_at: datetime, last_at: datetime) -> None:
        """Mirrors the lake's versions from one moment to another, both included, hour by hour."""
        while from_at <= last_at:
            until_at = min(from_at + LOAD_STEP, last_at + timedelta(microseconds=1))
            row = self._connection.execute(LOAD_VERSIONS, {"from_at": from_at, "until_at": until_at}).fetchone()
            found = int(row[0]) if row else 0
            self._unpacked_rows += found
            if self._unpacked_rows > PACK_ROWS:
                self._pack()
            if not found:  # a night, or a year
                until_at = _one(self._connection, NEXT_VERSION, {"from_at": until_at, "last_at": last_at})
                if until_at is None:
                    break
            from_at = until_at

    def _open_scratch(self) -> None:
        """Attaches an empty scratch file that has no name any more: it vanishes with the process, however that ends.

        Never under the name of the one before: a transaction that a lost connection left open may still hold that.
        """
        path = self._home / f".versions.{os.getpid()}.{next(_OPENED)}.duckdb"
        with suppress(duckdb.Error):
            self._connection.execute("detach scratch")
        path.unlink(missing_ok=True)
        quoted = str(path).replace("'", "''")
        self._connection.execute(f"attach '{quoted}' as scratch (recovery_mode no_wal_writes)")
        path.unlink()
        self._unpacked_rows = 0

    def _pack(self) -> None:
        """Packs the newest versions into the scratch file and frees their memory."""
        self._connection.execute("checkpoint scratch")
        self._unpacked_rows = 0

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


def _one(connection: duckdb.DuckDBPyConnection, statement: str, values: object = None):  # type: ignore[no-untyped-def]
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None
