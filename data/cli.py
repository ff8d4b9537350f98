"""The command `wangge`: reads the command line, calls what does the work, says what came of it.

Owns wording, progress bars and exit codes: 0 done, 1 failed with one paragraph (what, where, expected, next step), 2 wrong
usage. No traceback reaches a user: an unforeseen one goes to `log/error.log` in the home folder.

Each command imports what it needs when it runs: the worker lives for days and should not carry the scenario's and the
map's libraries, and a question should not wait for them.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from data.errors import QuestionError, WanggeError
from data.questions import Question, accepted_params, ask, find_question, read_questions
from data.settings import read_settings
from data.situation import open_situation
from geo.errors import GeoError

if TYPE_CHECKING:
    from data.ingest import IngestSummary

FAILED = 1
WRONG_USAGE = 2
REFERENCE_KINDS = ("feeds", "grids", "buildings", "households", "sites", "staff", "rounds", "zones")
ANSWER_FORMATS = ("table", "csv", "json", "parquet")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _build_parser().parse_args(arguments)
    act: Callable[[argparse.Namespace], int] = options.act
    try:
        return act(options)
    except (WanggeError, GeoError) as error:
        print(f"wangge: {error.message.strip()}", error.hint, sep="\n", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("wangge: stopped.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # the reader of our output has gone (`wangge ask … | head`): nothing is left to say, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the last resort: a person gets a paragraph, the log gets the traceback
        print(_describe_unforeseen(error, options), file=sys.stderr)
        return FAILED


def _build_parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--home", metavar="DIR", help="where everything made at run time lives (WANGGE_HOME, else var/)"
    )
    parser = argparse.ArgumentParser(prog="wangge", description="Wangge 网格: what happens in a district's grids.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, act: Callable[[argparse.Namespace], int], help_: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[shared], help=help_, description=help_)
        command.set_defaults(act=act)
        return command

    command = add("run", _run, "Ingest worker and dashboard under one supervisor; Ctrl-C stops both.")
    command.add_argument("--demo", action="store_true", help="with the built-in scenario, played into the inbox")
    command.add_argument(
        "--speed", type=_positive, default=60.0, metavar="N", help="district seconds a second (with --demo; 60)"
    )
    command.add_argument("--scale", type=_positive, metavar="X", help="share of the residents (with --demo; 1)")
    command.add_argument("--port", type=int, metavar="N", help="port of the dashboard (8501)")
    command.add_argument("--host", metavar="H", help="address it listens on (127.0.0.1)")

    command = add(
        "demo", _demo, "Write the scenario's reference files and logs; with --speed play them into the inbox."
    )
    command.add_argument("--speed", type=_positive, metavar="N", help="play 14 July from 06:30, so many times as fast")
    command.add_argument("--scale", type=_positive, metavar="X", help="share of the residents (1)")
    command.add_argument("--seed", type=int, metavar="N", help="another seed is another July")
    command.add_argument("--out", metavar="DIR", help="where to write (the home's scenario/)")
    command.add_argument("--prepare", action="store_true", help="build, import and deliver what comes before the play")

    command = add("import", _import, "Check and load a reference file; refuse it with every reason at once.")
    command.add_argument("kind", metavar="KIND", help=" | ".join(REFERENCE_KINDS))
    command.add_argument("file", type=Path, metavar="FILE", help="CSV; GeoJSON for grids (data/FORMATS.md)")

    command = add("ingest", _ingest, "Take logs into the lake.")
    command.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="log files, or folders of them")
    command.add_argument("--watch", action="store_true", help="take what lies in the inbox, and go on taking")

    command = add("ask", _ask, "Ask one of the questions in queries/; without a name, list them.")
    command.add_argument("question", nargs="?", metavar="QUESTION", help="such as sites/state")
    command.add_argument(
        "-p", "--param", action="append", default=[], type=_pair, metavar="name=value", help="a parameter"
    )
    command.add_argument("--as-of", metavar="T", help="the moment asked about (the situation's own)")
    command.add_argument("--format", choices=ANSWER_FORMATS, default="table", help="how to write the answer (table)")
    command.add_argument("--out", type=Path, metavar="FILE", help="write to a file")

    command = add("doctor", _doctor, "Say what is wrong with this installation, and the cure.")
    command.add_argument("--port", type=int, metavar="N", help="port of the dashboard (8501)")
    return parser


def _run(options: argparse.Namespace) -> int:
    from data.demo import DemoOptions
    from data.supervise import RunOptions, run

    settings = read_settings(options.home, port=options.port, host=options.host)
    demo = DemoOptions(scale=options.scale, speed=options.speed) if options.demo else None
    return run(settings, RunOptions(demo))


def _demo(options: argparse.Namespace) -> int:
    from data.demo import DemoOptions, is_prepared, prepare_demo, write_demo
    from data.scenario import DEFAULT_SEED
    from data.scenario.play import play

    settings = read_settings(options.home)
    demo = DemoOptions(DEFAULT_SEED if options.seed is None else options.seed, options.scale, options.speed)
    if options.out and (options.speed is not None or options.prepare):
        print("wangge demo: what is played is the scenario of the home; leave --out away.", file=sys.stderr)
        return WRONG_USAGE
    if options.prepare or (options.speed is not None and not is_prepared(settings)):
        prepare_demo(settings, demo)
    if options.speed is not None:
        play(settings, options.speed, _stop_on_signal())
    elif not options.prepare:
        out_dir = Path(options.out).absolute() if options.out else settings.scenario_dir
        write_demo(out_dir, demo, play_from=None)
        print(f"The scenario is in {out_dir}: reference/ to import, logs/ to ingest.")
    return 0


def _import(options: argparse.Namespace) -> int:
    from data.reference_import import import_reference

    summary = import_reference(read_settings(options.home), options.kind, options.file)
    print(f"{summary.kind}: {summary.row_count:,} records from {summary.path} are in place.")
    for note in summary.notes:
        print(f"  note: {note}")
    return 0


def _ingest(options: argparse.Namespace) -> int:
    from data.ingest import ingest_paths, watch_inbox

    settings = read_settings(options.home)
    if not options.paths and not options.watch:
        print("wangge ingest: name files or folders to take, or --watch to watch the inbox.", file=sys.stderr)
        return WRONG_USAGE
    refused = 0
    if options.paths:
        with tqdm(unit="file", desc="ingest", disable=None) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            summary = ingest_paths(settings, options.paths, show)
        print(_describe_ingest(summary))
        for path, reason in summary.refused:
            print(f"  refused: {path}: {reason}", file=sys.stderr)
        refused = len(summary.refused)
    if options.watch:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
        watch_inbox(settings, _stop_on_signal())
    return FAILED if refused else 0


def _ask(options: argparse.Namespace) -> int:
    from data.answer_format import write_answer

    questions = read_questions()
    if options.question is None:
        _list_questions(questions)
        return 0
    find_question(options.question, questions)  # a slip in the name is told even where there is no situation yet
    settings = read_settings(options.home)
    given = dict(options.param)
    if "as_of" in given:
        raise QuestionError("The moment asked about is no ordinary parameter.", f"Write --as-of {given['as_of']!r}.")
    situation = open_situation(settings.situation_path)
    try:
        answer = ask(situation, options.question, options.as_of, **given)
        write_answer(answer, options.format, options.out, settings.timezone)
    finally:
        situation.close()
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from data.doctor import examine

    settings = read_settings(options.home, port=options.port)
    findings = examine(settings)
    for finding in findings:
        print(f"{finding.mark} {finding.subject}: {finding.found}")
        if finding.cure:
            print(f"      → {finding.cure}")
    broken = [finding for finding in findings if finding.is_broken]
    print("Healthy." if not broken else f"{len(broken)} to put right.")
    return FAILED if broken else 0


def _list_questions(questions: dict[str, Question]) -> None:
    for name, question in questions.items():
        params = [param for param in accepted_params(question, questions).values() if param.name != "as_of"]
        shown = " ".join(f"-p {param.name}={'…' if not param.has_default else param.default}" for param in params)
        print(f"{name}  {shown}".rstrip())
        print(f"    {question.question}")


def _describe_ingest(summary: IngestSummary) -> str:
    return (
        f"{summary.files:,} files: {summary.accepted:,} accepted, {summary.duplicate:,} duplicate, "
        f"{summary.corrected:,} corrected, {summary.quarantined:,} quarantined rows."
    )


def _describe_unforeseen(error: Exception, options: argparse.Namespace) -> str:
    said = f"wangge: an unforeseen failure: {type(error).__name__}: {error}"
    try:
        log = read_settings(options.home).home / "log" / "error.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv[1:])}\n{traceback.format_exc()}\n")
    except (OSError, WanggeError):
        return f"{said}\nRun wangge doctor."
    return f"{said}\nRun wangge doctor; the details are in {log}."


def _stop_on_signal() -> threading.Event:
    """An event that is set by Ctrl-C or by being asked to end, so that work stops between two steps."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} should look like name=value")
    return name.lstrip("$"), value


if __name__ == "__main__":
    sys.exit(main())
