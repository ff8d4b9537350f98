"""The editor of the SQL page, drawn once: it keeps what is typed in the browser, and tells the server when that is needed.

Ace from our own routes, with the colours of `assets/sql-editor.js`, which completes what is on the shelf. No run of the page redraws
it: a new text comes under a new `opened_id`, a mistake is marked in the text that stands there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.asset import address_of
from dashboard.parts.sql.desk import Desk
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from data.sandbox import SandboxError

KEY = "sql_editor_text"
_ACE = "vendor/ace-1.45.2"
_WORDS = ("label", "placeholder", "not_loaded")
# the module's text is short and never changes within a release: it names the script that a browser keeps
_LOAD = """
const script = import(new URL({address}, location.origin).href);
export default function (component) {{ script.then((module) => module.{show}(component)); }}
"""


def make_component(name: str, show: str) -> Any:
    """A component that `sql-editor.js` draws with its function `show`."""
    script = _LOAD.format(address=repr(address_of("sql-editor.js")), show=show)
    return st.components.v2.component(name, js=script, isolate_styles=False)


_mount = make_component("wangge.sql_editor", "showEditor")


def show_editor(desk: Desk, language: Language, on_run: Callable[[], None]) -> None:
    """The editor with the desk's text; `on_run` is called when the reader presses Ctrl+Enter in it."""

    def hear() -> None:
        hear_editor(desk)

    def hear_run() -> None:
        desk.hear(_told("run"))
        on_run()

    _mount(
        key=KEY,
        data={
            "scripts": [address_of(f"{_ACE}/ace.js"), address_of(f"{_ACE}/ext-language_tools.js")],
            "opened": {"id": desk.opened_id, "text": desk.opened_text},
            "error": _place(desk),
            "copied": {"count": desk.copied[0], "query": desk.copied[1]},
            "words": {word: say_sql(f"editor_{word}", language) for word in _WORDS},
        },
        on_draft_change=hear,
        on_run_change=hear_run,
    )


def hear_editor(desk: Desk) -> None:
    """Takes over what the editor says it holds; whoever acts on a press of a button asks first: both come in one message."""
    desk.hear(_told("draft"))


def _told(name: str) -> object:
    state = st.session_state.get(KEY)
    return None if state is None else state.get(name)


def _place(desk: Desk) -> dict[str, Any] | None:
    """Where the mistake is to be marked; `of` tells one run's from the same mistake of the next, which is marked anew."""
    error = desk.error
    if not isinstance(error, SandboxError) or not error.line:
        return None
    return {"line": error.line, "column": error.column, "message": error.message, "of": desk.answered}
