"""The command line: what it answers, and how it fails."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import parquet

from data import cli
from data.commands import reference
from data.doctor import examine
from data.errors import WanggeError
from data.questions import read_questions
from data.reference_import import KINDS
from data.settings import PROJECT_ROOT, Settings, read_settings
from data.supervise import Child, check_home, check_port, start_again_what_ended


def run_cli(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, said.out, said.err


@pytest.fixture
def listener() -> Iterator[int]:
    """A port that another program holds."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_every_question_is_listed_with_what_it_asks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_cli(capsys, "ask")
    assert code == 0
    for name, question in read_questions().items():
        assert name in out
        assert question.question in out


def test_an_answer_is_the_same_in_every_format(
    small_world: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ("--home", small_world.home)
    code, out, _ = run_cli(capsys, "ask", "wall/towns", "--format", "json", *home)
    rows = json.loads(out)
    assert code == 0
    assert {row["code"] for row in rows} == {
        "440703002",
        "440703005",
        "440703006",
        "440703101",
        "440703102",
        "440703103",
    }
    _, out, _ = run_cli(capsys, "ask", "wall/towns", "--format", "csv", *home)
    assert [row["code"] for row in csv.DictReader(io.StringIO(out))] == [row["code"] for row in rows]
    run_cli(capsys, "ask", "wall/towns", "--format", "parquet", "--out", tmp_path / "towns.parquet", *home)
    assert parquet.read_table(tmp_path / "towns.parquet").column("code").to_pylist() == [row["code"] for row in rows]
    _, out, _ = run_cli(capsys, "ask", "wall/towns", *home)
    assert "6 rows" in out.splitlines()[-1]


def test_the_brief_of_a_moment_is_written_as_its_name_says(
    small_world: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "brief.pdf"
    moment = ("--at", "2022-07-14 08:40:24", "--home", small_world.home)
    code, said, _ = run_cli(capsys, "brief", *moment, "--out", out)
    assert (code, said.strip()) == (0, str(out))
    assert out.read_bytes().startswith(b"%PDF")
    run_cli(capsys, "brief", *moment, "--lang", "en", "--out", tmp_path / "brief.html")
    assert "As of Thu 14 Jul 08:40:24" in (tmp_path / "brief.html").read_text(encoding="utf-8")
    code, _, said = run_cli(capsys, "brief", *moment, "--out", tmp_path / "nowhere" / "brief.html")
    assert (code, "cannot be written" in said) == (1, True)


def test_a_slip_in_a_name_or_a_parameter_is_answered_with_what_is_right(
    small_world: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ("--home", small_world.home)
    code, _, err = run_cli(capsys, "ask", "sites/stat", *home)
    assert code == 1
    assert err.startswith("wangge: There is no question 'sites/stat'.\nDid you mean sites/state or ")
    code, _, err = run_cli(capsys, "ask", "coverage/grid", *home)
    assert (code, "needs $grid_code (VARCHAR)" in err) == (1, True)
    code, _, err = run_cli(capsys, "ask", "coverage/grid", "-p", "grid=1", *home)
    assert (code, "Did you mean grid_code" in err) == (1, True)
    code, _, err = run_cli(capsys, "ask", "sites/state", "--as-of", "noon", *home)
    assert (code, "takes $as_of as TIMESTAMPTZ, not 'noon'" in err) == (1, True)


def test_without_a_situation_the_next_step_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run_cli(capsys, "ask", "sites/state", "--home", tmp_path)
    assert code == 1
    assert "There is no situation yet" in err
    assert "wangge run --demo" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["ask", "sites/state", "-p", "grid_code"],
        ["ask", "sites/state", "--format", "docx"],
        ["import", "grids"],
        ["run", "--speed", "0"],
        ["run", "--port", "eight"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: wangge" in capsys.readouterr().err


def test_ingest_wants_something_to_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(capsys, "ingest", "--home", tmp_path)[0] == 2


def test_a_refused_file_is_exit_code_1_with_every_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "feeds.csv"
    path.write_text("feed_code,feed_name,kind\nbaisha,白沙,letters\n,环市,staff\n", encoding="utf-8")
    code, _, err = run_cli(capsys, "import", "feeds", path, "--home", tmp_path / "home")
    assert code == 1
    assert "2 problems" in err
    assert "line 2, kind 类别: 'letters'" in err
    assert "line 3, feed_code 数据源编号: empty" in err


def test_the_kinds_that_the_help_names_are_those_that_can_be_imported() -> None:
    assert tuple(KINDS) == reference.REFERENCE_KINDS


def test_an_unforeseen_failure_is_a_paragraph_and_its_traceback_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("the sky fell")

    monkeypatch.setattr("data.questions.read_questions", fail)
    code, _, err = run_cli(capsys, "ask", "--home", tmp_path)
    assert code == 1
    assert "unforeseen failure: RuntimeError: the sky fell" in err
    assert "Traceback" in (tmp_path / "log" / "error.log").read_text(encoding="utf-8")


def test_a_scenario_is_never_written_over_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    code, _, err = run_cli(capsys, "demo", "--scale", "0.01", "--out", tmp_path, "--home", tmp_path / "home")
    assert code == 1
    assert "holds other files" in err
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_busy_port_is_told_before_anything_starts(
    tmp_path: Path, listener: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run_cli(capsys, "run", "--demo", "--port", str(listener), "--home", tmp_path)
    assert (code, out) == (1, "")
    assert f"Port {listener} on 127.0.0.1 is busy" in err
    assert f"--port {listener + 1}" in err
    assert not read_settings(tmp_path).scenario_dir.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"port": 0}, "0 is no port"),
        ({"port": 99_999}, "99999 is no port"),
        ({"host": "no.such.host.invalid"}, "is no address"),
    ],
)
def test_an_impossible_address_is_told_with_a_possible_one(tmp_path: Path, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(WanggeError) as caught:
        check_port(replace(Settings(home=tmp_path), **wrong))
    assert said in caught.value.message
    assert "--" in caught.value.hint


def test_a_home_that_cannot_be_written_is_told_with_another_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WanggeError) as caught:
        check_home(Settings(home=tmp_path / "file" / "home"))
    assert "cannot be written" in caught.value.message
    assert "--home" in caught.value.hint


def test_doctor_finds_a_sound_home_healthy(small_world: Settings) -> None:
    findings = examine(small_world)
    assert [finding for finding in findings if finding.is_broken] == []
    assert {finding.subject for finding in findings} >= {
        "python",
        "packages",
        "engine",
        "home",
        "disk",
        "key",
        "lake",
        "situation",
        "clock",
    }


def test_doctor_names_the_cure_of_a_key_that_others_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "keys" / "pseudonym.key"
    key.parent.mkdir()
    key.write_bytes(b"0" * 32)
    key.chmod(0o644)
    code, out, _ = run_cli(capsys, "doctor", "--home", tmp_path)
    assert code == 1
    assert f"chmod 600 {key}" in out


def test_doctor_names_the_cure_of_a_broken_situation(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "situation.duckdb").write_bytes(b"not a database" * 400)
    (finding,) = [finding for finding in examine(Settings(home=tmp_path)) if finding.subject == "situation"]
    assert finding.is_broken
    assert "publishes a new one" in finding.cure


def test_a_child_that_dies_is_started_again_after_a_growing_pause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    body = f"open({str(runs)!r}, 'a').write('x'); print('wangge: no lake'); raise SystemExit(3)"
    child = Child("worker", [sys.executable, "-c", body], tmp_path, pause_s=0.01)
    (tmp_path / "log").mkdir()
    child.start()
    until_s = time.monotonic() + 30
    while not (runs.exists() and len(runs.read_text(encoding="utf-8")) == 3) and time.monotonic() < until_s:
        start_again_what_ended([child])
        time.sleep(0.02)
    assert len(runs.read_text(encoding="utf-8")) == 3
    assert "The worker ended (exit code 3): wangge: no lake." in capsys.readouterr().out
    assert child.pause_s >= 0.04


def test_a_player_that_has_played_to_the_end_is_not_started_again(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    child = Child("player", [sys.executable, "-c", ""], tmp_path, ends_well=True)
    child.start()
    assert child.process is not None
    child.process.wait()
    start_again_what_ended([child])
    assert child.is_done


def test_run_serves_revives_its_worker_and_ends_cleanly(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "data.cli", "run", "--port", str(port), "--home", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert f"http://127.0.0.1:{port}" in process.stdout.readline()
            second = subprocess.run(
                [*command[:-3], str(port + 1), "--home", str(tmp_path)],
                cwd=PROJECT_ROOT,
                capture_output=True,
                text=True,
            )
            assert second.returncode == 1
            assert "already runs" in second.stderr
            worker = next(pid for pid in children_of(process.pid) if "ingest" in command_of(pid))
            os.kill(worker, signal.SIGKILL)
            process.stdout.readline()
            assert "The worker ended (killed by signal 9)" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
            assert "Stopped." in process.stdout.read()
        finally:
            process.kill()


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(word) for word in text.split()]


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
