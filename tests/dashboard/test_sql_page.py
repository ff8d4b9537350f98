"""The page for SQL in each of its states, over a district of three grids; the editor itself is the browser's test."""

from __future__ import annotations

import ast
import base64
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import routes
from dashboard.parts.sql import saved
from dashboard.parts.sql.desk import Desk
from dashboard.parts.sql.error import translate
from dashboard.parts.sql.link import TEXT, open_linked, pack_text, unpack_text
from dashboard.parts.sql.shelf import write_example
from data.errors import QuestionError
from data.sandbox import Sandbox
from data.saved_queries import delete_query, find_saved, read_saved, rename_query, save_query
from data.settings import Settings
from tests.dashboard.conftest import Open, press_during, set_clock, take_in_morning, text_of


def _page() -> None:
    from dashboard.views.sql import show_sql

    show_sql()


PAGE = _page


@pytest.fixture(autouse=True)
def _own_sandbox(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(routes, "_sandbox", None)
    yield
    if routes._sandbox is not None:
        routes._sandbox.close()


def desk_of(page: AppTest) -> Desk:
    desk: Desk = page.session_state["sql_desk"]
    return desk


def run(page: AppTest, text: str) -> AppTest:
    """The page after the text was typed and run to its end."""
    desk_of(page).text = text
    page.button(key="sql_run").click().run()
    query = desk_of(page).query
    if query is not None:
        query.wait(60)
        page.run()
    return page


def test_a_query_is_answered_and_a_mistake_or_refusal_is_explained(district: Settings, open_page: Open) -> None:
    page = open_page(take_in_morning(district))
    assert "按 Ctrl+Enter 运行" in text_of(page)
    assert "只读 · 限 30 秒、10 万行 · 截至 08:39:00" in text_of(page)
    run(page, "select site_code from site")
    assert "2 行" in text_of(page)
    run(page, "select\n  site_cod\nfrom site")
    said = text_of(page)
    assert '没有列 "site_cod"' in said and "LINE 2: site_cod ^" in said and "是不是 site_code" in said
    run(page, "copy site to 'x.csv'")
    assert "不准许 COPY：只能是一条读取语句。 要导出，请用结果旁的下载按钮。" in text_of(page)


def test_before_anything_happened_the_reference_data_can_be_asked(district: Settings, open_page: Open) -> None:
    page = run(open_page(district), "select count(*) from registration")
    assert "1 行" in text_of(page) and "截至 —" in text_of(page)


def test_a_stale_situation_is_said(district: Settings, open_page: Open) -> None:
    take_in_morning(district)
    set_clock(district, "09:00:00")
    said = text_of(open_page(district))
    assert "截至 08:39:00" in said and "21 分" in said


def test_without_a_situation_the_page_says_so_and_keeps_the_text(tmp_path: Path, open_page: Open) -> None:
    page = run(open_page(Settings(home=tmp_path)), "select 1 as mine")
    assert "还没有态势数据" in text_of(page)
    assert desk_of(page).text == "select 1 as mine"


@pytest.mark.parametrize(("accepts", "said"), [("false", "SQL 查询未开启"), ("true", "精简模式")])
def test_what_the_system_lacks_is_said(
    district: Settings, open_page: Open, monkeypatch: pytest.MonkeyPatch, accepts: str, said: str
) -> None:
    (district.home / "settings.toml").write_text(f"sandbox_accept_reduced = {accepts}\n", encoding="utf-8")
    monkeypatch.setattr("data.sandbox.kernel.find_missing", lambda: ("landlock",))
    page = open_page(district)
    assert f"{said}：本机系统缺少 landlock" in text_of(page)


def test_a_question_opens_with_its_values_and_is_run_as_it_stands(district: Settings, open_page: Open) -> None:
    page = open_page(take_in_morning(district))
    run(page, write_example("coverage/round_grids", "zh"))
    desk = desk_of(page)
    assert desk.error is None and desk.result is not None and desk.result.table.num_rows > 0
    assert '-- values: {"round_code": "' in desk.handed


def test_a_page_that_looks_back_asks_as_of_its_moment(district: Settings, open_page: Open) -> None:
    page = run(open_page(take_in_morning(district), at="2022-07-14T08:30"), "select $as_of as at")
    result = desk_of(page).result
    assert result is not None and result.table.to_pylist() == [{"at": datetime.fromisoformat("2022-07-14T08:30+08:00")}]
    assert '"as_of": "2022-07-14T08:30+08:00"' in desk_of(page).handed


def test_what_was_copied_is_in_the_address_even_when_the_reader_pressed_something_else_meanwhile(
    district: Settings, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "pack_text", press_during(pack_text))
    page = open_page(district, q=pack_text("select 1"))
    desk_of(page).text = "select 2"
    page.button("sql_link").click().run()
    assert unpack_text(page.run().query_params["q"]) == desk_of(page).text == "select 2"


@pytest.mark.parametrize("bad", ["%%%", "eJw", "a" * 7000, pack_text("select 1")[:-3]])
def test_a_broken_link_opens_nothing(district: Settings, bad: str) -> None:
    desk = Desk(text="mine")
    open_linked(desk, {TEXT: bad}, district)
    assert (desk.text, desk.notice) == ("mine", "no_q")


def test_a_packed_text_comes_back_and_a_bomb_does_not() -> None:
    assert unpack_text(pack_text("select '汉'")) == "select '汉'"
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 4_000_000, 9)).decode()
    assert unpack_text(bomb) is None


def test_kept_queries_are_found_by_who_has_the_link_and_changed_by_their_owner(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first = save_query(settings, "ana", "  等候  ", "select 1")
    assert save_query(settings, "ana", "等候", "select 2").id == first.id
    assert [(one.name, one.text) for one in read_saved(settings, "ana")] == [("等候", "select 2")]
    assert read_saved(settings, "bo") == []
    rename_query(settings, "bo", first.id, "mine")
    delete_query(settings, "bo", first.id)
    found = find_saved(settings, first.id)
    assert found is not None and found.name == "等候"
    rename_query(settings, "ana", first.id, "waits")
    delete_query(settings, "ana", first.id)
    assert find_saved(settings, first.id) is None
    assert find_saved(settings, "../../etc/passwd") is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("", "select 1", "1 to 60"),
        ("n" * 61, "select 1", "1 to 60"),
        ("a", "  ", "no query"),
        ("a", "select 13800138000", "identity or telephone"),
        ("a", "x" * 70_000, "longer than"),
    ],
)
def test_what_must_not_be_kept_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        save_query(Settings(home=tmp_path), "ana", name, text)
    assert read_saved(Settings(home=tmp_path), "ana") == []


def test_every_sentence_of_the_sandbox_has_its_chinese() -> None:
    untold = [said for said in sentences() if translate(said, "zh") == said]
    assert untold == []


def sentences() -> list[str]:
    """The messages with which the sandbox's sources refuse, with a 7 for every value in them."""
    found = []
    folder = Path(Sandbox.__init__.__code__.co_filename).parent
    for name in ("gate", "child", "line", "service", "pivot"):
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("SandboxError", "_refusal")):
                texts = [_said(argument) for argument in node.args[1:]]
                found += [text for text in texts if text and " " in text]
    return found


def _said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return ""
