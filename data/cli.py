"""The command `wangge`: reads the command line, hands it to the command's module, says how it failed.

Owns exit codes: 0 done, 1 failed with one paragraph (what, where, expected, next step), 2 wrong usage. No traceback
reaches a user: an unforeseen one goes to `log/error.log` in the home folder.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from data.commands import access, asking, keeping, reference, running, taking, telling
from data.commands.parsing import FAILED
from data.errors import WanggeError
from data.masking import mask_numbers
from data.settings import read_settings
from geo.errors import GeoError


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
        print(mask_numbers(f"wangge: {error.message.strip()}\n{error.hint}"), file=sys.stderr)
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

    for module in (running, reference, taking, asking, access, telling, keeping):
        module.add_commands(add)
    return parser


def _describe_unforeseen(error: Exception, options: argparse.Namespace) -> str:
    said = mask_numbers(f"wangge: an unforeseen failure: {type(error).__name__}: {error}")
    try:
        log = read_settings(options.home).home / "log" / "error.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            said_in_full = f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv[1:])}\n{traceback.format_exc()}\n"
            file.write(mask_numbers(said_in_full))
    except (OSError, WanggeError):
        return f"{said}\nRun wangge doctor."
    return f"{said}\nRun wangge doctor; the details are in {log}."


if __name__ == "__main__":
    sys.exit(main())
