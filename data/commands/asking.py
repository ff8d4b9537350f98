"""`wangge ask`: the questions in `queries/`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from data.commands.parsing import AddCommand, pair
from data.errors import QuestionError
from data.settings import read_settings

if TYPE_CHECKING:
    from data.questions import Question

ANSWER_FORMATS = ("table", "csv", "json", "parquet")


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


def _list_questions(questions: dict[str, Question]) -> None:
    from data.questions import accepted_params

    for name, question in questions.items():
        params = [param for param in accepted_params(question, questions).values() if param.name != "as_of"]
        shown = " ".join(f"-p {param.name}={'…' if not param.has_default else param.default}" for param in params)
        print(f"{name}  {shown}".rstrip())
        print(f"    {question.question}")
