"""Who asked what in SQL, on its page: full, filtered, paged, empty, broken, and not for everybody."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard.parts.sql.audit import write_account
from data.sandbox import Asked
from data.sandbox.audit import record_asked, record_ended
from data.settings import Settings
from tests.dashboard.conftest import Open, text_of


def _page() -> None:
    from dashboard.views.audit import show_audit

    show_audit()


PAGE = _page


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home where Li asked twice and a notebook once, without an end."""
    settings = Settings(home=tmp_path)
    record_asked(settings, "q1", "li", "page", "select *\nfrom site -- <b>all</b>")
    record_ended(settings, "q1", "done", "", 1.25, 1234, True)
    record_asked(settings, "q2", "li", "page", "copy site to 'x.csv'")
    record_ended(settings, "q2", "refused", "statement", 0.0, 0, False)
    record_asked(settings, "q3", "notebook", "http", "select 440703199001011234")
    return settings


def test_each_query_is_told_newest_first_with_its_whole_text(home: Settings, open_page: Open) -> None:
    said = text_of(open_page(home))
    told = ["notebook HTTP 未结束 — — select", "li 页面 不允许 · 只能查询 0.0 秒 — copy site to 'x.csv'"]
    told.append(
        "li 页面 完成，已截断 1.2 秒 1,234 行 select * from site -- <b>all</b> select * from site -- <b>all</b>"
    )
    assert [said.index(line) for line in told] == sorted(said.index(line) for line in told)
    assert "440703199001011234" not in said and "从不含查询结果" in said
    assert "Everybody" in str(open_page(home, lang="en").selectbox)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"who": "li"}, ("copy site", "from site")),
        ({"outcome": "refused"}, ("copy site",)),
        ({"outcome": "unended"}, ("notebook HTTP",)),
        ({"q": "SITE x.csv"}, ("copy site",)),
        ({"who": "<script>", "outcome": "odd", "days": "x", "page": "-1"}, ("copy site", "from site", "notebook HTTP")),
        ({"page": "2"}, ()),
        ({"q": "nothing"}, ()),
    ],
)
def test_the_address_says_what_is_sought(
    home: Settings, open_page: Open, query: dict[str, str], shown: tuple[str, ...]
) -> None:
    said = text_of(open_page(home, **query))
    assert [words for words in ("copy site", "from site", "notebook HTTP") if words in said] == [
        words for words in ("copy site", "from site", "notebook HTTP") if words in shown
    ]
    assert ("没有符合条件的记录" in said) == (not shown)


def test_more_than_a_page_is_turned(home: Settings, open_page: Open) -> None:
    for number in range(60):
        record_asked(home, f"n{number}", "wang", "shell", f"select {number}")
    page = open_page(home, q="select", who="wang")
    assert "select 59" in text_of(page) and "select 9 " not in text_of(page)
    page.button("audit_older").click().run()
    assert "select 9 " in text_of(page) and page.query_params["page"] in ("2", ["2"])
    page.selectbox("audit_who").select("li").run()
    assert "page" not in page.query_params and "from site" in text_of(page)


def test_an_account_without_a_line_says_so(tmp_path: Path, open_page: Open) -> None:
    assert "还没有人用 SQL 查询过" in text_of(open_page(Settings(home=tmp_path)))


def test_an_account_that_cannot_be_read_says_so(home: Settings, open_page: Open) -> None:
    (file,) = home.audit_dir.iterdir()
    file.unlink()
    file.mkdir()
    assert "cannot be read" in text_of(open_page(home))


def test_whom_the_settings_do_not_name_sees_nothing(home: Settings, open_page: Open) -> None:
    (home.home / "settings.toml").write_text('audit_readers = "chief"\n')
    said = text_of(open_page(home))
    assert "audit_readers" in said and "li" not in said.split() and "copy site" not in said


def test_the_file_holds_whole_texts_safe_for_a_spreadsheet() -> None:
    at = datetime(2022, 7, 14, 0, 40, tzinfo=UTC)
    asked = Asked("q", at, "li", "page", "=1+1\nfrom site", "done", "", 0.5, 2)
    content = write_account([asked], ZoneInfo("Asia/Shanghai"), "en").decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(content, newline=""))
    assert head == ["at", "who", "through", "outcome", "reason", "seconds", "rows", "query"]
    assert row == ["2022-07-14 08:40:00", "li", "page", "done", "", "0.5", "2", "'=1+1\nfrom site"]
