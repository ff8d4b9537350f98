"""The built-in scenario as a demonstration: built once, imported and delivered like anyone's files, then played.

Owns what is done once and what is continued. Knows nothing of how the scenario is made (`data.scenario`).
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from data.clock import CLOCK_FILE, write_clock
from data.errors import WanggeError
from data.lake import open_lake, write_permission_error
from data.reference_import import KINDS, find_reference_files, import_all
from data.scenario import DEFAULT_SEED, build_scenario
from data.scenario.play import play
from data.settings import Settings

PLAY_FROM = datetime(2022, 7, 14, 6, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""Where the played day begins: the third district round has just opened."""
MADE_FILE = ".made.json"
DELIVERED_FILE = "history-delivered"


@dataclass(frozen=True)
class DemoOptions:
    """Which July: `scale` is the share of residents (None: that of the scenario which is there, else 1)."""

    seed: int = DEFAULT_SEED
    scale: float | None = None
    speed: float = 60.0


def write_demo(out_dir: Path, options: DemoOptions, play_from: datetime | None) -> None:
    """Writes the scenario's files into `out_dir`; what comes after `play_from` goes aside, to be played."""
    _clear(out_dir)
    seed, scale = options.seed, options.scale or 1.0
    made = {"seed": seed, "scale": scale, "play_from": play_from.isoformat() if play_from else None}
    with tqdm(desc="building the scenario", unit="step", disable=None) as bar:

        def show(step: str, done: int, total: int) -> None:
            bar.total = total
            bar.set_postfix_str(step, refresh=False)
            bar.update(done - bar.n)

        build_scenario(out_dir, seed, scale, play_from, show)
    (out_dir / MADE_FILE).write_text(json.dumps(made), encoding="utf-8")


def prepare_demo(settings: Settings, options: DemoOptions, stop: threading.Event) -> None:
    """Builds the scenario, imports its reference files and delivers its history to the inbox: each once.

    A second start finds all that done. Raises WanggeError where this home holds another scenario.
    """
    made = _read_made(settings.scenario_dir)
    if made is None:
        write_demo(settings.scenario_dir, options, PLAY_FROM)
    elif options.scale is not None and options.scale != made["scale"]:
        raise WanggeError(
            f"{settings.home} holds a scenario of scale {made['scale']:g} already, not {options.scale:g}.",
            "Leave --scale out to go on with it, or choose another home: --home DIR.",
        )
    if stop.is_set():
        return
    if not _is_imported(settings):
        with tqdm(total=len(KINDS), desc="importing reference files", unit="file", disable=None) as bar:

            def show(kind: str) -> None:
                bar.set_postfix_str(kind, refresh=False)
                bar.update()

            import_all(settings, find_reference_files(settings.scenario_dir / "reference"), show)
    _deliver_history(settings)
    if not (settings.home / CLOCK_FILE).exists():
        write_clock(settings.home, PLAY_FROM, speed=0.0, ends_at=None)


def play_demo(settings: Settings, options: DemoOptions, stop: threading.Event) -> None:
    """Plays 14 July into the inbox until its end or until `stop`; builds what is missing first."""
    prepare_demo(settings, options, stop)
    if not stop.is_set():
        play(settings, options.speed, stop)


def count_waiting_files(settings: Settings) -> int:
    """How many delivered files the worker has still to take."""
    folders = [*(path for path in settings.inbox_dir.glob("*") if path.is_dir()), settings.home / "taking"]
    return sum(
        1 for folder in folders for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")
    )


def _clear(out_dir: Path) -> None:
    """An empty folder that is marked as the scenario's; only such a folder is ever emptied."""
    try:
        if out_dir.is_dir() and any(out_dir.iterdir()):
            if not (out_dir / MADE_FILE).is_file():
                raise WanggeError(
                    f"{out_dir} holds other files.", "Choose an empty folder for the scenario: --out DIR."
                )
            shutil.rmtree(out_dir)
        out_dir.mkdir(parents=True, exist_ok=True)
        (out_dir / MADE_FILE).write_text("{}", encoding="utf-8")
    except OSError as error:
        raise write_permission_error(out_dir, error) from None


def _read_made(scenario_dir: Path) -> dict[str, float] | None:
    """What the scenario in this folder was made with; None where there is none, or only a part of one."""
    try:
        made: dict[str, float] = json.loads((scenario_dir / MADE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return made if made.get("play_from") else None


def _is_imported(settings: Settings) -> bool:
    last = KINDS["zones"]
    with open_lake(settings) as lake:
        row = lake.connection.execute(f"select count(*) from lake.{last.table}").fetchone()
    return bool(row and row[0])


def _deliver_history(settings: Settings) -> None:
    """Puts the logs up to `PLAY_FROM` into the inbox, whole at once and only once in the life of this lake."""
    marker = settings.lake_dir / DELIVERED_FILE
    if marker.exists():
        return
    logs = settings.scenario_dir / "logs"
    for path in sorted(logs.rglob("*")):
        if path.is_file():
            target = settings.inbox_dir / path.relative_to(logs)
            target.parent.mkdir(parents=True, exist_ok=True)
            _place(path, target)
    marker.touch()


def _place(path: Path, target: Path) -> None:
    """The file under a second name, without copying it where the disk allows; never half of it."""
    try:
        os.link(path, target)
    except FileExistsError:
        return
    except OSError:
        aside = target.with_name(f".{target.name}.part")
        shutil.copyfile(path, aside)
        aside.replace(target)
