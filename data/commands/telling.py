"""`wangge tell`: alerts to the webhooks of the settings."""

from __future__ import annotations

import argparse

from data.commands.parsing import FAILED, AddCommand, stop_on_signal
from data.settings import read_settings


def add_commands(add: AddCommand) -> None:
    """Adds this module's command to the parser."""
    command = add("tell", _tell, "Tell alerts to the webhooks of settings.toml; wangge run does so by itself.")
    command.add_argument("--test", action="store_true", help="send one trial message to each and say how that went")


def _tell(options: argparse.Namespace) -> int:
    from data.clock import read_clock
    from data.telling import read_targets, watch
    from data.telling.messages import write_trial
    from data.telling.post import post

    settings = read_settings(options.home)
    targets = read_targets(settings)
    if not targets:
        print("No webhook is configured: nothing leaves this machine. Set webhooks in settings.toml.")
        return 0
    if not options.test:
        watch(settings, stop_on_signal())
        return 0
    now = read_clock(settings.home).now()
    outcomes = [
        (target, post(target, write_trial(target.format, settings, now), f"trial {now.timestamp():.0f}"))
        for target in targets
    ]
    for target, outcome in outcomes:
        print(f"{target.name}: {outcome.problem or 'taken'}")
    return 0 if all(outcome.is_taken for _, outcome in outcomes) else FAILED
