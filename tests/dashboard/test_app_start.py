"""The real `streamlit run`, started from a folder that is not the project's: AppTest alone passes where that fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.settings import PROJECT_ROOT, Settings

START_WITHIN_S = 60


@pytest.fixture
def address(district: Settings, tmp_path: Path) -> Iterator[str]:
    """Where the dashboard answers; it knows nothing but the path of its script and the home folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STREAMLIT"))}
    script = PROJECT_ROOT / "dashboard" / "app.py"
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
            cwd=tmp_path,
            env={**environment, "WANGGE_HOME": str(district.home), "HOME": str(tmp_path)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def get(url: str) -> tuple[int, str]:
    """Status and body, once the server answers at all."""
    ends = time.monotonic() + START_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > ends:
                raise
            time.sleep(0.2)


def test_started_from_another_folder_it_serves_pages_and_routes(address: str) -> None:
    status, body = get(f"{address}/healthz")
    assert (status, '"status":"empty"' in body) == (503, True)
    status, body = get(f"{address}/")
    assert (status, "<title>网格</title>" in body, "BACKEND_BASE_URL" in body) == (200, True, True)
    assert get(f"{address}/api/live")[0] == 200
    assert get(f"{address}/assets/lead.js")[0] == 200
    assert get(f"{address}/_stcore/health") == (200, "ok")


def test_the_options_that_matter_hold_from_any_folder(tmp_path: Path) -> None:
    asked = ("browser.gatherUsageStats", "runner.postScriptGC", "client.toolbarMode", "theme.dark.backgroundColor")
    script = PROJECT_ROOT / "dashboard" / "app.py"
    code = f"from streamlit import config; config._main_script_path = {str(script)!r}; print(*map(config.get_option, {asked}))"
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False", "minimal", "#0B1015"]
