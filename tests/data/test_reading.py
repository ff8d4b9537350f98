"""What the corpus cannot show: parts, long lines, headers and mappings."""

from __future__ import annotations

import gzip
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data.ingest.reading.delimited as delimited
import data.ingest.reading.encodings as encodings
import data.ingest.reading.parquet_files as parquet_files
import data.ingest.reading.workbooks as workbooks
from data.cli import main
from data.errors import IngestError
from data.ingest import ingest_paths
from data.ingest.columns import match_header, normalise_header, read_log_kinds
from data.ingest.mappings import Mappings, keep_mapping, mapping_path, parse_mapping
from data.ingest.reading import LogFile, LogPart, cut_parts, find_logs, read_parts
from data.settings import PROJECT_ROOT, Settings
from tests.data.small_district import ADA, HEADER, line, make_district, write_log

CORPUS = Path(__file__).parent / "corpus"


def find_log(path: Path) -> LogFile:
    (log,) = find_logs(path, "baisha")
    return log


def read_rows(parts: list[LogPart]) -> list[tuple[int, str | None]]:
    """(line number, ID number or reason) of every row and every broken line, in the order of the file."""
    tables, _, refused = read_parts(list(enumerate(parts)))
    assert refused == {}
    found: list[tuple[int, str | None]] = []
    for table in tables:
        found += zip(table.rows["line_no"].to_pylist(), table.rows["id_number"].to_pylist(), strict=True)
        found += [(broken.line_no, broken.reason) for broken in table.broken]
    return sorted(found, key=lambda row: row[0])


def numbered(count: int) -> list[str]:
    """Lines that differ in their ID number; every third with a quoted line break, every seventh with an open quote."""
    lines = [line("S1", str(10**17 + number), "08:00") for number in range(count)]
    lines[::3] = [text.replace("示例人", '"示\n例\n人"') for text in lines[::3]]
    lines[::7] = [text.replace("示", '"示', 1).replace('""', '"') for text in lines[::7]]
    return lines


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    return write_log(tmp_path / "long.csv", numbered(2000), HEADER)


def test_a_file_in_parts_gives_the_rows_of_the_file_in_one(long_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(cut_parts(find_log(long_file)))
    monkeypatch.setattr(delimited, "PART_BYTES", 20_000)
    monkeypatch.setattr(encodings.TextBlocks.__init__, "__defaults__", (20_000,))
    parts = list(cut_parts(find_log(long_file)))
    assert (len(whole), len(parts) > 5) == (1, True)
    assert [part.part_no for part in parts] == list(range(len(parts)))
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert read_rows(parts) == read_rows(whole)
    assert [reason for _, reason in read_rows(whole) if reason == "unclosed_quote"] != []
    assert len(read_rows(whole)) > 1900


@pytest.mark.parametrize(
    "name", ["long.csv", "long.csv.gz", "table.parquet", "lines.jsonl", "title_rows.xlsx", "array.json"]
)
def test_reading_goes_on_after_any_part(name: str, long_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "long.csv.gz":
        long_file.with_suffix(".csv.gz").write_bytes(gzip.compress(long_file.read_bytes()))
    path = long_file.with_name(name) if name.startswith("long") else CORPUS / name
    monkeypatch.setattr(delimited, "PART_BYTES", 20_000)
    monkeypatch.setattr(parquet_files, "PART_ROWS", 1)
    monkeypatch.setattr(workbooks, "PART_ROWS", 1)
    monkeypatch.setattr(encodings.TextBlocks.__init__, "__defaults__", (20_000 if name.startswith("long") else 300,))
    parts = list(cut_parts(find_log(path)))
    assert len(parts) > 1 or name == "array.json"
    for place, part in enumerate(parts[:-1]):
        rest = list(cut_parts(find_log(path), part.last_line_no, part.part_no + 1))
        assert [(one.part_no, one.last_line_no, one.is_last) for one in rest] == [
            (one.part_no, one.last_line_no, one.is_last) for one in parts[place + 1 :]
        ]
        assert read_rows(rest) == read_rows(parts[place + 1 :])


@settings(max_examples=60, derandomize=True)
@given(
    cells=st.lists(st.text(alphabet='a"\n示 ', max_size=5), min_size=1, max_size=8),
    gap=st.integers(0, 3),
)
def test_quoted_cells_with_anything_in_them_are_read_and_their_lines_are_true(
    cells: list[str], gap: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("quoted") / "a.csv"
    lines, expected, line_no = [HEADER], [], 2
    for number, cell in enumerate(cells):
        identity = str(10**17 + number)
        quoted = '"' + cell.replace('"', '""') + '"'
        lines.append(line("S1", identity, "08:00").replace("示例人", quoted) + "\n" * gap)
        expected.append((line_no, identity))
        line_no += 1 + gap + cell.count("\n")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    assert read_rows(list(cut_parts(find_log(path)))) == expected


def test_a_line_without_end_is_set_aside_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_log(tmp_path / "a.csv", [line("S1", ADA, "08:00"), "x" * 3_000_000, line("S1", ADA, "08:01")])
    monkeypatch.setattr(delimited, "PART_BYTES", 1_200_000)
    monkeypatch.setattr(encodings.TextBlocks.__init__, "__defaults__", (1_200_000,))
    parts = list(cut_parts(find_log(path)))
    assert read_rows(parts) == [(2, ADA), (3, "line_too_long"), (4, ADA)]
    assert max(len(part.content.text) for part in parts if hasattr(part.content, "text")) < 2_500_000


def test_a_log_and_its_packed_copies_are_one_log() -> None:
    hashes = {find_log(CORPUS / name).sha256 for name in ("packed.csv.gz", "packed_and_called_csv.csv", "packed.zip")}
    assert len(hashes) == 1
    assert [log.name for log in find_logs(CORPUS / "several_members.zip", "baisha")] == [
        "several_members.zip/day/a.csv", "several_members.zip/day/night/b.txt", "several_members.zip/c.csv.gz",
    ]  # fmt: skip
    assert find_log(CORPUS / "member_name_in_gb18030.zip").name.startswith("member_name_in_gb18030.zip/白沙街道")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    log = find_log(write_log(tmp_path / "a.csv", [line("S1", ADA, "08:00")]))
    write_log(tmp_path / "a.csv", [line("S1", ADA, "08:00"), line("S1", ADA, "08:01")])
    _, _, refused = read_parts(list(enumerate(cut_parts(log))))
    assert "changed while it was read" in str(refused[0])


def test_no_header_leads_to_two_columns_of_a_log() -> None:
    for kind in read_log_kinds():
        for one, other in itertools.combinations(kind.headers, 2):
            assert one.keys() & other.keys() == set()
        for tier in kind.headers[:2]:
            for header in tier:
                others = [column for column in kind.required if column != tier[header]]
                found = match_header([header, *others])
                assert found and found[1][0] == tier[header]


def test_every_column_and_delimiter_is_on_the_page_of_formats() -> None:
    page = (PROJECT_ROOT / "data" / "FORMATS.md").read_text(encoding="utf-8")
    logs = page.partition("## Logs")[2]
    for kind in read_log_kinds():
        assert [column for column in kind.columns if column not in logs] == []
        assert [column for column in kind.required if f"{column} (r)" not in logs] == []
    names = {",": "`,`", "\t": "tab", ";": "`;`", "|": "`\\|`", "，": "`，`", "\x01": "`\\x01`"}
    assert all(names[delimiter] in logs for delimiter in delimited.DELIMITERS)


def test_every_example_of_a_log_on_the_page_of_formats_is_read(tmp_path: Path) -> None:
    logs = (PROJECT_ROOT / "data" / "FORMATS.md").read_text(encoding="utf-8").partition("### registrations")[2]
    blocks = [
        "\n".join(lines)
        for is_code, lines in itertools.groupby(logs.split("\n"), lambda text: text.startswith("    "))
        if is_code
    ]
    assert len(blocks) >= 4
    for block in blocks:
        text = "\n".join(row.strip() for row in block.split("\n"))
        path = tmp_path / "example.csv"
        path.write_text(text, encoding="utf-8")
        tables, _, refused = read_parts(list(enumerate(cut_parts(find_log(path)))))
        assert refused == {}
        assert [(len(table.rows), table.broken) for table in tables] == [(text.count("\n"), ())]


def test_headers_are_compared_without_signs_width_case_and_remarks() -> None:
    assert {
        normalise_header(header)
        for header in ("登记时间", " 登 记　时间 ", "*登记时间：", "登记时间（必填）", "登记时间[格式:年-月-日]")
    } == {"登记时间"}
    assert normalise_header("Ｓｉｔｅ Code") == normalise_header("site_code")


def test_a_mapping_is_kept_for_its_feed_and_followed_as_soon_as_it_changes(tmp_path: Path) -> None:
    home = Settings(home=tmp_path / "home")
    mappings = Mappings(home)
    log = find_log(write_log(tmp_path / "a.csv", []))
    assert mappings.apply(log).mapping == ()
    keep_mapping(home, "baisha", (("site_code", "甲"), ("tube_code", "丙")))
    assert mappings.apply(log).mapping == (("site_code", "甲"), ("tube_code", "丙"))
    keep_mapping(home, "baisha", (("registered_at", "甲"),))
    assert mappings.apply(log).mapping == (("registered_at", "甲"), ("tube_code", "丙"))
    assert Mappings(home, (("tube_code", "丁"),)).apply(log).mapping == (("registered_at", "甲"), ("tube_code", "丁"))
    mapping_path(home, "baisha").write_text("column,header\nno_such_column,甲\n", encoding="utf-8")
    assert mappings.apply(log).mapping == ()


@pytest.mark.parametrize(("text", "said"), [
    ("site_code", "expected column=header"), ("site_cod=甲", "Did you mean 'site_code'"),
])  # fmt: skip
def test_a_mapping_that_cannot_be_right_is_refused(text: str, said: str) -> None:
    with pytest.raises(IngestError, match=said):
        parse_mapping([text])


def test_the_command_keeps_a_mapping_for_a_feed_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path / "home")]
    assert main(["ingest", *home, "--map", "site_code=甲", "--keep-map"]) == 2
    assert main(["ingest", *home, "--map", "site_code=甲", "--feed", "baisha", "--keep-map"]) == 0
    assert "mappings/baisha.csv" in capsys.readouterr().out
    assert main(["ingest", *home, "--map", "site_code=甲", "--feed", "../../x", "--keep-map"]) == 1
    assert main(["ingest", *home, "--map", "nonsense=甲", "x.csv"]) == 1


def test_the_bar_moves_within_one_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    district = replace(make_district(Settings(home=tmp_path / "home")), batch_bytes=30_000)
    monkeypatch.setattr(delimited, "PART_BYTES", 20_000)
    monkeypatch.setattr(encodings.TextBlocks.__init__, "__defaults__", (20_000,))
    path = write_log(tmp_path / "baisha" / "long.csv", numbered(1000), HEADER)
    size = path.stat().st_size
    moved: list[tuple[int, int]] = []
    ingest_paths(district, [path], lambda done, total, _lines: moved.append((done, total)))
    assert len(moved) > 2
    assert moved == sorted(moved)
    assert (moved[0][0] < size / 2, moved[-1]) == (True, (size, size))


@given(
    st.lists(st.sampled_from(["2022-07-14,", "S01", "绿色通道", "丂", "㐀", "é", "Ω", "𠀀", "\n", "€"]), max_size=30),
    st.integers(0, 80),
)
def test_gb18030_is_read_as_pythons_codec_reads_it(words: list[str], cut: int) -> None:
    text = "".join(words).encode("gb18030")
    for piece in (text, text[:cut], text[cut:]):
        try:
            expected = piece.decode("gb18030").encode()
        except UnicodeDecodeError:
            assert encodings._transcode_pairs(piece) is None
            continue
        assert encodings.decode(piece, ("gb18030",)) == (expected, [])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
def test_a_padded_cell_is_seen_wherever_the_text_is_parted(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(delimited, "_SCAN_BYTES", size)
    padded = [b" a,b\n", b"a ,b\n", b"a, b\n", b"a,b \n", b"a,b\n c,d\n", b"a,\xe3\x80\x80b\n", b"a,b\t\n"]
    plain = [b"", b"a,b\n", b"a b,c\n", b"a,b c\nd e,f\n"]
    assert [delimited._is_padded(text, ",") for text in padded + plain] == [True] * 7 + [False] * 4
