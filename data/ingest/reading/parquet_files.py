"""Parquet files, a few row groups' pages at a time. Line numbers are the file's rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.errors import IngestError
from data.ingest.columns import Mapping, recognise_header
from data.ingest.reading.cells import lay_table, write_cell
from data.ingest.reading.logs import TableContent

PART_ROWS = 100_000
_Part = tuple[TableContent, int, bool]


def cut_parquet(source: Any, mapping: Mapping, after_line_no: int) -> Iterator[_Part]:
    """The parts of a Parquet file after this row: content, the number of the last row, whether it is the last part.

    `source` is a seekable file. Raises IngestError when the columns are no log's or the file is damaged.
    """
    try:
        with pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20) as file:
            yield from _cut(file, mapping, after_line_no)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise IngestError(
            f"it is a Parquet file that cannot be read ({type(error).__name__}).", "Deliver it again when it is whole."
        ) from None


def _cut(file: pq.ParquetFile, mapping: Mapping, after_line_no: int) -> Iterator[_Part]:
    names = file.schema_arrow.names
    kind, positions = recognise_header(names, mapping)
    wanted = {column: place for place, column in enumerate(positions) if column}
    if len(set(names)) != len(names):
        raise IngestError("two of its columns have the same name.", "Leave one of the two.")
    total = file.metadata.num_rows
    row_no = 0
    groups: list[int] = []
    for group in range(file.metadata.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if row_no + count > after_line_no or groups:
            groups.append(group)
        else:
            row_no += count
    is_empty = True
    for batch in file.iter_batches(PART_ROWS, row_groups=groups, columns=[names[place] for place in wanted.values()]):
        if row_no + len(batch) <= after_line_no:
            row_no += len(batch)
            continue
        start = max(after_line_no - row_no, 0)
        rows = batch.slice(start)
        numbers = np.arange(row_no + start + 1, row_no + len(batch) + 1, dtype=np.int32)
        cells = {column: _write_column(rows.column(names[place])) for column, place in wanted.items()}
        row_no += len(batch)
        is_empty = False
        yield TableContent(kind, lay_table(kind.columns, cells, numbers)), row_no, row_no >= total
    if is_empty:
        yield TableContent(kind, lay_table(kind.columns, {}, [])), max(row_no, after_line_no), True


def _write_column(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return pc.cast(values, pa.string())
    if pa.types.is_timestamp(kind) and kind.tz is None:
        text = pc.strftime(pc.cast(values, pa.timestamp("us"), safe=False), "%Y-%m-%d %H:%M:%S")
        return pc.replace_substring_regex(text, r"\.0+$", "")
    if pa.types.is_timestamp(kind):
        text = pc.strftime(pc.cast(values, pa.timestamp("us", "UTC"), safe=False), "%Y-%m-%d %H:%M:%S")
        return pc.binary_join_element_wise(pc.replace_substring_regex(text, r"\.0+$", ""), "+00:00", "")
    return pa.array([write_cell(value) for value in values.to_pylist()], pa.string())
