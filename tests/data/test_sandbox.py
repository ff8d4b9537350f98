"""The sandbox: what a query may take and see, how it is told apart from others, and what is written down of it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import parquet

from data import cli
from data.ingest import ingest_paths
from data.lake import open_lake
from data.questions import accepted_params, ask, open_rows, read_questions
from data.sandbox import Limits, Query, Sandbox, SandboxError, mark, probe, read_account
from data.sandbox import service as sandbox_service
from data.sandbox.examination import examine_sandbox
from data.sandbox.gate import read_allowed
from data.sandbox.kernel import MACHINES, compile_filter, find_missing
from data.sandbox.layers import ENGINE, GATE, LANDLOCK, LIMITS, SECCOMP
from data.sandbox.probe import ATTEMPTS, STOPPED_BY
from data.settings import Settings
from data.situation import open_situation, publish_situation
from tests.data.escape_cases import read_analyst_queries
from tests.data.small_district import ADA, STORY, copy_of, write_log
from tests.waiting import eventually

ENDLESS = "select sum(range * 2) from range(100000000000)"
MOMENT = "2022-07-14T10:00:00+08:00"
needs_every_layer = pytest.mark.skipif(find_missing() != (), reason=f"this system lacks {find_missing()}")


@pytest.fixture(scope="module")
def district(empty_district: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = copy_of(empty_district, tmp_path_factory.mktemp("sandbox") / "home")
    ingest_paths(settings, [write_log(settings.inbox_dir / "baisha" / "a.csv", STORY)])
    return replace(settings, sandbox_memory_bytes=400_000_000, sandbox_queue=200)


@pytest.fixture(scope="module")
def sandbox(district: Settings) -> Iterator[Sandbox]:
    with Sandbox(district) as opened:
        assert opened.is_on, f"this system lacks {opened.missing}"
        yield opened


def rows_of(query: Query) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in query.result(60).table.to_pylist()]


def failure_of(query: Query) -> SandboxError:
    query.wait(60)
    assert isinstance(query.error, SandboxError), query.progress()
    return query.error


def test_it_sees_the_situation_and_single_registrations_at_one_snapshot(sandbox: Sandbox) -> None:
    assert rows_of(sandbox.submit("select count(*) from grid")) == [(3,)]
    assert rows_of(sandbox.submit("select site_code, count(*) from registration group by all order by all")) == [
        ("S1", 7),
        ("S2", 2),
    ]
    assert rows_of(sandbox.submit("select count(*) from registration_version where person_token is not null")) == [
        (13,)
    ]


def test_times_are_those_of_the_district(sandbox: Sandbox) -> None:
    text = "select min(registered_at)::varchar from registration"
    assert rows_of(sandbox.submit(text)) == [("2022-07-14 06:30:00+08",)]


def test_what_an_analyst_writes_works(sandbox: Sandbox) -> None:
    asked = [(name, expected, sandbox.submit(text, "analyst")) for name, expected, text in read_analyst_queries()]
    assert len(asked) >= 140
    wrong = []
    for name, expected, query in asked:
        query.wait(60)
        if query.error or expected not in str(query.result().table.to_pylist()):
            wrong.append(f"{name}: {query.error or query.result().table.to_pylist()}")
    assert wrong == []


def test_a_pivot_makes_a_column_of_every_value_in_their_order(sandbox: Sandbox) -> None:
    text = "with s as (from registration) pivot s on site_code using count(*) group by channel order by channel"
    assert sandbox.submit(text).result(60).table.to_pylist() == [
        {"channel": "assisted", "S1": 1, "S2": 0},
        {"channel": "self", "S1": 6, "S2": 2},
    ]
    narrow = """
        pivot (select site_code, unit_count from site) on unit_count > 0 in (true),
            site_code in (from site select site_code order by 1 desc) using count(*)
    """
    assert sandbox.submit(narrow).result(60).table.column_names == ["true_S2", "true_S1"]


def test_a_pivot_answers_as_it_does_outside(sandbox: Sandbox, district: Settings) -> None:
    pivots = [text for name, _, text in read_analyst_queries() if name.startswith("pivot") and "plan" not in name]
    assert len(pivots) >= 20
    situation = open_situation(district.situation_path)
    cursor = situation.connection.cursor()
    cursor.execute("use situation; set TimeZone = 'Asia/Shanghai'")
    open_rows(cursor)
    for text, query in [(text, sandbox.submit(text)) for text in pivots]:
        got, expected = (
            sorted(repr(sorted(row.items())) for row in table.to_pylist())
            for table in (query.result(60).table, cursor.execute(text).to_arrow_table())
        )
        # but for the order of the columns: here 6 o'clock comes before 12, in the engine's own texts after it
        assert got == expected, text
    situation.close()


def test_a_plan_names_no_file(sandbox: Sandbox, district: Settings) -> None:
    for text in ("explain select * from registration_version", "explain analyze select * from registration_version"):
        plan = str(sandbox.submit(text).result(60).table.to_pydict())
        assert str(district.home) not in plan and ".parquet" not in plan


def test_two_columns_of_one_name_are_both_there(sandbox: Sandbox) -> None:
    assert sandbox.submit("select 1 as a, 2 as a").result(60).table.num_columns == 2


def test_every_question_answers_as_it_does_outside(sandbox: Sandbox, district: Settings) -> None:
    questions = read_questions()
    samples = {
        "VARCHAR": "G1",
        "BIGINT": 1,
        "INTEGER": 1,
        "DOUBLE": 1.0,
        "BOOLEAN": True,
        "TIMESTAMPTZ": MOMENT,
        "DATE": "2022-07-14",
    }
    situation = open_situation(district.situation_path)
    asked = []
    for name, question in questions.items():
        params = accepted_params(question, questions).values()
        given = {param.name: samples[param.type] for param in params if param.name != "as_of" and not param.has_default}
        asked.append((name, given, sandbox.submit_question(name, MOMENT, **given)))
    for name, given, query in asked:
        expected = ask(situation, name, MOMENT, **given)
        got = query.result(120).table
        assert got.column_names == expected.column_names, name
        # sums of fractions may be added in another order
        assert repr(got.to_pylist()) == repr(expected.to_pylist()) or got.to_pydict() == pytest.approx(
            expected.to_pydict()
        ), name
    situation.close()


@pytest.mark.parametrize(
    ("text", "word", "message", "hint", "place"),
    [
        ("select * from sites", "error", "There is no table 'sites'.", "Did you mean site?", (1, 15)),
        ("select site_cod from site", "error", "site_cod", "Did you mean site_code", (1, 8)),
        ("select\n  网点,\n  站点\nfrom site", "error", "网点", "site_name", (2, 3)),
        ("select count(*) frm site", "error", "syntax error", "Did you mean FROM?", (1, 17)),
        ("select countt(*) from site", "function", "countt", "Did you mean count", (1, 8)),
        ("copy site to 'x.csv'", "statement", "COPY is not allowed", "--format", (0, 0)),
        ("pivot site on grid_code, site_cod using count(*)", "error", "site_cod", "Did you mean site_code", (1, 26)),
        ("pivot site on grid_code using count(*), max(latt)", "error", "latt", "Did you mean lat", (1, 45)),
        ("explain pivot site on grid_code using\nmax(latt)", "error", "latt", "Did you mean lat", (2, 5)),
        ("pivot range(2000) as t(n) on n using count(*)", "error", "more than 1,000 columns", "name some", (0, 0)),
        ("pivot (from site where false) on site_code", "error", "PIVOT finds no value", "rows first", (0, 0)),
        ("explain (format json) select 1", "statement", "no options", "EXPLAIN ANALYZE", (0, 0)),
        ("select s.site_cod from site as s", "error", "site_cod", "Did you mean site_code", (1, 8)),
        ("from site join grid using (grid_cod)", "error", "grid_cod", "Did you mean grid_code", (1, 28)),
        ("select * exclude (longitude) from site", "error", "longitude", "lon, party_branch_name", (1, 19)),
        ("select 1 from registration\nhaving chanel = 'x'", "error", "chanel", "Did you mean channel", (2, 8)),
        ("select x.lon from site as s", "error", '"x" not found', "called s", (1, 8)),
        ('from site where site_code = "S9"', "error", "S9", "single quotes: 'S9'", (1, 29)),
        ("select phone from registration", "error", "phone", "person_token stands for a person", (1, 8)),
        ("select site_code，lon from site", "error", "site_code，lon", "type , in its place", (1, 17)),
        ("select max（lon) from site", "error", "syntax error", "type ( in its place", (1, 11)),
        ("select 1 as a,, 2", "error", "syntax error", "place marked", (1, 15)),
        ("select st_point(lon, lat) from site", "function", "st_point", "distance_m", (1, 8)),
        ("update site set lon = 1", "statement", "UPDATE", "Nothing is changed", (0, 0)),
        ("select row(1, 2) as r", "error", "'r'", "struct_pack", (0, 0)),
        ("select sum(170141183460469231731687303715884105727::hugeint) as h", "error", "38 digits", "double", (0, 0)),
        ("select 'a;'; -- b;\ndrop table site", "statement", "DROP", "Nothing is changed", (0, 0)),
        ("select 1; select 2", "several", "2 statements", "one", (0, 0)),
        ("select * from read_csv('a.csv')", "table function", "read_csv", "SHOW TABLES", (1, 15)),
        ("select * from 'a.csv'", "file", "Files cannot be read", "import", (1, 15)),
        ("select 'a'::integer", "error", "Could not convert", "", (1, 11)),
        ("select $x", "parameter", "parameter", "value", (0, 0)),
    ],
)  # fmt: skip
def test_an_error_says_what_and_where_and_what_to_do(
    sandbox: Sandbox, text: str, word: str, message: str, hint: str, place: tuple[int, int]
) -> None:
    error = failure_of(sandbox.submit(text))
    assert (error.word, error.line, error.column) == (word, *place)
    assert message in error.message and hint in error.hint
    assert "LINE" not in error.message and "lake_file" not in str(error)


def test_the_place_is_drawn_below_the_text() -> None:
    assert mark("select\n  网点 from x", 2, 6) == "LINE 2:   网点 from x\n               ^"
    assert mark("select 1", 3, 1) == ""


def test_an_answer_is_cut_at_its_rows_and_says_so(sandbox: Sandbox) -> None:
    result = sandbox.submit("select * from range(100000)", limits=Limits(row_count=5000)).result(60)
    assert (result.table.num_rows, result.cut_by) == (5000, "rows")
    whole = sandbox.submit("select * from range(5000)", limits=Limits(row_count=5000)).result(60)
    assert (whole.table.num_rows, whole.is_truncated) == (5000, False)


def test_an_answer_is_cut_at_its_bytes_and_says_so(sandbox: Sandbox) -> None:
    result = sandbox.submit("select repeat('x', 1000) from range(100000)", limits=Limits(byte_count=1_000_000)).result(
        60
    )
    assert result.cut_by == "bytes" and 0 < result.table.nbytes <= 1_000_000


def test_no_limit_can_be_asked_for_beyond_the_settings(district: Settings) -> None:
    with Sandbox(replace(district, sandbox_rows=10)) as small:
        assert small.submit("from range(100)", limits=Limits(row_count=1000)).result(60).table.num_rows == 10


def test_a_download_is_streamed_piece_by_piece(sandbox: Sandbox) -> None:
    query = sandbox.submit("select range as n from range(300000)", streams=True, limits=Limits(row_count=250_000))
    pieces = list(query.batches())
    assert pieces[0].schema.names == ["n"] and len(pieces) > 50
    assert sum(piece.num_rows for piece in pieces) == 250_000 and query.cut_by == "rows"
    assert next(sandbox.submit("select range as n from range(0)", streams=True).batches()).num_rows == 0
    with pytest.raises(SandboxError, match="no table"):
        list(sandbox.submit("from nowhere_at_all", streams=True).batches())


def test_whoever_stops_listening_to_a_download_frees_its_turn(sandbox: Sandbox) -> None:
    query = sandbox.submit("select * from range(100000000)", streams=True)
    pieces = query.batches()
    next(pieces)
    query.cancel()
    assert query.wait(30) and query.progress().state == "cancelled"
    pieces.close()
    with pytest.raises(SandboxError, match="cancelled"):
        next(query.batches())  # nor is what was on its way kept


def test_a_query_is_stopped_at_its_time_and_when_cancelled(sandbox: Sandbox) -> None:
    late, unwanted = sandbox.submit(ENDLESS, limits=Limits(seconds=0.2)), sandbox.submit(ENDLESS)
    assert failure_of(late).word == "time"
    eventually(lambda: unwanted.progress().state == "running")
    unwanted.cancel()
    assert failure_of(unwanted).word == "cancelled" and unwanted.progress().state == "cancelled"


def test_the_end_of_a_query_costs_no_other_its_own(sandbox: Sandbox) -> None:
    brief = [sandbox.submit(ENDLESS, limits=Limits(seconds=0.02)) for _ in range(40)]
    assert {failure_of(query).word for query in brief} == {"time"}


def test_a_process_that_cannot_be_reached_by_its_handle_ends_too(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_of(sandbox.submit("select 1"))
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda *_: None)
    query = sandbox.submit(ENDLESS)
    eventually(lambda: query.progress().seconds > 0.3)
    assert sandbox._stem is not None
    prepared = Path(f"/proc/{sandbox._stem.pid}/task/{sandbox._stem.pid}/children").read_text().split()[-1]
    children = Path(f"/proc/{prepared}/task/{prepared}/children")
    assert len(children.read_text().split()) == 1
    query.cancel()
    eventually(lambda: children.read_text() == "")


def test_the_third_query_waits_and_is_told_its_place(sandbox: Sandbox) -> None:
    running = [sandbox.submit(ENDLESS), sandbox.submit(ENDLESS)]
    eventually(lambda: all(query.progress().state == "running" for query in running))
    third, fourth = sandbox.submit("select 3 as n"), sandbox.submit("select 4 as n")
    assert [query.progress().place for query in (*running, third, fourth)] == [0, 0, 1, 2]
    assert [query.progress().state for query in (third, fourth)] == ["queued", "queued"]
    assert sandbox.queries() == (*running, third, fourth)
    third.cancel()
    assert (third.progress().state, fourth.progress().place) == ("cancelled", 1)
    running[0].cancel()
    assert rows_of(fourth) == [(4,)]
    running[1].cancel()
    running[1].wait(30)


def test_queries_of_another_process_take_turns_with_ours(district: Settings, sandbox: Sandbox) -> None:
    with Sandbox(district) as other:
        running = [sandbox.submit(ENDLESS), sandbox.submit(ENDLESS)]
        eventually(lambda: all(query.progress().state == "running" for query in running))
        theirs = other.submit("select 1")
        time.sleep(0.3)
        assert (theirs.progress().state, theirs.progress().place) == ("queued", 1)
        running[0].cancel()
        assert theirs.wait(30) and theirs.error is None
        running[1].cancel()
        running[1].wait(30)


def test_a_full_queue_says_so(district: Settings) -> None:
    with Sandbox(replace(district, sandbox_queue=1, sandbox_at_once=1)) as narrow:
        running = narrow.submit(ENDLESS)
        eventually(lambda: running.progress().state == "running")
        waiting, refused = narrow.submit("select 1"), narrow.submit("select 2")
        assert failure_of(refused).word == "queue" and waiting.progress().state == "queued"


def test_a_newer_situation_is_seen_by_the_next_query(district: Settings, tmp_path: Path) -> None:
    settings = replace(copy_of(district, tmp_path / "home"), sandbox_memory_bytes=400_000_000)
    with Sandbox(settings) as sandbox:
        sandbox.make_ready()
        before = rows_of(sandbox.submit("select sequence from meta"))
        assert sandbox._stem is not None
        stem = Path(f"/proc/{sandbox._stem.pid}/task/{sandbox._stem.pid}/children")
        (prepared,) = stem.read_text().split()
        with open_lake(settings) as lake:
            lake.take_lease("import")
            publish_situation(lake, settings)
        # it is prepared for before anybody asks, and the older process goes
        eventually(lambda: len(stem.read_text().split()) == 1 and prepared not in stem.read_text().split())
        assert rows_of(sandbox.submit("select sequence from meta")) != before


def test_without_a_situation_it_says_so(tmp_path: Path) -> None:
    with Sandbox(Settings(home=tmp_path)) as sandbox:
        assert failure_of(sandbox.submit("select 1")).word == "situation"


def test_a_lost_process_costs_one_query_and_no_more(sandbox: Sandbox) -> None:
    assert rows_of(sandbox.submit("select 1")) == [(1,)]
    stem = sandbox._stem
    assert stem is not None
    running = sandbox.submit(ENDLESS)
    eventually(lambda: running.progress().state == "running" and running.progress().seconds > 0.2)
    os.kill(stem.pid, signal.SIGKILL)
    assert failure_of(running).word in ("lost", "memory")
    assert rows_of(sandbox.submit("select 1")) == [(1,)]


def test_the_childs_environment_is_empty(district: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_CATALOGUE_PASSWORD", "secret")
    with Sandbox(district, without=frozenset({GATE, ENGINE, LANDLOCK, SECCOMP})) as open_to_look:
        query = open_to_look.submit("select content from read_text('/proc/self/environ')")
        assert "secret" not in str(query.result(60).table.to_pylist()) and "HOME" not in str(
            query.result().table.to_pylist()
        )


@needs_every_layer
@pytest.mark.parametrize("layer", sorted(STOPPED_BY))
def test_each_layer_of_the_system_stops_its_share_alone(district: Settings, layer: str) -> None:
    others = frozenset({LIMITS, LANDLOCK, SECCOMP} - {layer})
    with Sandbox(district, without=others) as alone:
        assert {name: alone.attempt(name)[0] for name in STOPPED_BY[layer]} == dict.fromkeys(STOPPED_BY[layer], True)
    with Sandbox(district, without=others | {layer}) as bare:
        assert {name: bare.attempt(name)[0] for name in STOPPED_BY[layer]} == dict.fromkeys(STOPPED_BY[layer], False)


@needs_every_layer
def test_together_they_stop_every_attempt(sandbox: Sandbox) -> None:
    assert {name: sandbox.attempt(name)[0] for name in ATTEMPTS} == dict.fromkeys(ATTEMPTS, True)


def test_where_a_layer_is_missing_it_is_off_until_that_is_accepted(
    district: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_service.kernel, "find_missing", lambda: ("landlock",))
    with Sandbox(district) as off:
        error = failure_of(off.submit("select 1"))
        assert error.word == "off" and "landlock" in error.message and "sandbox_accept_reduced" in error.hint
    with Sandbox(replace(district, sandbox_accept_reduced=True)) as reduced:
        assert rows_of(reduced.submit("select 1")) == [(1,)]
        assert failure_of(reduced.submit("from read_text('/etc/passwd')")).word == "table function"


def test_the_account_says_who_asked_what_and_how_it_ended_and_holds_no_answer(
    district: Settings, tmp_path: Path
) -> None:
    settings = replace(copy_of(district, tmp_path / "home"), analyst="duty desk", sandbox_memory_bytes=400_000_000)
    shutil.rmtree(settings.audit_dir, ignore_errors=True)
    with Sandbox(settings) as sandbox:
        sandbox.submit("select site_name from site where site_code = 'S1'", "li").wait(60)
        sandbox.submit(f"select '{ADA}' as typed from lake_file").wait(60)
        sandbox.submit("select no_such from site", by="shell").wait(60)
    newest, second, first = read_account(settings)
    assert (first.user, first.by, first.outcome, first.row_count) == ("li", "page", "done", 1)
    assert (second.user, second.outcome, second.word) == ("duty desk", "refused", "catalogue")
    assert (newest.by, newest.outcome, newest.word) == ("shell", "failed", "error")
    assert first.seconds is not None and first.seconds > 0
    kept = b"".join(path.read_bytes() for path in settings.audit_dir.iterdir())
    assert "东华名岸".encode() not in kept
    assert ADA.encode() not in kept


def test_a_line_that_was_torn_swallows_none_that_follows(district: Settings, tmp_path: Path) -> None:
    settings = replace(copy_of(district, tmp_path / "home"), sandbox_memory_bytes=400_000_000)
    shutil.rmtree(settings.audit_dir, ignore_errors=True)
    with Sandbox(settings) as sandbox:
        sandbox.submit("select 1").wait(60)
        (path,) = settings.audit_dir.iterdir()
        path.write_bytes(path.read_bytes() + b'{"event": "asked", "tor')
        sandbox.submit("select 2").wait(60)
    assert [one.text for one in read_account(settings)] == ["select 2", "select 1"]
    assert path.stat().st_mode & 0o077 == 0


def run_sql(capsys: pytest.CaptureFixture[str], district: Settings, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["sql", *arguments, "--home", str(district.home)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_answers_in_every_format_and_says_what_it_cut(
    district: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "select site_code, unit_count, sum(unit_count) over () as units, [1.5, null] as l from site order by all"
    code, out, err = run_sql(capsys, district, text, "--limit", "1")
    assert (code, out.splitlines()[2].split()[:3]) == (0, ["S1", "3", "5"])
    assert "cut after 1 rows" in err
    out = run_sql(capsys, district, "explain select count(*) from registration")[1]
    assert "│" in out and len(out.splitlines()) > 5
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, err = run_sql(capsys, district, "--format", "json")
    assert json.loads(out)[1] == {"site_code": "S2", "unit_count": 2, "units": 5, "l": [1.5, None]} and err == ""
    out = run_sql(capsys, district, "select site_name from site order by 1", "--format", "csv")[1]
    assert [row for (row,) in csv.reader(io.StringIO(out))] == ["site_name", "东华名岸", "会龙"]
    written = tmp_path / "sites.parquet"
    assert run_sql(capsys, district, "from site", "--format", "parquet", "--out", str(written))[0] == 0
    assert parquet.read_table(written).num_rows == 2


def test_the_command_draws_the_place_of_an_error(district: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_sql(capsys, district, "select site_cod from site")
    assert (code, out) == (1, "")
    assert "LINE 1: select site_cod from site\n               ^" in err and "Did you mean site_code" in err
    newest = read_account(district)[0]
    assert (newest.by, newest.outcome) == ("shell", "failed") and newest.user


def test_doctor_says_how_much_of_the_sandbox_holds(district: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_before = len(read_account(district))
    found = examine_sandbox(district)
    assert found.mode == ("reduced" if find_missing() else "full") and not found.is_broken, found
    assert len(read_account(district)) == asked_before
    monkeypatch.setattr(sandbox_service.kernel, "find_missing", lambda: ("seccomp",))
    off = examine_sandbox(district)
    assert off.mode == "off" and "seccomp" in off.told and "sandbox_accept_reduced" in off.cure
    accepted = examine_sandbox(replace(district, sandbox_accept_reduced=True))
    assert (accepted.mode, accepted.is_broken) == ("reduced", False)


def test_doctor_says_when_a_layer_does_not_hold(district: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(probe.STOPPED_BY, "limits", ("take a little memory",))
    monkeypatch.setattr(Sandbox, "attempt", lambda _, name: (name != "take a little memory", ""))
    found = examine_sandbox(district)
    assert found.is_broken and "take a little memory" in found.told


def test_the_list_of_functions_is_of_functions_that_the_engine_has(sandbox: Sandbox) -> None:
    import duckdb

    with duckdb.connect() as memory:
        known = {row[0].lower() for row in memory.execute("select function_name from duckdb_functions()").fetchall()}
    allowed = read_allowed(duckdb.__version__)
    syntax, ours = {"row", "not_between", "unnest"}, {"distance_m"}
    assert allowed.functions - known - syntax - ours == set()
    assert allowed.table_functions - known == set()
    with pytest.raises(SandboxError, match=r"DuckDB 9\.9\.9"):
        read_allowed("9.9.9")


def run_filter(programme: bytes, arch: int, number: int, *arguments: int) -> int:
    """What the programme answers to a system call: a small machine of BPF."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    call = struct.pack("=IIQ6Q", number, arch, 0, *padded)
    value, at = 0, 0
    while True:
        code, if_true, if_false, k = struct.unpack_from("=HBBI", programme, at * 8)
        at += 1
        match code:
            case 0x20:
                value = struct.unpack_from("=I", call, k)[0]
            case 0x06:
                return int(k)
            case 0x15 | 0x35 | 0x45:
                is_so = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[code]
                at += if_true if is_so else if_false


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_the_numbers_of_calls_are_those_of_the_kernels_headers(name: str, header: str) -> None:
    if not Path(header).is_file():
        pytest.skip("the kernel's headers are not installed")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text())
    theirs = {call: int(number) for call, number in reversed(defined)} | {
        "newfstatat": {"x86_64": 262, "aarch64": 79}[name]
    }
    assert {call: theirs[call] for call in MACHINES[name].numbers} == MACHINES[name].numbers


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_filter_lets_through_what_a_query_needs_and_nothing_else(name: str) -> None:
    machine = MACHINES[name]
    programme = compile_filter(machine, process=4242)
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    call = machine.numbers

    def said(number: int, *arguments: int) -> int:
        return run_filter(programme, machine.audit_arch, number, *arguments)

    for needed in ("read", "write", "pread64", "futex", "munmap", "brk", "exit_group", "clock_gettime"):
        assert said(call[needed]) == allow, needed
    assert said(call["openat"], 0, 0, os.O_RDONLY | os.O_CLOEXEC) == allow
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND):
        assert said(call["openat"], 0, 0, flag) == refuse
    assert (said(call["mmap"], 0, 0, 3), said(call["mmap"], 0, 0, 5), said(call["mprotect"], 0, 0, 4)) == (
        allow,
        refuse,
        refuse,
    )
    assert (said(call["fcntl"], 3, 1), said(call["fcntl"], 3, 8), said(call["fcntl"], 3, 0)) == (allow, refuse, refuse)
    assert (said(call["tgkill"], 4242, 4242, 6), said(call["tgkill"], 1, 1, 9)) == (allow, refuse)
    # the numbers of these, from the kernel's tables: socket, connect, clone, execve, kill, ptrace, io_uring_setup, unlinkat
    forbidden = {
        "x86_64": (41, 42, 56, 57, 58, 59, 62, 101, 425, 435, 263, 2**29 + 7),
        "aarch64": (198, 203, 220, 221, 129, 117, 425, 435, 35, 25 + 2**16),
    }[name]
    assert {said(number, 0, os.O_WRONLY) for number in forbidden} == {refuse}
    other = next(one for one in MACHINES.values() if one is not machine)
    assert run_filter(programme, other.audit_arch, call["read"]) == kill
    if machine.has_x32:
        assert said(0x40000000 | call["read"]) == kill
        assert (said(call["open"], 0, os.O_RDONLY), said(call["open"], 0, os.O_WRONLY)) == (allow, refuse)
