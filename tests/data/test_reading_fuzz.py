"""Whatever bytes are delivered, the reader ends in tables, set-aside lines or an IngestError: never in a traceback."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import IngestError
from data.ingest.reading import LogTable, cut_parts, find_logs, read_parts
from tests.data.test_corpus import CASES, CORPUS

EXAMPLES = int(os.environ.get("WANGGE_TEST_FUZZ", "150"))
"""`make soak` sets more."""
FILES = {name: (CORPUS / name).read_bytes() for name in CASES if (CORPUS / name).stat().st_size < 20_000}
NASTY = [
    b"\x00", b"\xff", b'"', b'"\n', b"\r", b"\r\n", b"\n", b",", b"\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"{", b"[", b"}\n{",
    b"\\ud800", b"\x81", b"\x81\x30\x81\x30", b"PK\x03\x04", b"\x1f\x8b\x08", b"PAR1", "，".encode(), "\u3000".encode(),
    b'="1"', b"9" * 400,
]  # fmt: skip


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    content = FILES[draw(st.sampled_from(sorted(FILES)))]
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["flip", "cut", "drop", "insert", "splice", "repeat", "header"])):
            case "flip" if content:
                content = (
                    content[:place] + bytes([content[place] ^ (1 << draw(st.integers(0, 7)))]) + content[place + 1 :]
                )
            case "cut":
                content = content[:place]
            case "drop":
                content = content[:place] + content[place + draw(st.integers(1, 50)) :]
            case "insert":
                content = content[:place] + draw(st.sampled_from(NASTY)) + content[place:]
            case "splice":
                other = FILES[draw(st.sampled_from(sorted(FILES)))]
                content = content[:place] + other[draw(st.integers(0, max(len(other) - 1, 0))) :]
            case "repeat":
                content = (
                    content[:place] + content[max(place - 300, 0) : place] * draw(st.integers(1, 5)) + content[place:]
                )
            case "header":
                header = FILES[draw(st.sampled_from(sorted(FILES)))].partition(b"\n")[0]
                content = header + b"\n" + content.partition(b"\n")[2]
    match draw(st.sampled_from(["plain", "plain", "plain", "gzip", "zip"])):
        case "gzip":
            return gzip.compress(content, mtime=0)
        case "zip":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("a.csv", content)
            return packed.getvalue()
        case _:
            return content


def read_whole(path: Path) -> list[LogTable]:
    try:
        logs = find_logs(path, "baisha")
    except IngestError:
        return []
    parts = [(number, part) for number, log in enumerate(logs) for part in cut_parts(log)]
    return read_parts(parts)[0]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "damaged.csv"


@settings(
    max_examples=EXAMPLES, derandomize=EXAMPLES <= 150, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)  # fmt: skip
@given(content=damaged_files())
def test_damaged_files_end_in_tables_or_in_errors_that_say_why(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    for table in read_whole(path):
        assert table.rows.column_names == [*table.kind.columns, "file_no", "line_no"]
        assert {table.rows[column].type for column in table.kind.columns} == {pa.string()}
        table.rows.validate(full=True)
        places = list(zip(table.rows["file_no"].to_pylist(), table.rows["line_no"].to_pylist(), strict=True))
        places += [(line.file_no, line.line_no) for line in table.broken]
        assert len(set(places)) == len(places)
        assert all(line_no > 0 for _, line_no in places)
