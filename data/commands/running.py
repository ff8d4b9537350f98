"""`wangge run` and `wangge demo`: what lives for days, and the built-in scenario."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data.commands.parsing import WRONG_USAGE, AddCommand, positive, stop_on_signal
from data.settings import read_settings


def add_commands(add: AddCommand) -> None:
    """Adds this module's commands to the parser."""
    command = add("run", _run, "Ingest worker and dashboard under one supervisor; Ctrl-C stops both.")
    command.add_argument("--demo", action="store_true", help="with the built-in scenario, played into the inbox")
    command.add_argument(
        "--speed", type=positive, default=60.0, metavar="N", help="district seconds a second (with --demo; 60)"
    )
    command.add_argument("--scale", type=positive, metavar="X", help="share of the residents (with --demo; 1)")
    command.add_argument("--port", type=int, metavar="N", help="port of the dashboard (8501)")
    command.add_argument("--host", metavar="H", help="address it listens on (127.0.0.1)")

    command = add(
        "demo", _demo, "Write the scenario's reference files and logs; with --speed play them into the inbox."
    )
    command.add_argument("--speed", type=positive, metavar="N", help="play 14 July from 06:30, so many times as fast")
    command.add_argument("--scale", type=positive, metavar="X", help="share of the residents (1)")
    command.add_argument("--seed", type=int, metavar="N", help="another seed is another July")
    command.add_argument("--out", metavar="DIR", help="where to write (the home's inbox/scenario/)")
    command.add_argument("--prepare", action="store_true", help="build, import and deliver what comes before the play")


def _run(options: argparse.Namespace) -> int:
    from data.demo import DemoOptions
    from data.supervise import RunOptions, run

    settings = read_settings(options.home, port=options.port, host=options.host)
    demo = DemoOptions(scale=options.scale, speed=options.speed) if options.demo else None
    return run(settings, RunOptions(demo))


def _demo(options: argparse.Namespace) -> int:
    from data.demo import DemoOptions, is_prepared, prepare_demo, write_demo
    from data.home import prepare_home
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
        play(settings, options.speed, stop_on_signal())
    elif not options.prepare:
        if not options.out:
            prepare_home(settings)
        out_dir = Path(options.out).absolute() if options.out else settings.scenario_dir
        write_demo(out_dir, demo, play_from=None)
        print(f"The scenario is in {out_dir}: reference/ to import, logs/ to ingest.")
    return 0
