"""`wangge token`: who may ask in SQL from another machine."""

from __future__ import annotations

import argparse
from zoneinfo import ZoneInfo

from data.commands.parsing import AddCommand
from data.settings import read_settings


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add(
        "token", _list_tokens, "Tokens for other machines that ask in SQL (notebooks, Excel, BI); lists them."
    )
    actions = command.add_subparsers(metavar="ACTION")
    making = actions.add_parser("add", help="make one; it is shown once")
    making.add_argument("name", metavar="NAME", help="who asks with it, such as powerbi-report")
    making.add_argument("--days", type=_days, default=365, metavar="N", help="how long it opens (365); 0: without end")
    making.set_defaults(act=_make_token)
    ending = actions.add_parser("revoke", help="end one at once")
    ending.add_argument("name", metavar="NAME")
    ending.set_defaults(act=_revoke_token)
    listing = actions.add_parser("list", help="name them, with their ends")
    listing.set_defaults(act=_list_tokens)
    for action in (making, ending, listing):
        action.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _make_token(options: argparse.Namespace) -> int:
    from data.access_tokens import make_token

    settings = read_settings(options.home)
    print(make_token(settings, options.name, options.days))
    ends = f"for {options.days} days" if options.days else "without end"
    print(f"Opens /api/sql {ends}. It is kept nowhere: copy it now.")
    return 0


def _revoke_token(options: argparse.Namespace) -> int:
    from data.access_tokens import revoke_token

    revoke_token(read_settings(options.home), options.name)
    print(f"{options.name} opens nothing any more.")
    return 0


def _list_tokens(options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from data.access_tokens import read_tokens

    settings = read_settings(options.home)
    zone, now = ZoneInfo(settings.timezone), datetime.now(UTC)
    tokens = read_tokens(settings)
    for token in tokens:
        ends = f"until {token.ends_at.astimezone(zone):%Y-%m-%d}" if token.ends_at else "without end"
        print(
            f"{token.name}  {'ENDED' if token.is_over(now) else ends}  (made {token.made_at.astimezone(zone):%Y-%m-%d})"
        )
    if not tokens:
        print("There is none: other machines cannot ask in SQL. wangge token add NAME makes one.")
    return 0


def _days(text: str) -> int:
    if not text.isdigit() or int(text) > 3650:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 0 to 3650")
    return int(text)
