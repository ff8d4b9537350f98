"""The page for SQL in a browser: what is typed is completed, run, marked, cancelled, and still there after a reload."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, visit

ENDLESS = "select count(*) from range(1000000) as a, range(1000000) as b where a.range * b.range % 7 = 3"
TEXT_NOW = "ace.edit(document.querySelector('.wg-sql-editor')).getValue()"


def type_anew(page: Page, text: str) -> None:
    """Puts a text in place of what the editor holds, key by key; a completion that is open is put away."""
    page.locator(".wg-sql-editor .ace_content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Escape")


def test_an_analyst_types_completes_runs_mends_cancels_and_comes_back(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    visitor = visit(context, server, "/sql")
    page = visitor.page
    expect(page.locator(".wg-sql-editor .ace_content")).to_be_visible()
    page.evaluate("document.querySelector('.wg-sql-editor').isSame = true")
    # a table is completed, its columns come behind the dot, with their types
    type_anew(page, "select s. from site as s")
    for _ in " from site as s":
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".ace_keyword").nth(2)).to_have_text("as")
    page.keyboard.press("Backspace")
    page.keyboard.type(".")
    expect(page.locator(".ace_autocomplete")).to_contain_text(re.compile(r"site_code\s*VARCHAR"))
    page.keyboard.type("site_n")
    expect(page.locator(".ace_autocomplete")).not_to_contain_text("feed_code")
    expect(page.locator(".ace_autocomplete")).to_contain_text(re.compile(r"site_name\s*VARCHAR"))
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".wg-sql-size")).to_have_text(re.compile(r"^\d+ 行"))
    assert page.evaluate(TEXT_NOW) == "select s.site_name from site as s"
    # a mistake is marked where it stands; a name of the shelf is put in at the cursor
    type_anew(page, "select site_nam\nfrom site")  # the end of a line takes no name that is merely offered
    page.keyboard.press("Control+Enter")
    expect(page.locator(".wg-sql-error")).to_contain_text("是不是 site_name")
    expect(page.locator(".wg-sql-wrong")).to_have_count(1)
    page.keyboard.type(" ")
    expect(page.locator(".wg-sql-wrong")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".wg-sql-wrong")).to_have_count(1)  # the same mistake again is marked again
    page.keyboard.press("Backspace")
    page.locator(".wg-sql-shelf input").fill("whistle_code")
    page.get_by_role("button", name="whistle", exact=True).click()
    page.locator(".wg-sql-shelf input").fill("")
    expect(page.locator(".wg-sql-kind details[open]")).to_have_count(0)  # what a search opens closes with it
    assert page.evaluate(TEXT_NOW) == "select site_nam\nfrom sitewhistle"
    # what takes long says so and can be ended
    type_anew(page, ENDLESS)
    page.locator(".st-key-sql_run button").click()
    expect(page.locator(".wg-sql-state")).to_contain_text("运行中")
    page.get_by_role("button", name="取消").click()
    expect(page.get_by_text("已取消。")).to_be_visible()
    # a question is opened, and runs as it stands; the ticks meanwhile drew no editor anew
    page.get_by_role("tab", name=re.compile("问题")).click()
    page.locator(".wg-sql-shelf input").fill("coverage/round_grids")
    page.locator("button.wg-sql-question").click()
    expect(page.locator(".st-key-sql_values")).to_contain_text("round_code = ")
    page.locator(".wg-sql-editor .ace_content").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".wg-sql-size")).to_have_text(re.compile(r"^[1-9]\d* 行"))
    assert page.evaluate("document.querySelector('.wg-sql-editor').isSame")
    # its answer is a map, whose places tell what they hold, a chart, and a file
    page.locator(".st-key-sql_view button").nth(1).click()
    drawn = page.frame_locator(".st-key-sql_result_frame iframe")
    expect(drawn.locator(".wg-borders, .wangge-over").first).to_be_attached()
    expect(page.locator(".wg-sql-legend li").first).to_be_visible()
    page.wait_for_timeout(500)  # the view is fitted in the next look of the map's script
    drawn.locator("#map_div").hover()
    expect(drawn.locator(".lead-tip")).to_be_visible()
    page.locator(".st-key-sql_view button").nth(2).click()
    expect(page.locator(".st-key-sql_drawn .main-svg").first).to_be_visible()
    with page.expect_download() as download:
        page.locator(".st-key-sql_file_csv button").filter(visible=True).click()
    assert download.value.suggested_filename.endswith(".csv")
    # what was typed is there after a reload, and a link shows its text to others without running it
    type_anew(page, "select 42 as 汉字")
    page.reload()
    expect(page.locator(".wg-sql-editor .ace_content")).to_contain_text("汉字")
    page.locator(".st-key-sql_link button").click()
    page.wait_for_function("location.search.includes('q=')")
    other = visit(context, server, page.evaluate("location.pathname + location.search"))
    expect(other.page.locator(".wg-sql-editor .ace_content")).to_contain_text("select 42 as 汉字")
    expect(other.page.locator(".wg-sql-idle")).to_be_visible()
    assert (visitor.strangers, visitor.errors, other.strangers, other.errors) == ([], [], [], [])
    context.close()
