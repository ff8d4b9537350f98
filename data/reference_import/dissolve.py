"""Several rows of one code made into one: parts of an area that a file keeps apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from data.reference_import.kinds import Kind
from data.reference_import.problems import Problem
from data.reference_import.read import Records
from geo.coverage import unite_coverage
from geo.layer import Shapes


def dissolve_records(records: Records, kind: Kind) -> Records:
    """The records with one for each code, its shape the union of all parts. Parts that disagree elsewhere are faults."""
    codes = [code.strip() for code in records.table.column(kind.key).to_pylist()]
    parts: dict[str, list[int]] = {}
    for record, code in enumerate(codes):
        # rows without a code are told one by one
        parts.setdefault(code or f"\x00{record}", []).append(record)
    if len(parts) == len(codes) or records.shapes is None:
        return records
    kept = [members[0] for members in parts.values()]
    place_of_kept = {record: place for place, record in enumerate(kept)}
    faults = [(place_of_kept[record], problem) for record, problem in records.faults if record in place_of_kept]
    for members in parts.values():
        faults += [
            (place_of_kept[members[0]], problem) for problem in _find_disagreements(records, kind, members, codes)
        ]
    shapes: Shapes = np.full(len(kept), None, dtype=object)
    for place, members in enumerate(parts.values()):
        there = [shape for shape in records.shapes[members] if shape is not None and not shape.is_empty]
        shapes[place] = records.shapes[members[0]] if len(there) < 2 else unite_coverage(there)
    table = records.table.take(pa.array(kept)).drop_columns("record_no")
    merged = sum(len(members) - 1 for members in parts.values())
    return replace(
        records,
        table=table.append_column("record_no", pa.array(np.arange(len(kept)))),
        place_of=lambda place: records.place_of(kept[place]),
        shapes=shapes,
        faults=tuple(faults),
        notes=(*records.notes, f"{merged:,} rows were merged into others of the same {kind.key}."),
    )


def _find_disagreements(records: Records, kind: Kind, members: list[int], codes: list[str]) -> list[Problem]:
    problems = []
    for field in kind.fields:
        if len(members) < 2 or field.name == kind.key:
            continue
        cells = records.table.column(field.name).take(pa.array(members)).to_pylist()
        for record, cell in zip(members[1:], cells[1:], strict=True):
            if cell != cells[0]:
                expected = (
                    f"expected {cells[0]!r}, as in {records.place_of(members[0])}: both are parts of {codes[record]}"
                )
                problems.append(Problem(records.place_of(record), f"{field.name} {field.name_zh}", cell, expected))
    return problems
