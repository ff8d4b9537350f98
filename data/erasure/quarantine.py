"""Which quarantined lines an erasure takes: each by its own time and place, as far as its sealed cells tell them.

A file may hold lines of several rounds: those of the others stay sealed, and can still be checked again. A line whose cells
are lost or tell no time goes with its file.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from data.erasure.scope import Scope
from data.ingest.moments import moment_macros, time_sql
from data.ingest.sealing import Sealer
from data.settings import Settings

CELLS = ("registered_at", "site_code", "household_code", "residence_grid_code")
JUDGE = f"""
create or replace temp table judged_line as
select l.ingest_no, l.line_no, m.registered_at is null as is_unknown,
    coalesce(m.registered_at >= $from_at and m.registered_at < $until_at, false) and (
        $round_code is null or c.community_code is null
        or not exists (select 1 from lake.round_community where round_code = $round_code)
        or exists (
            select 1 from lake.round_community as r
            where r.round_code = $round_code and r.community_code = c.community_code
        )
    ) as is_erased
from sealed_cell as l
left join lake.site as s on s.site_code = l.site_code
left join lake.household as h on h.household_code = l.household_code
left join lake.grid as g on g.grid_code = l.residence_grid_code
left join lake.grid as c on c.grid_code = coalesce(g.grid_code, h.grid_code, s.grid_code)
cross join lateral (select {time_sql("l.registered_at")} as registered_at) as m
"""
JUDGED_NONE = (
    "create or replace temp table judged_line (ingest_no bigint, line_no bigint, is_unknown boolean, is_erased boolean)"
)
FIND_LINES = """
create or replace temp table erased_line as
select q.ingest_no, q.line_no, q.feed_code, q.log_kind, q.reason, q.sealed_file, q.sealed_no
from lake.quarantine as q
left join judged_line as j on j.ingest_no = q.ingest_no and j.line_no = q.line_no
where q.log_kind = 'registration' and not $is_key and (
    $is_all or q.reason = 'erased' or j.is_erased
    or (coalesce(j.is_unknown, true) and q.ingest_no in (
        select f.ingest_no from lake.ingest_file as f semi join erased_log as e on e.file_sha256 = f.file_sha256
    ))
)
"""
DELETE_LINES = """
insert into lake.erased_quarantine select feed_code, log_kind, reason, count(*) from erased_line group by all;
insert into lake.erased_quarantine
select feed_code, log_kind, reason, -count(*) from lake.quarantine_release
where (ingest_no, line_no) in (select (ingest_no, line_no) from erased_line) group by all;
delete from lake.quarantine where (ingest_no, line_no) in (select (ingest_no, line_no) from erased_line);
delete from lake.quarantine_release where (ingest_no, line_no) in (select (ingest_no, line_no) from erased_line);
"""
"""What was released from quarantine is no longer counted there: both sides of the sum go into the totals."""


def judge_lines(settings: Settings, connection: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """Makes `judged_line`: of every sealed registration line whether it falls into the scope, or tells no time."""
    connection.execute(JUDGED_NONE)
    if scope.kind not in ("round", "before"):
        return
    cells = pa.concat_tables([_NO_CELLS, *_open_cells(settings, connection)])
    connection.execute(moment_macros(settings.timezone))
    connection.register("sealed_cell", cells)
    connection.execute(JUDGE, {"from_at": scope.from_at, "until_at": scope.until_at, "round_code": scope.round_code})
    connection.unregister("sealed_cell")


def find_lines(connection: duckdb.DuckDBPyConnection, scope: Scope) -> dict[str, list[int]]:
    """Makes `erased_line` of `judged_line` and `erased_log`; gives their places in sealed files."""
    connection.execute(FIND_LINES, {"is_all": scope.kind == "all", "is_key": scope.kind == "key"})
    rows = connection.execute(
        "select sealed_file, list(sealed_no) from erased_line where sealed_file is not null group by all order by 1"
    ).fetchall()
    return dict(rows)


_NO_CELLS = pa.schema(
    [("ingest_no", pa.int64()), ("line_no", pa.int64()), *((name, pa.string()) for name in CELLS)]
).empty_table()


def _open_cells(settings: Settings, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    """What the sealed files say of when and where, a table for each file that can be opened."""
    sealer = Sealer(settings)
    files = connection.execute(
        """
        select sealed_file, list(sealed_no order by sealed_no), list(ingest_no order by sealed_no), list(line_no order by sealed_no)
        from lake.quarantine where sealed_file is not null and log_kind = 'registration' group by all order by 1
        """
    ).fetchall()
    for name, places, ingest_nos, line_nos in files:
        if not (settings.quarantine_dir / name).is_file():
            continue
        table = sealer.open(name)
        if table is not None:
            rows = table.take(places)
            columns = [
                rows[cell].cast(pa.string()) if cell in rows.column_names else pa.nulls(len(places), pa.string())
                for cell in CELLS
            ]
            yield pa.table(
                [pa.array(ingest_nos, pa.int64()), pa.array(line_nos, pa.int64()), *columns], schema=_NO_CELLS.schema
            )
