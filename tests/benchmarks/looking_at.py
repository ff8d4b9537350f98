"""An answer of 100,000 rows on the SQL page: what a rerun sends, and what a look at it another way costs, beside all of it."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from streamlit.dataframe.lazy_df_source import DEFAULT_PAGE_SIZE, InMemoryDataframeSource, SortSpec
from streamlit.dataframe_util import convert_arrow_table_to_arrow_bytes

from dashboard.parts.sql.filter import Condition, apply_filter
from dashboard.parts.sql.marks import choose_chart, make_marks
from dashboard.parts.sql.places import Places, find_place_columns, place_rows
from dashboard.parts.sql.sheet import make_sheet
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.stopwatch import own_cpu_ms

ROW_COUNT = 100_000
SHARE_MOST_PCT = 5.0


def measure_looking_at() -> None:
    """Twenty columns of every kind, four of each."""
    zone, places = ZoneInfo("Asia/Shanghai"), Places({"grid": frozenset(f"G{number}" for number in range(410))})
    table = pa.table(_write_columns(Random(1)))
    sheet = make_sheet(table, zone)
    first = len(convert_arrow_table_to_arrow_bytes(sheet.table.slice(0, DEFAULT_PAGE_SIZE)))
    whole = len(convert_arrow_table_to_arrow_bytes(sheet.table))
    share_pct = 100 * first / whole
    whole_ms = own_cpu_ms(partial(convert_arrow_table_to_arrow_bytes, sheet.table))
    report(
        Figure(
            f"a rerun of the grid over {ROW_COUNT:,} rows × {len(sheet.columns)} columns sends",
            f"{first / 1e6:.2f} MB ({share_pct:.1f} %)",
            f"the whole answer: {whole / 1e6:.1f} MB, {whole_ms:.0f} ms of CPU",
            f"≤ {SHARE_MOST_PCT:g} %",
            share_pct <= SHARE_MOST_PCT,
        )
    )
    both = [Condition("text0", "contains", "41"), Condition("whole0", "least", "500000")]
    looks = {
        "made showable, once": partial(make_sheet, table, zone),
        "sorted by a text": lambda: InMemoryDataframeSource(sheet.table).load_rows(0, 1, sort=SortSpec("c2")),
        "filtered by two columns": partial(apply_filter, sheet, both),
        "as a chart": lambda: make_marks(sheet, choose_chart(sheet)),
        "as a map": lambda: place_rows(sheet, find_place_columns(sheet, places)[0], "whole0", "sum", places),
    }
    told = "; ".join(f"{name} {own_cpu_ms(look):.0f}" for name, look in looks.items())
    report(Figure("the same answer, ms of CPU", told, f"written whole as Arrow: {whole_ms:.0f}"))


def _write_columns(chance: Random) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    rows = range(ROW_COUNT)
    for number in range(4):
        columns[f"whole{number}"] = [chance.randrange(10**6) for _ in rows]
        columns[f"real{number}"] = [chance.random() * 100 for _ in rows]
        columns[f"text{number}"] = [f"G{chance.randrange(410)}" for _ in rows]
        ticks = [1_657_756_800_000_000 + chance.randrange(10**12) for _ in rows]
        columns[f"moment{number}"] = pa.array(ticks, pa.timestamp("us", "UTC"))
        columns[f"token{number}"] = [chance.randbytes(16) for _ in rows]
    return columns
