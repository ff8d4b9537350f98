"""Who asked what in SQL: newest first, filtered, page by page. Who may look is decided in `data.roles`. Filters live in the URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard.address import link_to, read_address, write_address
from dashboard.asset import ASSETS_DIR
from dashboard.parts.markup import element
from dashboard.parts.notices import show_block_error
from dashboard.parts.sql.audit import draw_account, say_audit, write_account
from dashboard.parts.wording import Language, count
from dashboard.routes import get_feed
from data import roles
from data.errors import WanggeError
from data.sandbox import Asked, read_account
from data.sandbox.audit import UNENDED, Sought
from data.settings import Settings
from data.spreadsheet import CSV_TYPE

PERIODS = ("1", "7", "30", "all")
OUTCOMES = ("done", "refused", "failed", "cancelled", UNENDED)
EVERY = ""
SHOWN, FILE_MAX, USERS_FROM = 50, 10_000, 2_000
"""Queries on a page, in the file, and looked through for who asks."""


def show_audit() -> None:
    """The page that the URL describes."""
    language, settings = read_address().language, get_feed().settings
    st.html(ASSETS_DIR / "audit.css")
    with st.container(key="audit"):
        try:
            if not roles.may_read_audit(None, settings):
                st.html(element("p", say_audit("not_yours", language), classes="wg-facts wg-watch"))
                return
            recent = read_account(settings, USERS_FROM)
            users = sorted({asked.user for asked in recent})
            sought, page = show_filters(users, language)
            shown = read_account(settings, SHOWN + 1, sought, skip=(page - 1) * SHOWN)
        except WanggeError as error:
            show_block_error(say_audit("title", language), error, language)
            return
        show_head(settings, sought, language, has_rows=bool(shown))
        show_list(shown, page, language, settings, is_empty=not recent)


def show_filters(users: list[str], language: Language) -> tuple[Sought, int]:
    """Period, user, outcome and words; what they ask for, and the page."""
    query = st.query_params
    choices: dict[str, dict[str, str]] = {
        "days": {days: say_audit(f"days_{days}", language) for days in PERIODS},
        "who": {EVERY: say_audit("every_user", language), **{user: user for user in users}},
        "outcome": {EVERY: say_audit("every_outcome", language)}
        | {outcome: say_audit(f"outcome_{outcome}", language) for outcome in OUTCOMES},
    }
    titles = {"days": "period", "who": "user", "outcome": "outcome"}
    with st.container(key="audit_filters", horizontal=True, vertical_alignment="bottom"):
        for name, words in choices.items():
            first = "7" if name == "days" else EVERY
            chosen = query.get(name, first)
            st.session_state[f"audit_{name}"] = chosen if chosen in words else first
            st.selectbox(
                say_audit(titles[name], language), list(words), format_func=words.__getitem__, key=f"audit_{name}",
                on_change=_choose, args=(name,), width=168,
            )  # fmt: skip
        st.session_state["audit_q"] = query.get("q", "")[:200]
        st.text_input(
            say_audit("words", language), key="audit_q", placeholder=say_audit("words_hint", language),
            on_change=_choose, args=("q",), width=260,
        )  # fmt: skip
    days = st.session_state["audit_days"]
    since = None if days == "all" else datetime.now(UTC) - timedelta(days=int(days))
    page = query.get("page", "1")
    state = st.session_state
    sought = Sought(state["audit_who"], state["audit_outcome"], state["audit_q"], since)
    return sought, int(page) if page.isdecimal() and 0 < int(page) < 10_000 else 1


def show_head(settings: Settings, sought: Sought, language: Language, *, has_rows: bool) -> None:
    """What this is, the way back, and all that is sought as a file."""
    with st.container(key="audit_head", horizontal=True, vertical_alignment="center"):
        st.html(element("h3", say_audit("title", language)), width="stretch")
        to = "/sql" + link_to(read_address())
        st.html(element("a", say_audit("to_sql", language), href=to, target="_self", classes="wg-to"), width="content")
        if has_rows:
            st.download_button(
                "CSV", lambda: write_account(read_account(settings, FILE_MAX, sought), _zone(settings), language),
                file_name="sql-account.csv", mime=CSV_TYPE, key="audit_csv", type="tertiary", on_click="ignore",
            )  # fmt: skip
    st.html(element("p", say_audit("about", language), classes="wg-facts"))


def show_list(shown: list[Asked], page: int, language: Language, settings: Settings, *, is_empty: bool) -> None:
    """One page of queries, and the ways to its neighbours."""
    if not shown:
        st.html(element("p", say_audit("empty" if is_empty else "none", language), classes="wg-facts"))
    st.html(draw_account(shown[:SHOWN], _zone(settings), language))
    if page == 1 and len(shown) <= SHOWN:
        return
    with st.container(key="audit_pages", horizontal=True, vertical_alignment="center"):
        st.button(say_audit("newer", language), disabled=page == 1, on_click=_turn, args=(page - 1,), key="audit_newer")
        st.html(element("span", say_audit("page", language, page=count(page))), width="content")
        st.button(
            say_audit("older", language),
            disabled=len(shown) <= SHOWN,
            on_click=_turn,
            args=(page + 1,),
            key="audit_older",
        )


def _zone(settings: Settings) -> ZoneInfo:
    return ZoneInfo(settings.timezone)


def _choose(name: str) -> None:
    write_address(**{name: st.session_state[f"audit_{name}"] or None, "page": None})


def _turn(page: int) -> None:
    write_address(page=str(page) if page > 1 else None)
