"""`wangge doctor`: keeping an installation healthy."""

from __future__ import annotations

import argparse

from data.commands.parsing import FAILED, AddCommand
from data.settings import read_settings


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("doctor", _doctor, "Say what is wrong with this installation, and the cure.")
    command.add_argument("--port", type=int, metavar="N", help="port of the dashboard (8501)")


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
