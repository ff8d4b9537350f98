"""The built-in scenario as a demonstration: built once, imported and delivered like anyone's files, then played.

Owns what is done once and what is continued. Knows nothing of how the scenario is made (`data.scenario`).
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from data.clock import write_clock
from data.errors import WanggeError
from data.home import prepare_home
from data.lake import open_lake, write_permission_error
from data.scenario import DEFAULT_SEED, build_scenario
from data.scenario.manifest import Manifest, read_manifest
from data.settings import Settings
from data.situation import open_situation

PLAY_FROM = datetime(2022, 7, 14, 6, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
"""Where the played day begins: the third district round has just opened."""
MARK_FILE = ".scenario"
"""Stands in a folder that was made for a scenario: no other folder is ever written over."""
MANIFEST_FILE = "manifest.json"
DELIVERED_FILE = "history-delivered"


@dataclass(frozen=True)
class DemoOptions:
    """Which July: `scale` is the share of residents (None: that of the scenario which is there, else 1)."""

    seed: int = DEFAULT_SEED
    scale: float | None = None
    speed: float | None = 60.0


def tick_s() -> float:
    """How often a progress bar is drawn: smoothly for a person, now and then into a log."""
    return 0.1 if sys.stderr.isatty() else 5.0


def write_demo(out_dir: Path, options: DemoOptions, play_from: datetime | None) -> None:
    """Writes the scenario's files into `out_dir`; what comes after `play_from` goes aside, to be played."""
    _claim(out_dir)
    with tqdm(desc="building the scenario", unit="step", mininterval=tick_s()) as bar:

        def show(what: str, done: int, total: int) -> None:
            bar.total = total
            bar.set_postfix_str(what, refresh=False)
            bar.update(done - bar.n)

        build_scenario(out_dir, options.seed, options.scale or 1.0, play_from, show)


def prepare_demo(settings: Settings, options: DemoOptions) -> None:
    """Builds the scenario, imports its reference files and delivers its history to the inbox: each once.

    A second start finds all that done, and goes on where one was broken off. Raises WanggeError where this home
    holds another scenario.
    """
    # imported here: the supervisor, which outlives all this, does without what reads maps
    from data.reference_import import KINDS, find_reference_files, import_all

    prepare_home(settings)
    made = _read_manifest(settings.scenario_dir)
    if made is None:
        write_demo(settings.scenario_dir, options, PLAY_FROM)
    elif options.scale is not None and options.scale != made.scale:
        raise WanggeError(
            f"{settings.home} holds a scenario of scale {made.scale:g} already, not {options.scale:g}.",
            "Leave --scale out to go on with it, or choose another home: --home DIR.",
        )
    if not _is_imported(settings):
        with tqdm(total=len(KINDS), desc="importing reference files", unit="file", mininterval=tick_s()) as bar:

            def show(kind: str) -> None:
                bar.set_postfix_str(kind, refresh=False)
                bar.update()

            import_all(settings, find_reference_files(settings.scenario_dir / "reference"), show)
    _deliver_history(settings)
    _hold_clock(settings)


def is_prepared(settings: Settings) -> bool:
    """Whether `prepare_demo` has done its work in this home."""
    return _read_manifest(settings.scenario_dir) is not None and (settings.lake_dir / DELIVERED_FILE).exists()


def count_waiting_files(settings: Settings) -> int:
    """How many delivered files the worker has still to take."""
    ours = {settings.done_dir, settings.refused_dir, settings.scenario_dir}
    folders = [path for path in settings.inbox_dir.glob("*") if path.is_dir() and path not in ours]
    return sum(
        1 for folder in folders for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")
    )


def _claim(out_dir: Path) -> None:
    """Marks a folder as the scenario's. An earlier manifest goes first: it would vouch for half a scenario."""
    try:
        if out_dir.is_dir() and any(out_dir.iterdir()) and not (out_dir / MARK_FILE).is_file():
            raise WanggeError(f"{out_dir} holds other files.", "Choose an empty folder for the scenario: --out DIR.")
        out_dir.mkdir(parents=True, exist_ok=True)
        (out_dir / MARK_FILE).touch()
        (out_dir / MANIFEST_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise write_permission_error(out_dir, error) from None


def _read_manifest(scenario_dir: Path) -> Manifest | None:
    """The manifest of a scenario that is there to be played; None where there is none, or only a part of one."""
    path = scenario_dir / MANIFEST_FILE
    made = read_manifest(path) if path.is_file() else None
    return made if made and made.play_from else None


def _is_imported(settings: Settings) -> bool:
    """Whether the last kind of reference files is there: the order of import is fixed."""
    with open_lake(settings) as lake:
        row = lake.connection.execute("select count(*) from lake.zone_order").fetchone()
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


def _hold_clock(settings: Settings) -> None:
    """Stops the district's clock where the situation stands, until the player sets it going."""
    situation = open_situation(settings.situation_path)
    try:
        as_of = situation.as_of
    finally:
        situation.close()
    write_clock(settings.home, max(PLAY_FROM, as_of or PLAY_FROM), speed=0.0, ends_at=None)


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
