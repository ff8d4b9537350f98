"""`wangge ask`: the questions in `queries/`; `wangge sql`: any query, in the sandbox; `wangge brief`: their answers on one page;
`wangge export`: rows and sums to carry away."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from data.commands.parsing import FAILED, AddCommand, moment, pair
from data.errors import BriefError, QuestionError
from data.settings import Settings, read_settings

if TYPE_CHECKING:
    from data.questions import Question

ANSWER_FORMATS = ("table", "csv", "json", "jsonl", "arrow", "parquet", "xlsx")
BRIEF_FORMATS = ("html", "pdf")
BUNDLE_FORMATS = ("duckdb", "parquet")


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("ask", _ask, "Ask one of the questions in queries/; without a name, list them.")
    command.add_argument("question", nargs="?", metavar="QUESTION", help="such as sites/state")
    command.add_argument(
        "-p", "--param", action="append", default=[], type=pair, metavar="name=value", help="a parameter"
    )
    command.add_argument("--as-of", metavar="T", help="the moment asked about (the situation's own)")
    command.add_argument("--format", choices=ANSWER_FORMATS, default="table", help="how to write the answer (table)")
    command.add_argument("--out", type=Path, metavar="FILE", help="write to a file")

    command = add("brief", _brief, "Write the daily brief 日报: one page of figures, maps and a chart for a moment.")
    command.add_argument("--at", type=moment, metavar="T", help='such as "2022-07-14 08:40" (the situation\'s own)')
    command.add_argument("--lang", choices=("zh", "en"), default="zh", help="the language (zh)")
    command.add_argument("--format", choices=BRIEF_FORMATS, help="html or pdf (what FILE ends in, else html)")
    command.add_argument("--out", type=Path, metavar="FILE", help="where to write it (brief-<moment>.<format>, here)")

    query = add(
        "sql", _sql, "Ask in SQL, in the sandbox: one reading statement over the tables that SHOW TABLES lists."
    )
    query.add_argument("query", nargs="?", metavar="SQL", help="the statement; read from standard input without it")
    query.add_argument("--format", choices=ANSWER_FORMATS, default="table", help="how to write the answer (table)")
    query.add_argument(
        "--limit",
        type=_count,
        metavar="N",
        help="rows at most (sandbox_rows of the settings; sandbox_export_rows for all but a table)",
    )
    query.add_argument("--out", type=Path, metavar="FILE", help="write to a file")

    bundle = add(
        "export", _export, "Write a de-identified bundle to carry to another machine: one DuckDB file, or Parquet."
    )
    bundle.add_argument(
        "--out", type=Path, required=True, metavar="PLACE", help="NAME.duckdb, a folder to be made, or NAME.zip"
    )
    bundle.add_argument("--round", action="append", default=[], metavar="R,…", help="only these rounds (all)")
    bundle.add_argument(
        "--from", dest="from_at", type=moment, metavar="T", help='such as "2022-07-14 06:00" (all there is)'
    )
    bundle.add_argument("--to", dest="until_at", type=moment, metavar="T", help="the first moment after the period")
    bundle.add_argument("--tables", action="append", default=[], metavar="NAME,…", help="only these tables (all)")
    bundle.add_argument(
        "--columns", action="append", default=[], metavar="TABLE:NAME,…", help="only these columns of a table (all)"
    )
    bundle.add_argument("--format", choices=BUNDLE_FORMATS, help="duckdb or parquet (what PLACE ends in, else parquet)")
    bundle.add_argument(
        "--keep-tokens", action="store_true", help="persons by the lake's tokens: bundles can be linked"
    )
    bundle.add_argument("--force", action="store_true", help="replace a bundle that is there")


def _ask(options: argparse.Namespace) -> int:
    from data.answer_format import write_answer
    from data.questions import ask, find_question, read_note, read_questions
    from data.situation import open_situation

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
        if note := read_note(answer):
            print(f"wangge: {note}", file=sys.stderr)
    finally:
        situation.close()
    return 0


def _brief(options: argparse.Namespace) -> int:
    from zoneinfo import ZoneInfo

    from data.brief.figures import read_brief
    from data.brief.page import write_html
    from data.brief.telling import tell_brief
    from data.clock import read_clock
    from data.questions import sit_down
    from data.situation import open_situation

    settings = read_settings(options.home)
    ending = options.out.suffix.removeprefix(".").lower() if options.out else ""
    format_ = options.format or (ending if ending in BRIEF_FORMATS else "html")
    situation = open_situation(settings.situation_path)
    try:
        at = situation.as_of
        if options.at:
            at = options.at if options.at.tzinfo else options.at.replace(tzinfo=ZoneInfo(settings.timezone))
        params = settings.for_questions(read_clock(settings.home).pipeline_allowance_s())
        with sit_down(situation, at, **params) as sitting:
            brief = read_brief(lambda name, **more: sitting.ask(name, **more).to_pylist(), at, settings.timezone)
    finally:
        situation.close()
    told = tell_brief(brief, settings, options.lang)
    if format_ == "pdf":
        from data.brief.document import write_pdf

        written = write_pdf(told)
    else:
        written = write_html(told).encode()
    out = options.out or Path(f"brief{f'-{brief.at:%Y%m%d-%H%M}' if brief.at else ''}.{format_}")
    try:
        out.write_bytes(written)
    except OSError as error:
        raise BriefError(f"{out} cannot be written: {error.strerror}.", "Choose another place with --out.") from None
    print(out)
    return 0


def _list_questions(questions: dict[str, Question]) -> None:
    from data.questions import accepted_params

    for name, question in questions.items():
        params = [param for param in accepted_params(question, questions).values() if param.name != "as_of"]
        shown = " ".join(f"-p {param.name}={'…' if not param.has_default else param.default}" for param in params)
        print(f"{name}  {shown}".rstrip())
        print(f"    {question.question}")


def _sql(options: argparse.Namespace) -> int:
    from data.answer_format import write_answer, write_batches
    from data.sandbox import Limits, Sandbox, SandboxError, mark
    from data.sandbox.formats import FORMATS
    from data.sandbox.plan import is_plan

    settings = read_settings(options.home)
    text = options.query
    if text is None or text == "-":
        text = sys.stdin.buffer.read(1_000_000).decode("utf-8", errors="surrogateescape")
    with Sandbox(settings) as sandbox:
        file = FORMATS.get(options.format)
        limits = Limits(None, file.most_rows(options.limit), file.byte_max) if file else Limits(None, options.limit)
        query = sandbox.submit(text, _login_name(settings), limits, by="shell", streams=file is not None)
        try:
            if file:
                write_batches(query.batches(), options.format, options.out, settings.timezone)
            elif is_plan(query.result().table.column_names) and options.out is None:
                print(query.result().table.column(1)[0].as_py())
            else:
                write_answer(query.result().table, options.format, options.out, settings.timezone)
        except SandboxError as error:
            drawn = mark(text, error.line, error.column)
            raise QuestionError(f"{error.message}\n{drawn}" if drawn else error.message, error.hint) from None
    if query.cut_by:
        print(
            f"wangge: cut after {query.progress().row_count:,} rows: the answer has more {query.cut_by} than a {options.format} may have.",
            file=sys.stderr,
        )
    return 0


def _export(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from data.bundle import export_bundle, read_wish

    settings = read_settings(options.home)
    wish = read_wish(
        settings, options.out, format_=options.format, rounds=options.round, from_at=options.from_at,
        until_at=options.until_at, tables=options.tables, columns=options.columns, keeps_tokens=options.keep_tokens,
        force=options.force,
    )  # fmt: skip
    os.nice(10)  # what is taken out can wait for what comes in
    with tqdm(unit=" rows", unit_scale=True, desc="export", disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        exported = export_bundle(settings, wish, _login_name(settings), show)
    size = exported.byte_count / 1e6
    print(f"{exported.path}: {exported.table_count} tables, {exported.row_count:,} rows, {size:,.1f} MB.")
    told = (
        "kept as in the lake: it can be tied to other bundles"
        if wish.keeps_tokens
        else "made anew, the key thrown away"
    )
    agreed = sum(one.outcome == "agrees" for one in exported.compared)
    print(f"Tokens of persons are {told}. {agreed} comparisons between its tables agree.")
    if not exported.differing:
        return 0
    for one in exported.differing:
        print(f"wangge: {one.name}: {one.differing_count:,} of {one.compared_count:,} differ.", file=sys.stderr)
    print("The bundle is kept, and its manifest says so. Run wangge doctor.", file=sys.stderr)
    return FAILED


def _login_name(settings: Settings) -> str | None:
    """Who is recorded as having asked: the settings' analyst where one is named, else who is logged in."""
    if settings.analyst:
        return None
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows above 0")
    return int(text)
