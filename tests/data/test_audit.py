"""The account of queries in SQL: read from its end, filtered, and telling who tampered with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.doctor import examine
from data.sandbox import audit
from data.sandbox.audit import UNENDED, Sought, check_account, read_account, record_asked, record_ended
from data.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def ask(settings: Settings, number: int, user: str = "li", outcome: str = "done") -> None:
    record_asked(settings, f"q{number}", user, "page", f"select {number} from Site")
    if outcome:
        record_ended(settings, f"q{number}", outcome, "", 0.5, number, False)


def account_file(settings: Settings) -> Path:
    (path,) = settings.audit_dir.glob("sql-*.jsonl")
    return path


def numbers(asked: list[audit.Asked]) -> list[str]:
    return [one.query for one in asked]


def test_the_newest_come_first_page_by_page_and_by_user_outcome_words_and_period(settings: Settings) -> None:
    ask(settings, 1)
    ask(settings, 2, "wang", "refused")
    ask(settings, 3, "wang", "")
    ask(settings, 4)
    assert numbers(read_account(settings)) == ["q4", "q3", "q2", "q1"]
    assert numbers(read_account(settings, 2, skip=1)) == ["q3", "q2"]
    assert numbers(read_account(settings, sought=Sought(user="wang"))) == ["q3", "q2"]
    assert numbers(read_account(settings, sought=Sought(outcome="refused"))) == ["q2"]
    assert numbers(read_account(settings, sought=Sought(outcome=UNENDED))) == ["q3"]
    assert numbers(read_account(settings, sought=Sought(words="SITE  select 4"))) == ["q4"]
    assert read_account(settings, sought=Sought(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_lines_longer_than_a_block_are_read_whole(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        ask(settings, number)
    for size in (1, 7, 64, 1 << 18):
        monkeypatch.setattr(audit, "_BLOCK_BYTES", size)
        assert numbers(read_account(settings)) == ["q4", "q3", "q2", "q1", "q0"]


def test_no_more_of_a_long_account_is_read_than_is_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.audit_dir.mkdir()
    line = {
        "at": "2022-07-14T00:40:00+00:00",
        "event": "asked",
        "query": "q",
        "user": "li",
        "by": "page",
        "text": "x" * 200,
    }
    (settings.audit_dir / "sql-2022-07.jsonl").write_text((json.dumps(line) + "\n") * 10_000)
    read: list[int] = []
    loads = json.loads
    monkeypatch.setattr(audit.json, "loads", lambda text: (read.append(1), loads(text))[1])
    assert len(read_account(settings, 50)) == 50 == len(read)


def test_an_account_that_nobody_touched_is_whole_over_old_lines_torn_ones_and_months(settings: Settings) -> None:
    settings.audit_dir.mkdir()
    old = {"at": "2020-01-01T00:00:00+00:00", "event": "asked", "query": "old", "user": "li", "by": "page", "text": "x"}
    (settings.audit_dir / "sql-2020-01.jsonl").write_text(json.dumps(old) + "\n")
    ask(settings, 1)
    newest = max(settings.audit_dir.iterdir())
    with newest.open("ab") as file:
        file.write(b'{"at":"2022')
    ask(settings, 2)
    assert check_account(settings) == []
    assert numbers(read_account(settings)) == ["q2", "q1", "old"]


@pytest.mark.parametrize("line", [0, 2, 5])
@pytest.mark.parametrize("how", ["changed", "removed", "added"])
def test_a_line_that_was_tampered_with_is_told(settings: Settings, how: str, line: int) -> None:
    for number in range(4):
        ask(settings, number)
    path = account_file(settings)
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "changed":
        lines[line] = lines[line].replace(b'"query":"q', b'"query":"x')
    elif how == "removed":
        del lines[line]
    else:
        lines.insert(line, lines[0].replace(b"q0", b"q9"))
    path.write_bytes(b"".join(lines))
    (fault,) = check_account(settings)
    assert fault.startswith(f"{path.name}, line {line + 1}:")
    (found,) = [finding for finding in examine(settings) if finding.subject == "account"]
    assert found.is_broken and path.name in found.found


def test_a_month_that_was_removed_is_told_by_the_next(settings: Settings) -> None:
    ask(settings, 1)
    path = account_file(settings)
    older = path.rename(path.with_name("sql-2020-01.jsonl"))
    ask(settings, 2)
    assert check_account(settings) == []
    older.unlink()
    assert check_account(settings) != []
