"""`wangge doctor`: what is wrong with this installation, and the cure for each.

Only looks; puts nothing right by itself.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo

from data.catalogue import EXTENSIONS, METADATA, find_catalogue, read_password
from data.certificate import list_certificates, verify_certificate
from data.clock import read_clock
from data.engine import load_extension, open_engine
from data.erasure import find_unfinished, suggest_command
from data.errors import WanggeError
from data.home import is_open_to_others
from data.ingest.sealing import SUFFIX, Sealer
from data.lake import open_lake
from data.lake_files import catalogue_bytes, list_known_files, list_present_files, list_scheduled_files
from data.questions import read_questions
from data.sandbox.audit import check_account
from data.sandbox.examination import examine_sandbox
from data.settings import PROJECT_ROOT, Settings
from data.situation import open_situation
from data.supervise import check_home, check_port
from data.telling.targets import read_targets
from data.telling.teller import read_teller_state
from data.worker_state import judge_worker

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 2_000_000_000
"""A district's July takes about 1 GB with its scenario; a disk with less than this fills within the day."""
LEAST_RETENTION_S = 60.0
"""A question over single rows may run half a minute, on a situation that was read a moment before."""
TELLER_SILENT_S = 120.0
"""A message takes 20 s at most, and each target has its turn."""
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>\S+)")


@dataclass(frozen=True)
class Finding:
    """What was found about one thing; `cure` is empty where nothing needs doing."""

    subject: str
    found: str
    cure: str = ""
    is_broken: bool = False

    @property
    def mark(self) -> str:
        if self.is_broken:
            return "[bad] "
        return "[note]" if self.cure else "[ok]  "


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which one would put things right."""
    findings: list[Finding] = []
    for look in _LOOKS:
        try:
            findings.extend(look(settings))
        except WanggeError as error:
            findings.append(Finding(_LOOKS[look], error.message, error.hint or "Read the message.", is_broken=True))
    return findings


def _look_at_python(_: Settings) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        yield Finding("python", found, f"Install Python {'.'.join(map(str, LEAST_PYTHON))} or newer.", is_broken=True)
    else:
        yield Finding("python", found)


def _look_at_packages(_: Settings) -> Iterator[Finding]:
    wrong = []
    count = 0
    for line in (PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        pin = _PIN.match(line)
        if not pin:
            continue
        count += 1
        try:
            found = version(pin["name"])
        except PackageNotFoundError:
            found = "missing"
        if found != pin["version"]:
            wrong.append(f"{pin['name']} is {found}, pinned is {pin['version']}")
    if wrong:
        yield Finding(
            "packages", "; ".join(wrong), "pip install -r requirements.txt -c constraints.txt", is_broken=True
        )
    else:
        yield Finding("packages", f"all {count} as pinned")


def _look_at_extensions(_: Settings) -> Iterator[Finding]:
    with open_engine() as connection:
        for name in EXTENSIONS:
            load_extension(connection, name)
    yield Finding("engine", f"DuckDB with {', '.join(EXTENSIONS)}, from installed packages")


def _look_at_home(settings: Settings) -> Iterator[Finding]:
    check_home(settings)
    free = shutil.disk_usage(settings.home).free
    yield Finding("home", f"{settings.home} can be written")
    space = f"{free / 1e9:,.1f} GB free"
    if free < LEAST_FREE_BYTES:
        yield Finding(
            "disk", space, f"Free some space: {LEAST_FREE_BYTES / 1e9:g} GB is the least to run on.", is_broken=True
        )
    else:
        yield Finding("disk", space)


def _look_at_inbox(settings: Settings) -> Iterator[Finding]:
    if is_open_to_others(settings.inbox_dir):
        yield Finding(
            "inbox",
            f"{settings.inbox_dir} holds identities and is open to everyone on this machine",
            f"chmod o-rwx {settings.inbox_dir}",
            is_broken=True,
        )


def _look_at_worker(settings: Settings) -> Iterator[Finding]:
    worker = judge_worker(settings)
    if worker.status == "failing":
        yield Finding("worker", worker.message, "Put that right; the worker goes on by itself.", is_broken=True)
    elif worker.status == "behind":
        yield Finding("worker", worker.message, "Wait, or look whether this machine is busy with something else.")
    elif worker.status == "silent":
        yield Finding("worker", worker.message, "If it should run: wangge run; its log is log/worker.log.")
    elif worker.status == "ok":
        yield Finding("worker", worker.message or "at work, nothing waits in the inbox")


def _look_at_webhooks(settings: Settings) -> Iterator[Finding]:
    targets = read_targets(settings)
    if not targets:
        yield Finding("webhooks", "none: alerts are told on the pages only")
        return
    state = read_teller_state(settings)
    if state is None or state.age_s > TELLER_SILENT_S:
        found = f"{', '.join(target.name for target in targets)}; nobody tells alerts at present"
        yield Finding("webhooks", found, "wangge run does; its log is log/teller.log. wangge tell --test tries them.")
        return
    for target in targets:
        count, problem = state.waiting.get(target.name, (0, ""))
        if problem:
            found = f"{target.name} takes no messages ({problem}); {count:,} wait"
            yield Finding("webhooks", found, "wangge tell --test tries it; what waits is sent by itself.")
        else:
            yield Finding("webhooks", f"{target.name} takes messages; {count:,} wait")


def _look_at_key(settings: Settings) -> Iterator[Finding]:
    path = settings.key_path
    if not path.exists():
        yield Finding("key", "none yet; ingest makes one on its first run")
        return
    yield _find_key_fault("key", path) or Finding("key", f"{path}, mode 0600; keep a copy of it in a safe place")


def _look_at_quarantine_key(settings: Settings) -> Iterator[Finding]:
    """Whether what lies sealed in quarantine could be opened: seen on the newest file."""
    path, sealed = settings.quarantine_key_path, list(settings.quarantine_dir.glob(f"*/*{SUFFIX}"))
    if not path.exists():
        if sealed:
            found = f"{path} is missing, and {len(sealed):,} sealed files lie in quarantine: their lines cannot be checked again"
            yield Finding("quarantine key", found, "Restore it from a backup.", is_broken=True)
        return
    fault = _find_key_fault("quarantine key", path)
    if fault:
        yield fault
        return
    newest = max(sealed, key=lambda one: one.stat().st_mtime, default=None)
    if newest and Sealer(settings).open(f"{newest.parent.name}/{newest.name}") is None:
        found = f"{path} does not open {newest}: it is damaged, or was sealed with another key"
        yield Finding(
            "quarantine key",
            found,
            "Restore both from a backup, or ask the sites to send those lines again.",
            is_broken=True,
        )
    else:
        opened = "; it opens the newest sealed file" if newest else ""
        yield Finding("quarantine key", f"{path}, mode 0600{opened}; keep a copy of it in a safe place")


def _find_key_fault(subject: str, path: Path) -> Finding | None:
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        return Finding(subject, f"{path} is open to others (mode {mode:04o})", f"chmod 600 {path}", is_broken=True)
    if status.st_uid != os.geteuid() and os.geteuid() != 0:
        cure = "Run Wangge as the user who first ran it."
        return Finding(subject, f"{path} belongs to another user", cure, is_broken=True)
    return None


def _look_at_erasures(settings: Settings) -> Iterator[Finding]:
    unfinished = find_unfinished(settings)
    if unfinished:
        word = unfinished.describe(settings.timezone)
        cure = f"{suggest_command(unfinished, settings.timezone)} goes on where it broke off."
        yield Finding("erasure", f"begun and not finished: {word}", cure, is_broken=True)
    certificates = list_certificates(settings)
    if certificates:
        verdict = verify_certificate(settings, certificates[-1])
        yield Finding(
            "erasures", f"{len(certificates)}, the last {certificates[-1].name}: {', '.join(verdict.notes) or 'valid'}"
        )
        with open_lake(settings, is_read_only=True) as lake:
            row = lake.connection.execute(
                "select count(*), count(distinct ingest_no) from lake.quarantine where reason = 'erased'"
            ).fetchone()
        if row and row[0]:
            yield Finding(
                "erasures",
                f"{row[0]:,} lines of what was erased came later, in {row[1]:,} files",
                "The same wangge erase once more destroys these files too.",
            )


def _look_at_lake(settings: Settings) -> Iterator[Finding]:
    if not settings.lake_dir.is_dir():
        yield Finding("lake", "none yet", "Import reference files (wangge import), or start wangge run --demo.")
        return
    with open_lake(settings, is_read_only=True) as lake:
        row = lake.connection.execute(
            """
            select
                (select count(*) from lake.grid), (select count(*) from lake.registration_version),
                (select count(distinct (file_sha256, file_name)) from lake.ingest_file)
            """
        ).fetchone()
        assert row is not None
        yield Finding("lake", f"{row[0]:,} grids, {row[1]:,} registration lines from {row[2]:,} files")


def _look_at_catalogue(settings: Settings) -> Iterator[Finding]:
    catalogue = find_catalogue(settings)
    if not settings.lake_dir.is_dir():
        return
    if catalogue.is_postgres:
        read_password(settings)  # says so when others can read its file
    data_dir = settings.lake_data_dir
    with open_lake(settings, is_read_only=True) as lake:
        row = lake.connection.execute(f"select count(*) from {METADATA}.ducklake_snapshot").fetchone()
        size = catalogue_bytes(lake.connection, catalogue)
        present = list_present_files(data_dir)  # before what is known: a file that comes meanwhile is not missing
        known = list_known_files(lake.connection, data_dir)
        scheduled = list_scheduled_files(lake.connection, data_dir).keys()
        missing = {path for path in known if not path.exists()}
    yield Finding("catalogue", f"{catalogue}; {size / 1e6:,.1f} MB, {row[0] if row else 0:,} snapshots")
    if missing:
        yield Finding(
            "files",
            f"{len(missing):,} of {len(known):,} files that the catalogue names are not in {data_dir}",
            "Where machines share the folder, see that it is mounted (lake_data_path). Else restore the lake from a backup.",
            is_broken=True,
        )
    orphans = present - known - scheduled
    found = (
        f"{len(present):,} files; {len(scheduled):,} wait to be removed, {len(orphans):,} belong to nobody;"
        f" each goes once no situation has named it for {settings.retention_s:g} s"
    )
    if settings.retention_s < LEAST_RETENTION_S:
        cure = f"retention_s should be {LEAST_RETENTION_S:g} at least: a question over single rows may take as long."
        yield Finding("upkeep", found, cure)
    else:
        yield Finding("upkeep", found)
    moved = sorted(path.name for path in settings.lake_dir.glob("catalogue.moved_*.sqlite"))
    if moved:
        yield Finding("old catalogue", ", ".join(moved), "Remove it when the lake has proved well where it is now.")


def _look_at_situation(settings: Settings) -> Iterator[Finding]:
    if not settings.lake_dir.is_dir():
        return
    situation = open_situation(settings.situation_path)
    try:
        as_of = situation.as_of
    finally:
        situation.close()
    if as_of is None:
        yield Finding("situation", "published, nothing ingested yet")
        return
    now = read_clock(settings.home).now()
    behind_s = (now - as_of).total_seconds()
    local = f"{as_of.astimezone(ZoneInfo(settings.timezone)):%Y-%m-%d %H:%M:%S}"
    if behind_s > settings.stale_after_s:
        yield Finding(
            "situation",
            f"stands at {local}, {behind_s / 60:,.0f} min behind the clock",
            "If wangge run is running and sites are open, look whether files arrive in the inbox.",
        )
    else:
        yield Finding("situation", f"stands at {local}")


def _look_at_sandbox(settings: Settings) -> Iterator[Finding]:
    """Whether queries in SQL are held by every layer: tried out, once there is something to ask."""
    if not settings.situation_path.is_file():
        return
    found = examine_sandbox(settings)
    yield Finding("sandbox", found.told, found.cure, is_broken=found.is_broken)


def _look_at_account(settings: Settings) -> Iterator[Finding]:
    """Whether what is written of queries in SQL is as it was written."""
    files = sorted(settings.audit_dir.glob("sql-*.jsonl"))
    if not files:
        return
    faults = check_account(settings)
    if faults:
        yield Finding(
            "account", f"who asked what in SQL was changed afterwards: {'; '.join(faults)}",
            "Compare var/audit/ with a backup, and ask who may write there.", is_broken=True,
        )  # fmt: skip
    elif any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files):
        yield Finding("account", f"{settings.audit_dir} is open to other users", f"chmod -R go= {settings.audit_dir}")
    else:
        yield Finding("account", f"{len(files)} months of queries in SQL, each line follows from the one before")


def _look_at_clock(settings: Settings) -> Iterator[Finding]:
    clock, zone = read_clock(settings.home), ZoneInfo(settings.timezone)
    if clock.starts_at is not None:
        yield Finding(
            "clock", f"a played one, {clock.speed:g} × speed, shows {clock.now().astimezone(zone):%Y-%m-%d %H:%M}"
        )
    elif datetime.now(UTC).year < 2022:
        yield Finding("clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "Set this machine's clock.", is_broken=True)
    else:
        yield Finding("clock", f"this machine's, {datetime.now(zone):%Y-%m-%d %H:%M:%S}")


def _look_at_questions(_: Settings) -> Iterator[Finding]:
    yield Finding("questions", f"{len(read_questions())} in queries/")


def _look_at_port(settings: Settings) -> Iterator[Finding]:
    try:
        check_port(settings)
    except WanggeError as error:
        # A running dashboard holds its port: worth saying, nothing broken.
        yield Finding("port", error.message, error.hint)
    else:
        yield Finding("port", f"{settings.port} on {settings.host} is free")


_LOOKS: dict[Callable[[Settings], Iterator[Finding]], str] = {
    _look_at_python: "python",
    _look_at_packages: "packages",
    _look_at_extensions: "engine",
    _look_at_home: "home",
    _look_at_inbox: "inbox",
    _look_at_worker: "worker",
    _look_at_webhooks: "webhooks",
    _look_at_key: "key",
    _look_at_quarantine_key: "quarantine key",
    _look_at_erasures: "erasure",
    _look_at_lake: "lake",
    _look_at_catalogue: "catalogue",
    _look_at_situation: "situation",
    _look_at_sandbox: "sandbox",
    _look_at_account: "account",
    _look_at_clock: "clock",
    _look_at_questions: "questions",
    _look_at_port: "port",
}
