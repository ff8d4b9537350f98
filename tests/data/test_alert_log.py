"""The log of alerts: whole lines, each once, whatever is killed, and no personal number in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.alert_log import AlertLog, acknowledge, append_entry, find_acknowledgement, mark_acknowledged
from data.clock import write_clock
from data.errors import WanggeError
from data.roles import may_acknowledge_alerts
from data.settings import PROJECT_ROOT, Settings

NOW = datetime(2022, 7, 14, 0, 40, tzinfo=UTC)
JAM = {
    "rule": "site_jammed",
    "place_code": "S2",
    "place_name": "东华名岸",
    "level": "act",
    "since_at": NOW - timedelta(minutes=10),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_clock(tmp_path, NOW, speed=0.0, ends_at=None)
    return Settings(home=tmp_path)


def test_an_acknowledgement_is_kept_with_who_when_and_why(settings: Settings) -> None:
    acknowledge(settings, JAM, by=" BS-3501 ", note="已派\n两人", entry_id="a")
    (entry,) = AlertLog(settings).read()
    assert (entry.kind, entry.at, entry.by, entry.note) == ("acknowledged", NOW, "BS-3501", "已派 两人")
    assert (entry.rule, entry.place_code, entry.since_at) == ("site_jammed", "S2", NOW - timedelta(minutes=10))
    (marked,) = mark_acknowledged([JAM], AlertLog(settings).read())
    assert (marked["acknowledged_by"], marked["acknowledged_at"]) == ("BS-3501", NOW)


def test_the_same_acknowledgement_given_twice_counts_once(settings: Settings) -> None:
    entry = acknowledge(settings, JAM, by="BS-3501", note="已派人", entry_id="a")
    assert not append_entry(settings, entry)
    acknowledge(settings, JAM, by="BS-3502", note="又一次", entry_id="a")
    assert [entry.by for entry in AlertLog(settings).read()] == ["BS-3501"]


def test_an_acknowledgement_is_of_the_alert_that_was_open_and_not_of_the_next(settings: Settings) -> None:
    acknowledge(settings, JAM, by="BS-3501", note="已派人", entry_id="a")
    entries = AlertLog(settings).read()

    def found(minutes: int, until: datetime | None = None) -> bool:
        since_at = NOW + timedelta(minutes=minutes)
        return find_acknowledgement(entries, "site_jammed", "S2", since_at, until) is not None

    assert found(-10) and found(-15) and not found(5)
    assert not found(-10, until=NOW - timedelta(seconds=1))
    assert find_acknowledgement(entries, "unit_idle", "S2", JAM["since_at"]) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("by", "note"),
    [
        ("", "已派人"), ("BS-3501", "  "), ("x" * 41, "好"), ("BS-3501", "x" * 301), ("BS-3501", "电话 138 1234 5678"),
        ("BS-3501", "１３９１２３４５６７８"), ("11010519491231002X", "好"), ("BS-3501", "身份证 110105194912310021"),
    ],
)  # fmt: skip
def test_what_is_missing_too_long_or_personal_is_refused(settings: Settings, by: str, note: str) -> None:
    with pytest.raises(WanggeError) as refused:
        acknowledge(settings, JAM, by=by, note=note, entry_id="a")
    assert refused.value.hint and not any(digits in str(refused.value) for digits in ("1381234", "110105"))
    assert AlertLog(settings).read() == []


def test_codes_of_grids_and_times_are_no_personal_numbers(settings: Settings) -> None:
    note = "440703002135001 两台，2022-07-14 08:40 到"
    assert acknowledge(settings, JAM, by="BS-3501", note=note, entry_id="a").note == note


def test_a_log_that_grows_is_read_on_and_half_a_line_waits_for_its_end(settings: Settings) -> None:
    log = AlertLog(settings)
    acknowledge(settings, JAM, by="A", note="一", entry_id="a")
    assert [entry.by for entry in log.read()] == ["A"]
    before = log.identify()
    (path,) = (settings.home / "alerts").glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"entry_id":"b","kind":"ackno')
    assert [entry.by for entry in log.read()] == ["A"]
    acknowledge(settings, JAM, by="B", note="二", entry_id="b")
    assert [entry.by for entry in log.read()] == [entry.by for entry in AlertLog(settings).read()] == ["A", "B"]
    assert log.identify() != before
    assert [entry.by for entry in log.read(until=NOW - timedelta(seconds=1))] == []


def test_a_log_that_cannot_be_written_says_so(settings: Settings) -> None:
    (settings.home / "alerts").write_text("no folder")
    with pytest.raises(WanggeError, match="alerts"):
        acknowledge(settings, JAM, by="A", note="一", entry_id="a")


_WRITER = """
import sys
from pathlib import Path
from data.alert_log import acknowledge
from data.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
alert = {"rule": "site_jammed", "place_code": "S2", "since_at": "2022-07-14T00:30:00+00:00"}
for number in range(100_000):
    acknowledge(settings, alert, by=sys.argv[2], note="x" * 200, entry_id=f"{sys.argv[2]} {number}")
    print(number, flush=True)
"""


def test_two_writers_that_are_killed_lose_and_double_nothing_they_were_told_was_kept(settings: Settings) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(settings.home), name], stdout=subprocess.PIPE, cwd=PROJECT_ROOT,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        )
        for name in ("A", "B")
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
    time.sleep(0.05)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    told = {}
    for name, writer in zip(("A", "B"), writers, strict=True):
        assert writer.stdout is not None
        lines = [line for line in writer.stdout.read().split(b"\n") if line]
        told[name] = int(lines[-1]) if lines else 19
        writer.wait()
    entries = AlertLog(settings).read()
    for name, last in told.items():
        kept = [entry.entry_id for entry in entries if entry.by == name]
        assert kept == [f"{name} {number}" for number in range(len(kept))]
        assert len(kept) in (last + 1, last + 2)


def test_everybody_may_acknowledge_until_the_setting_names_who(settings: Settings) -> None:
    assert may_acknowledge_alerts(None, settings)
    named = Settings(home=settings.home, alert_handlers="anna; bo")
    assert may_acknowledge_alerts("anna", named) and not may_acknowledge_alerts(None, named)
