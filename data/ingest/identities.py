"""Who the lines of a batch are about: each document once, with what is wrong with it and its token.

Needs the key, the closed vocabularies and today's date, and no reference data: so it is done as soon as lines are read, by
another thread than the one that works on the batch before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from data.ingest.documents import document_fault_sql, normal_number_sql
from data.ingest.pseudonym import Key, make_tokens
from data.ingest.reading import LogTable

KIND = "registration"
FIND_PERSONS = f"""
select id_type_cell, id_number_cell, {document_fault_sql("id_type", "number", "body", "$today")} as document_fault,
    coalesce(id_type, '') || ':' || number as text
from (
    select *, try_cast(left(number, 17) as bigint) as body
    from (
        select d.*, w.code as id_type, {normal_number_sql("d.id_number_cell")} as number
        from (
            select distinct coalesce(id_type, 'resident') as id_type_cell, id_number as id_number_cell
            from cell where id_number is not null
        ) as d
        left join mirror.word as w on w.vocabulary = 'id_type' and w.word = d.id_type_cell
    )
)
"""


@dataclass(frozen=True)
class Identities:
    """The documents that lines name, and the key that their tokens were made with."""

    persons: pa.Table
    """`id_type_cell` and `id_number_cell` as the lines have them, `document_fault`, and the token as `token_high`, `token_low`."""
    key: Key


def identify(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[LogTable], key: Key, today: int
) -> Identities | None:
    """The documents of all registrations in these tables; None where there is no registration.

    `today`: the district's date as the integer YYYYMMDD. May be called by another thread than the connection's.
    """
    rows = [table.rows for table in tables if table.kind.name == KIND]
    if not rows:
        return None
    with connection.cursor() as beside:
        beside.register("cell", pa.concat_tables(rows))
        found = beside.execute(FIND_PERSONS, {"today": today}).to_arrow_table()
    high, low = make_tokens(found["text"].cast(pa.binary()).to_pylist(), key)
    persons = found.drop_columns("text")
    return Identities(
        persons.append_column("token_high", pa.array(high)).append_column("token_low", pa.array(low)), key
    )
