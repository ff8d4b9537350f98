"""`wangge run`: the ingest worker, the dashboard and, for the demonstration, the player, as children of one process.

Owns their starting, their restarting with growing pauses, and their clean end. Knows nothing of what they do. What they
print goes to `log/` in the home folder.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from tqdm import tqdm

from data.demo import DemoOptions, count_waiting_files, tick_s
from data.errors import WanggeError
from data.home import only_one, prepare_home
from data.lake import write_permission_error
from data.settings import PROJECT_ROOT, Settings
from data.telling.targets import read_targets

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
"""A child that lived so long has recovered: its next pause is the first one again."""
GRACE_S = 15.0
"""How long children may take to end by themselves; a transaction takes a second or two."""
SERVED_WITHIN_S = 60.0
LOG_BYTES = 5_000_000
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class RunOptions:
    """What `wangge run` was asked for; `demo` None without the built-in scenario."""

    demo: DemoOptions | None = None


@dataclass
class Child:
    """One process that is kept alive. `is_done` when it ended well and need not come back."""

    name: str
    command: list[str]
    home: Path
    ends_well: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    restart_s: float = 0.0
    pause_s: float = field(default=FIRST_PAUSE_S)
    is_done: bool = False

    @property
    def log_path(self) -> Path:
        return self.home / "log" / f"{self.name}.log"

    def start(self) -> None:
        """Starts the process; what it prints goes to its log."""
        self.started_s = time.monotonic()
        with _open_log(self.log_path) as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=PROJECT_ROOT,
                env={**os.environ, "WANGGE_HOME": str(self.home), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C comes to the supervisor alone, which ends the children in order
                preexec_fn=_die_with_parent,
            )


def run(settings: Settings, options: RunOptions) -> int:
    """Runs until Ctrl-C; gives the exit code. Raises WanggeError, before anything starts, where it cannot."""
    check_home(settings)
    check_port(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with only_one(settings.home / "run.lock", partial(_tell_second, settings)):
        if options.demo:
            code = _prepare(settings, options.demo, stop)
            if code != 0 or stop.is_set():
                return code
        children = _list_children(settings)
        try:
            for child in children:
                child.start()
            _announce(settings, children, stop)
            if options.demo and _wait_for_history(settings, children, stop):
                player = _player(settings, options.demo)
                children.append(player)
                player.start()
                _say(f"14 July 2022 is being played at {options.demo.speed or 1:g} × speed.")
            _keep_alive(children, stop)
        finally:
            _end(children)
    _say("Stopped.")
    return 0


def check_home(settings: Settings) -> None:
    """Raises WanggeError where the home folder cannot be made or written."""
    probe = settings.home / f".probe.{os.getpid()}"
    try:
        prepare_home(settings)
        (settings.home / "log").mkdir(exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise write_permission_error(settings.home, error) from None


def check_port(settings: Settings) -> None:
    """Raises WanggeError where the dashboard could not listen, with what to do instead."""
    host, port = settings.host, settings.port
    if not 1 <= port <= 65535:
        raise WanggeError(
            f"{port} is no port.", "Choose one from 1024 to 65535, such as --port 8501 (make run PORT=8501)."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except PermissionError:
            raise WanggeError(
                f"This user may not listen on port {port}.", "Choose one above 1023, such as --port 8501."
            ) from None
        except socket.gaierror:
            raise WanggeError(
                f"{host} is no address of this machine.", "Use --host 127.0.0.1, or 0.0.0.0 for all."
            ) from None
        except OSError as error:
            if error.errno == 98:
                raise WanggeError(
                    f"Port {port} on {host} is busy: another program listens there, perhaps another wangge.",
                    f"Stop it, or choose another: --port {port + 1} (make run PORT={port + 1}).",
                ) from None
            raise WanggeError(
                f"{host}:{port} cannot be used: {error.strerror}.", "Use --host 127.0.0.1, or 0.0.0.0."
            ) from None


def _tell_second(settings: Settings, holder: str) -> WanggeError:
    return WanggeError(
        f"Wangge already runs in {settings.home} (process {holder}).",
        "Stop it first, or choose another home: --home DIR.",
    )


def _prepare(settings: Settings, demo: DemoOptions, stop: threading.Event) -> int:
    """Prepares the demonstration in a process that ends with it: building takes 1.5 GB, supervising a few MB."""
    command = [sys.executable, "-m", "data.cli", "demo", "--prepare", "--home", str(settings.home)]
    if demo.scale is not None:
        command += ["--scale", f"{demo.scale:g}"]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, preexec_fn=_die_with_parent) as process:
        while process.poll() is None:
            if stop.wait(0.1):
                process.send_signal(signal.SIGTERM)
                process.wait()
    return 0 if stop.is_set() else process.returncode


def _list_children(settings: Settings) -> list[Child]:
    worker = [sys.executable, "-m", "data.cli", "ingest", "--watch", "--home", str(settings.home)]
    dashboard = [
        sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "dashboard" / "app.py"),
        "--server.headless=true", f"--server.port={settings.port}", f"--server.address={settings.host}",
        "--server.fileWatcherType=none", "--browser.gatherUsageStats=false", "--runner.postScriptGC=false",
    ]  # fmt: skip
    children = [Child("worker", worker, settings.home), Child("dashboard", dashboard, settings.home)]
    if read_targets(settings):
        teller = [sys.executable, "-m", "data.cli", "tell", "--home", str(settings.home)]
        children.insert(1, Child("teller", teller, settings.home))
    return children


def _player(settings: Settings, demo: DemoOptions) -> Child:
    command = [
        sys.executable,
        "-m",
        "data.cli",
        "demo",
        "--speed",
        f"{demo.speed or 1:g}",
        "--home",
        str(settings.home),
    ]
    return Child("player", command, settings.home, ends_well=True)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LOG_BYTES:
        shutil.move(path, path.with_suffix(".old.log"))
    return path.open("ab")


def _announce(settings: Settings, children: list[Child], stop: threading.Event) -> None:
    """Says the address once the page is served."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    until_s = time.monotonic() + SERVED_WITHIN_S
    while not stop.wait(0.25):
        if _answers(f"{address}/healthz"):
            _say(f"Wangge 网格 is served at {address}  (wall: {address}/wall, unattended: {address}/kiosk)")
            _say(f"Everything it makes is in {settings.home}. Ctrl-C stops it.")
            return
        start_again_what_ended(children)
        if time.monotonic() > until_s:
            _say(f"The dashboard does not answer yet: see {settings.home / 'log' / 'dashboard.log'}.")
            return


def _answers(url: str) -> bool:
    """Whether a server answers there, be it to say that it is not healthy yet."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _wait_for_history(settings: Settings, children: list[Child], stop: threading.Event) -> bool:
    """Waits until the worker took all that lay in the inbox; False when it was told to stop meanwhile."""
    left = count_waiting_files(settings)
    if not left:
        return not stop.is_set()
    with tqdm(total=left, unit="file", desc="taking the logs so far", mininterval=tick_s()) as bar:
        while not stop.wait(0.5):
            start_again_what_ended(children)
            now_left = count_waiting_files(settings)
            bar.update(max(0, left - now_left - bar.n))
            if now_left == 0:
                return True
    return False


def _keep_alive(children: list[Child], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        start_again_what_ended(children)


def start_again_what_ended(children: list[Child]) -> None:
    """Starts again what ended, after a pause that grows with every quick end."""
    for child in children:
        if child.is_done or child.process is None:
            continue
        code = child.process.poll()
        now_s = time.monotonic()
        if code is None:
            continue
        if child.restart_s == 0.0:
            if code == 0 and child.ends_well:
                child.is_done = True
                _say(f"The {child.name} has finished.")
                continue
            if now_s - child.started_s > STEADY_AFTER_S:
                child.pause_s = FIRST_PAUSE_S
            child.restart_s = now_s + child.pause_s
            _say(f"The {child.name} ended ({_describe_code(code)}){_last_words(child)}.")
            _say(f"It starts again in {child.pause_s:g} s; its log is {child.log_path}.")
            child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)
        elif now_s >= child.restart_s:
            child.restart_s = 0.0
            child.start()


def _describe_code(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _last_words(child: Child) -> str:
    try:
        lines = child.log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    said = next((line.strip() for line in reversed(lines) if line.startswith("wangge:")), "")
    return f": {said}" if said else ""


def _end(children: list[Child]) -> None:
    """Asks every child to end, the player first and the dashboard last; kills what does not."""
    for child in reversed(children):
        if child.process and child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
    until_s = time.monotonic() + GRACE_S
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
            _say(f"The {child.name} did not end by itself and was killed; nothing that was accepted is lost.")


def _say(line: str) -> None:
    tqdm.write(line)
    sys.stdout.flush()
