"""Which lines of a batch fall into what was erased: they are set aside, so that nobody comes back or counts twice.

`lake.erasure` says what was destroyed. A line is erased by its time, or by the round it belongs to: the narrowest that
is open in its grid, as everywhere. Where an erased round is no longer in the reference, its time alone decides.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

LOAD_ERASED = """
create or replace table mirror.erased_until as
select max(until_at) as until_at from lake.erasure where scope in ('before', 'all', 'key');
create or replace table mirror.erased_span as
with erased as (
    select round_code from lake.erasure where scope = 'round'
    union
    -- a round cut in two takes no more lines: who was counted in the part destroyed is known no longer
    select r.round_code from mirror.ref_round as r
    inner join lake.erasure as e on e.scope = 'before' and r.starts_at < e.until_at and e.until_at < r.closes_at
)
select s.grid_no, p.point_at as from_at, n.point_at as until_at
from mirror.round_span as s
inner join mirror.ref_round as r on r.round_no = s.round_no
inner join erased as e on e.round_code = r.round_code
inner join mirror.round_point as p on p.interval_no = s.interval_no
inner join mirror.round_point as n on n.interval_no = s.interval_no + 1
union all
select g.grid_no, e.from_at, e.until_at
from lake.erasure as e cross join mirror.ref_grid as g
where e.scope = 'round' and not exists (select 1 from mirror.ref_round as r where r.round_code = e.round_code);
"""
MARK_ERASED = """
update checked_registration as c set reason = 'erased', column_name = 'registered_at'
where coalesce(c.registered_at < $until_at, false)
    or exists (
        select 1 from mirror.erased_span as s
        where s.grid_no = c.grid_no and c.registered_at >= s.from_at and c.registered_at < s.until_at
    )
"""


def load_erased(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Mirrors what was erased; gives the moment from which on no line can be, None when nothing ever was.

    Call it after `load_reference`.
    """
    connection.execute(LOAD_ERASED)
    row = connection.execute(
        "select greatest((select until_at from mirror.erased_until), (select max(until_at) from mirror.erased_span))"
    ).fetchone()
    return row[0] if row else None


def mark_erased(connection: duckdb.DuckDBPyConnection, erased_until: datetime) -> None:
    """Gives the lines of `checked_registration` that fall into what was erased the reason `erased`, good or not.

    A line that fails another check too must not be kept to be taken again: it would be a copy of what was destroyed.
    """
    row = connection.execute("select min(registered_at) from checked_registration").fetchone()
    if row and row[0] is not None and row[0] < erased_until:
        until = connection.execute("select until_at from mirror.erased_until").fetchone()
        connection.execute(MARK_ERASED, {"until_at": until[0] if until else None})
