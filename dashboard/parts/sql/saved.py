"""What a reader asked before, what is kept under a name, and a link to the text: the right half of the SQL page's toolbar."""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.address import Address
from dashboard.parts import wording
from dashboard.parts.markup import element
from dashboard.parts.sql.desk import Desk
from dashboard.parts.sql.editor import hear_editor
from dashboard.parts.sql.link import SAVED, TEXT, mark_link, pack_text, write_link
from dashboard.parts.sql.words import say_sql
from dashboard.parts.wording import Language
from data.errors import WanggeError
from data.question_text import add_values
from data.roles import name_analyst
from data.sandbox import Asked, read_account
from data.saved_queries import SavedQuery, delete_query, find_saved, read_saved, rename_query, save_query
from data.settings import Settings

Values = Callable[[], dict[str, str | None]]
HISTORY_SHOWN = 20
HISTORY_READ = 400
"""Lines of the account that are looked through for a reader's own."""
_MARKS = re.compile(r"[\\`*_\[\]$:~#<>]")
_NAME, _RENAME = "sql_save_name", "sql_rename"


def open_text(desk: Desk, text: str) -> None:
    """Puts a text in the editor; the address names none any more."""
    desk.open(text)
    desk.linked = ""
    desk.outcome.leads_to = {SAVED: None, TEXT: None}


def show_history(desk: Desk, settings: Settings, language: Language) -> None:
    """历史: the reader's last queries and those kept under a name; a press opens one."""
    with st.popover(say_sql("history", language), key="sql_history", on_change="rerun", width="content") as popover:
        if not popover.open:
            return
        owner = name_analyst(None, settings)
        kept = read_saved(settings, owner)
        st.html(element("h3", say_sql("saved", language), classes="wg-block-title"))
        if not kept:
            st.html(element("p", say_sql("saved_none", language), classes="wg-facts"))
        for saved in kept:
            _show_saved(saved, desk, settings, language)
        st.html(element("h3", say_sql("recent", language), classes="wg-block-title"))
        asked = _read_history(settings, owner)
        if not asked:
            st.html(element("p", say_sql("recent_none", language), classes="wg-facts"))
        for number, one in enumerate(asked):
            st.button(
                _tell_asked(one, settings, language), key=f"sql_recent_{number}", type="tertiary", width="stretch",
                on_click=open_text, args=(desk, one.text),
            )  # fmt: skip
        if asked:
            st.html(element("p", say_sql("recent_about", language), classes="wg-facts"))


def show_saving(desk: Desk, values: Values, settings: Settings, language: Language) -> None:
    """保存: keeps the text under a name; the same name replaces."""
    with st.popover(say_sql("save", language), key="sql_save", on_change="rerun", width="content") as popover:
        if not popover.open:
            return
        st.text_input(say_sql("save_name", language), key=_NAME, max_chars=60)
        st.button(
            say_sql("save_now", language), key="sql_save_now", type="primary",
            on_click=_save, args=(desk, values, settings),
        )  # fmt: skip


def show_link(desk: Desk, values: Values, address: Address, settings: Settings) -> None:
    """复制链接: the address of the text with its values, into the clipboard and the address bar."""
    st.button(
        say_sql("copy_link", address.language), key="sql_link", on_click=_copy, args=(desk, values, address, settings)
    )


def _show_saved(saved: SavedQuery, desk: Desk, settings: Settings, language: Language) -> None:
    with st.container(key=f"sql_saved_{saved.id}", horizontal=True, vertical_alignment="center"):
        if st.session_state.get(_RENAME) == saved.id:
            key = f"sql_new_name_{saved.id}"
            st.text_input(
                say_sql("save_name", language), saved.name, key=key, max_chars=60, label_visibility="collapsed"
            )
            st.button(
                say_sql("rename_now", language), key=f"sql_rename_now_{saved.id}",
                on_click=_rename, args=(desk, saved, key, settings),
            )  # fmt: skip
            return
        st.button(
            saved.name, key=f"sql_open_{saved.id}", type="tertiary", width="stretch",
            on_click=_open_saved, args=(desk, saved),
        )  # fmt: skip
        st.button(
            say_sql("rename", language), key=f"sql_rename_{saved.id}", type="tertiary",
            on_click=st.session_state.__setitem__, args=(_RENAME, saved.id),
        )  # fmt: skip
        st.button(
            say_sql("delete", language), key=f"sql_delete_{saved.id}", type="tertiary",
            on_click=_delete, args=(desk, saved, settings),
        )  # fmt: skip


def _open_saved(desk: Desk, saved: SavedQuery) -> None:
    desk.linked = mark_link(SAVED, saved.id)
    desk.open(saved.text, desk.linked)
    desk.outcome.leads_to = {SAVED: saved.id, TEXT: None}


def _save(desk: Desk, values: Values, settings: Settings) -> None:
    name = str(st.session_state.get(_NAME) or "")
    saved = _try(desk, "kept", save_query, settings, name_analyst(None, settings), name, _whole(desk, values))
    if isinstance(saved, SavedQuery):
        _name_in_address(desk, SAVED, saved.id)


def _rename(desk: Desk, saved: SavedQuery, key: str, settings: Settings) -> None:
    name = str(st.session_state.get(key) or "")
    st.session_state.pop(_RENAME, None)
    _try(desk, "renamed", rename_query, settings, saved.owner, saved.id, name)


def _delete(desk: Desk, saved: SavedQuery, settings: Settings) -> None:
    _try(desk, "deleted", delete_query, settings, saved.owner, saved.id)


def _copy(desk: Desk, values: Values, address: Address, settings: Settings) -> None:
    kept = st.query_params.get(SAVED, "")
    saved = find_saved(settings, kept) if kept else None
    text = _whole(desk, values)
    if saved is not None and saved.text == text:
        name, value = SAVED, kept
    else:
        packed = _try(desk, "copied", pack_text, text)
        if not isinstance(packed, str):
            return
        name, value = TEXT, packed
    desk.notice = "copied"
    desk.copied = (desk.copied[0] + 1, write_link(address, name, value))
    _name_in_address(desk, name, value)


def _whole(desk: Desk, values: Values) -> str:
    """The text with its values; the moment is the reader's own, and not shared."""
    hear_editor(desk)
    return add_values(desk.text, {name: value for name, value in values().items() if name != "as_of"})


def _name_in_address(desk: Desk, name: str, value: str) -> None:
    """The text that stands in the editor is the address's from now on: a reload keeps what is typed on top of it."""
    desk.linked = desk.opened_id = mark_link(name, value)
    desk.opened_text = desk.text
    desk.outcome.leads_to = {SAVED: None, TEXT: None} | {name: value}


def _try(desk: Desk, done: str, action: object, *given: object) -> object:
    """What the action gives; None where it fails, which the desk then says."""
    assert callable(action)
    try:
        found: object = action(*given)
    except WanggeError as error:
        desk.notice, desk.problem = "failed", error
        return None
    desk.notice, desk.problem = done, None
    return found


def _read_history(settings: Settings, owner: str) -> list[Asked]:
    """The reader's last queries, each text once."""
    found: dict[str, Asked] = {}
    for one in read_account(settings, HISTORY_READ):
        if one.user == owner and one.by == "page" and one.text.strip():
            found.setdefault(one.text, one)
        if len(found) >= HISTORY_SHOWN:
            break
    return list(found.values())


def _tell_asked(one: Asked, settings: Settings, language: Language) -> str:
    """08:40 · select … · 50 行, or what became of it."""
    at = one.asked_at.astimezone(ZoneInfo(settings.timezone))
    text = " ".join(line.strip() for line in add_values(one.text, {}).splitlines() if line.strip())
    short = text if len(text) <= 70 else f"{text[:69]}…"
    if one.outcome == "done":
        end = say_sql("recent_rows", language, rows=wording.count(one.row_count))
    else:
        end = say_sql(f"recent_{one.outcome or 'lost'}", language)
    safe = _MARKS.sub(r"\\\g<0>", short)  # a button's label is Markdown
    return f"{wording.day(at, language, with_weekday=False)} {wording.time_of_day(at)} · {safe} · {end}"
