"""What a batch of good staff events, whistles or unit events adds: the lines not known yet.

The whole row is the key of a staff event and of a unit event; a whistle's key is its code, and a line with another
content is a correction. All of them are few (a week of a district: some 200,000) and stay in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class EventKind:
    """A kind of event log: the lake's table, its columns, and those that tell one event from another."""

    name: str
    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    last_event: str

    @property
    def column_list(self) -> str:
        return ", ".join(self.columns)


_STAFF = ("staff_code", "event", "event_at", "post_kind", "post_code", "whistle_code")
_UNIT = ("site_code", "unit_no", "event", "event_at")
_WHISTLE = (
    "whistle_code", "raised_at", "due_at", "closed_at", "place_kind", "place_code", "place_name", "place_name_en", "role", "needed_count",
)  # fmt: skip
EVENT_KINDS = {
    kind.name: kind
    for kind in (
        EventKind("staff_event", "staff_event", _STAFF, _STAFF, "event_at"),
        EventKind("unit_event", "unit_event", _UNIT, _UNIT, "event_at"),
        EventKind("whistle", "whistle_version", _WHISTLE, ("whistle_code",), "greatest(raised_at, closed_at)"),
    )
}


def classify_events(connection: duckdb.DuckDBPyConnection, kind: EventKind) -> None:
    """Makes of `checked_<kind>` the table `fresh_<kind>`, and counts accepted, corrected and duplicate lines by file."""
    same_content = " and ".join(f"k.{column} is not distinct from f.{column}" for column in kind.columns)
    same_key = " and ".join(f"k.{column} is not distinct from f.{column}" for column in kind.key)
    key_list = ", ".join(f"f.{column}" for column in kind.key)
    connection.execute(f"""
        create or replace temp table fresh_{kind.name} as
        with first_line as (
            select {kind.column_list}, min((file_no::bigint << 32) | line_no) as line_id
            from checked_{kind.name} where reason is null group by {kind.column_list}
        )
        select f.*, (f.line_id >> 32)::integer as file_no, {kind.last_event} as last_event_at,
            row_number() over (partition by {key_list} order by f.line_id) = 1
                and not exists (select 1 from mirror.{kind.table} as k where {same_key}) as is_accepted
        from first_line as f
        where not exists (select 1 from mirror.{kind.table} as k where {same_content})
    """)
    connection.execute(f"""
        insert into line_count
        select c.file_no, count(*) filter (f.is_accepted), count(*) filter (not f.is_accepted), count(*) filter (f.line_id is null),
            min(c.event_at), max({kind.last_event}), null
        from checked_{kind.name} as c
        left join (select line_id, is_accepted from fresh_{kind.name}) as f on f.line_id = (c.file_no::bigint << 32) | c.line_no
        where c.reason is null
        group by c.file_no
    """)


def insert_events(connection: duckdb.DuckDBPyConnection, kind: EventKind, received_at: object) -> None:
    """Writes the new events to the lake, within the caller's transaction."""
    columns = ", ".join(f"f.{column}" for column in kind.columns)
    connection.execute(
        f"insert into lake.{kind.table} select {columns}, b.feed_code, b.ingest_no, ?"
        f" from fresh_{kind.name} as f inner join batch_file as b on b.file_no = f.file_no",
        [received_at],
    )


def remember_events(connection: duckdb.DuckDBPyConnection, kind: EventKind) -> None:
    """After the commit: the batch's events are known from now on."""
    connection.execute(f"insert into mirror.{kind.table} select {kind.column_list} from fresh_{kind.name}")
