"""Who the lines of a batch are about: what is wrong with each line's document, and its token.

Needs the key, the closed vocabularies and today's date, and no reference data: so it is done as soon as lines are read, by
another thread than the one that works on the batch before. Resident numbers without a fault, which nearly all are, are
found a column at a time; all others by the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.columns import read_words
from data.ingest.documents import document_fault_sql, normal_number_sql
from data.ingest.pseudonym import Key, make_tokens
from data.ingest.spellings import find_resident_numbers
from data.ingest.token_memory import TokenMemory

RESIDENT = "resident"
FIND_DOCUMENTS = f"""
select place, {document_fault_sql("id_type", "number", "body", "$today")} as document_fault,
    coalesce(id_type, '') || ':' || number as text
from (
    select *, try_cast(left(number, 17) as bigint) as body
    from (
        select d.place, w.code as id_type, {normal_number_sql("d.id_number")} as number
        from document as d
        left join mirror.word as w on w.vocabulary = 'id_type' and w.word = coalesce(d.id_type, '{RESIDENT}')
    )
)
"""


def remember_tokens(key: Key) -> TokenMemory:
    """An empty memory of residents' tokens, for `identify`."""
    return TokenMemory(key, f"{RESIDENT}:".encode())


@dataclass(frozen=True)
class Identities:
    """The documents that lines name, and the key that their tokens were made with."""

    lines: pa.Table
    """A row for each line, in the lines' order: `document_fault`, and the token as `token_high`, `token_low`; null without a number."""
    key: Key


def identify(connection: duckdb.DuckDBPyConnection, rows: pa.Table, memory: TokenMemory, today: int) -> Identities:
    """The documents of these registrations.

    `today`: the district's date as the integer YYYYMMDD. May be called by another thread than the connection's.
    """
    count = rows.num_rows
    high, low = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    fault = np.zeros(count, np.int8)
    resident = find_resident_numbers(rows["id_number"], today)
    places, texts, bodies = resident.places, resident.texts, resident.bodies
    is_left = np.ones(count, bool)
    if rows["id_type"].null_count < count:
        is_meant = pc.is_in(rows["id_type"], _list_resident_words()).to_numpy()[places]
        if not is_meant.all():
            places, texts, bodies = places[is_meant], texts[is_meant], bodies[is_meant]
    is_left[places] = False
    high[places], low[places] = memory.find(bodies, texts)
    is_left &= rows["id_number"].is_valid().to_numpy()
    left = np.flatnonzero(is_left)
    if len(left):
        with connection.cursor() as beside:
            document = rows.select(["id_type", "id_number"]).take(pa.array(left))
            beside.register("document", document.append_column("place", pa.array(left)))
            found = beside.execute(FIND_DOCUMENTS, {"today": today}).to_arrow_table()
        left = found["place"].to_numpy()
        fault[left] = found["document_fault"].fill_null(0).to_numpy()
        high[left], low[left] = make_tokens(found["text"].cast(pa.binary()).to_pylist(), memory.key)
    is_unknown = rows["id_number"].is_null().to_numpy()
    lines = {
        "document_fault": pa.array(fault, mask=fault == 0),
        "token_high": pa.array(high, mask=is_unknown),
        "token_low": pa.array(low, mask=is_unknown),
    }
    return Identities(pa.table(lines), memory.key)


def _list_resident_words() -> pa.Array:
    """The words for a resident number's document; no word means one too."""
    words = [word for word, code in read_words()["id_type"].items() if code == RESIDENT]
    return pa.array([*words, None], pa.string())
