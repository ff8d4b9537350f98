"""What a viewer costs, how soon the first picture is there, and what both processes hold in memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

from playwright.sync_api import Browser, sync_playwright

from data.settings import Settings
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.server import fetch, served
from tests.benchmarks.stopwatch import cpu_seconds, memory_mb

MOST_TICK_BYTES = 6_000
MOST_TICK_MS = 6.0
MOST_PAINT_S = 1.5
TICK_COUNT = 300
_BROWSER_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def measure_serving(settings: Settings) -> None:
    """Serves this home with a worker and a dashboard of their own, and measures them from outside."""
    with served(settings) as (address, pids):
        _measure_ticks(address, pids["dashboard"])
        _measure_paint(address)
        _measure_memory(pids)


def _measure_ticks(address: str, dashboard_pid: int) -> None:
    body, tag = fetch(f"{address}/api/live")
    report(
        Figure(
            "bytes a tick a viewer, something new",
            f"{len(body):,} B",
            f"nothing new: {len(fetch(f'{address}/api/live', tag)[0])} B",
            f"≤ {MOST_TICK_BYTES:,} B",
            len(body) <= MOST_TICK_BYTES,
        )
    )
    new_ms = _cpu_ms(dashboard_pid, lambda: fetch(f"{address}/api/live"))
    same_ms = _cpu_ms(dashboard_pid, lambda: fetch(f"{address}/api/live", tag))
    bare_ms = _cpu_ms(dashboard_pid, lambda: fetch(f"{address}/_stcore/health"))
    report(
        Figure(
            "server CPU a tick a viewer, something new",
            f"{new_ms:.2f} ms",
            f"nothing new: {same_ms:.2f} ms; Streamlit's own health route: {bare_ms:.2f} ms",
            f"≤ {MOST_TICK_MS:g} ms",
            new_ms <= MOST_TICK_MS,
        )
    )


def _measure_paint(address: str) -> None:
    path = shutil.which(os.environ.get("WANGGE_CHROMIUM") or "chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_BROWSER_ARGUMENTS))
        try:
            for _ in range(2):  # the first visit warms the server
                kiosk_s, map_s = _first_paint(browser, f"{address}/kiosk", ".leaflet-pane path, .leaflet-pane canvas")
                page_s, _ = _first_paint(browser, f"{address}/", "[data-testid=stAppViewContainer]")
                bare_s, _ = _first_paint(browser, f"{address}/_stcore/health", "body")
        finally:
            browser.close()
    report(
        Figure(
            "first paint of the wall (kiosk), warm server",
            f"{kiosk_s:.2f} s",
            f"a page of two letters: {bare_s:.2f} s; its map drawn: {map_s:.2f} s",
            f"≤ {MOST_PAINT_S:g} s",
            kiosk_s <= MOST_PAINT_S,
        )
    )
    report(
        Figure("first paint of the overview, warm server", f"{page_s:.2f} s", f"a page of two letters: {bare_s:.2f} s")
    )


def _first_paint(browser: Browser, url: str, drawn: str) -> tuple[float, float]:
    """Seconds until the browser first painted something, and until the element that matters was there."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    try:
        begin = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector(drawn, state="attached", timeout=60_000)
        drawn_s = time.perf_counter() - begin
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0", timeout=60_000)
        paint_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        return float(paint_ms) / 1000, drawn_s
    finally:
        page.close()


def _measure_memory(pids: dict[str, int]) -> None:
    bare = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, pyarrow, streamlit, sys; print('ready', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert bare.stdout is not None
    bare.stdout.readline()
    bare_mb, _ = memory_mb(bare.pid)
    bare.kill()
    bare.wait()
    for name, pid in pids.items():
        now_mb, high_mb = memory_mb(pid)
        report(
            Figure(
                f"memory of the {name}",
                f"{now_mb:,.0f} MB, at most {high_mb:,.0f}",
                f"the bare libraries: {bare_mb:,.0f} MB",
            )
        )


def _cpu_ms(pid: int, work: object) -> float:
    """Processor milliseconds of the server for one call; the calls are many, as its clock ticks in hundredths."""
    assert callable(work)
    begin = cpu_seconds(pid)
    for _ in range(TICK_COUNT):
        work()
    return (cpu_seconds(pid) - begin) / TICK_COUNT * 1000
