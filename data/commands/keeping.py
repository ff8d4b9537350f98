"""`wangge doctor`, `wangge move-lake`, `wangge erase`: keeping an installation healthy, and letting go of what it need not keep."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from data.commands.parsing import FAILED, AddCommand, moment
from data.errors import WanggeError
from data.settings import read_settings


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("doctor", _doctor, "Say what is wrong with this installation, and the cure.")
    command.add_argument("--port", type=int, metavar="N", help="port of the dashboard (8501)")

    command = add(
        "move-lake", _move_lake, "Move the lake's catalogue to PostgreSQL, or back; the files stay where they are."
    )
    command.add_argument(
        "--to",
        required=True,
        metavar="CATALOGUE",
        help='"postgres:host=… dbname=… user=…"; "" or sqlite: the home folder',
    )

    command = add("erase", _erase, "Destroy registrations for ever, keep the totals, and certify it.")
    scope = command.add_mutually_exclusive_group(required=True)
    scope.add_argument("--round", metavar="R", help="the registrations of a closed round")
    scope.add_argument("--before", metavar="T", type=moment, help="all registrations before this moment")
    scope.add_argument("--all", action="store_true", help="all registrations, and the key of the tokens")
    scope.add_argument("--key", action="store_true", help="only the key: no token can be tied to a person any more")
    scope.add_argument("--verify", metavar="FILE", type=Path, help="check a certificate")
    command.add_argument("--dry-run", action="store_true", help="say what would be destroyed, and do nothing")
    command.add_argument("--yes", action="store_true", help="do not ask")


def _move_lake(options: argparse.Namespace) -> int:
    from data.move_lake import move_lake

    moved = move_lake(read_settings(options.home), options.to)
    print(f"The lake's catalogue is now: {moved.catalogue}.")
    print(
        f"  {moved.table_count} tables with {moved.row_count:,} rows were compared, at snapshot {moved.snapshot}: all agree."
    )
    if moved.kept:
        print(f"  The old catalogue is kept as {moved.kept}; remove it when all is well.")
    return 0


def _erase(options: argparse.Namespace) -> int:
    from data.certificate import verify_certificate
    from data.erasure import erase, find_scope, find_unfinished, preview_erasure

    settings = read_settings(options.home)
    if options.verify:
        verdict = verify_certificate(settings, options.verify)
        print(f"Valid: {options.verify.name}, {verdict.body['scope']}, finished {verdict.body['finished_at']}.")
        origin = {
            True: "signed by this home's key",
            False: "NOT signed by this home's key",
            None: "this home has no key",
        }
        print("  " + "; ".join((origin[verdict.is_own], *verdict.notes)) + ".")
        return FAILED if verdict.is_own is False else 0
    kind = next(name for name in ("round", "before", "all", "key") if getattr(options, name))
    before = options.before
    if before and before.tzinfo is None:
        before = before.replace(tzinfo=ZoneInfo(settings.timezone))
    scope = find_scope(settings, kind, options.round, before)
    word = scope.describe(settings.timezone)
    if not find_unfinished(settings):
        preview = preview_erasure(settings, scope)
        print(f"To be destroyed for ever: {word}")
        for name, count in preview.counts.items():
            print(f"  {count:>12,} {name.removesuffix('_count').replace('_', ' ')}s")
        for note in preview.notes:
            print(f"  note: {note}")
        if options.dry_run:
            return 0
        if not options.yes:
            _confirm(word)
    path = erase(settings, scope, lambda step: print(f"  {step} …", file=sys.stderr))
    print(f"Destroyed. The certificate is {path} (to read: {path.with_suffix('.html').name}).")
    return 0


def _confirm(word: str) -> None:
    """Asks for the scope to be typed. Raises WanggeError where anything else is."""
    print(f"This cannot be undone. To go on, type: {word}")
    try:
        typed = input("> ")
    except EOFError:
        typed = ""
    if typed.strip() != word:
        raise WanggeError("Nothing was destroyed.", f"Type {word!r} when asked, or give --yes.")


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
