"""The script that Streamlit runs for every viewer: which pages there are, and the frame around each of them.

Every page gets the same stylesheet, brand and language switch; what it shows is its view's own.
"""

from __future__ import annotations

import streamlit as st

from dashboard.address import carry_moment, read_address, switch_language
from dashboard.asset import ASSETS_DIR
from dashboard.parts.markup import element
from dashboard.parts.moment_bar import show_moment_bar
from dashboard.parts.words import say
from dashboard.routes import get_feed
from dashboard.views.alerts import show_alerts_page
from dashboard.views.audit import show_audit
from dashboard.views.brief import show_brief
from dashboard.views.map_check import show_map_check
from dashboard.views.overview import show_overview
from dashboard.views.rounds import show_rounds
from dashboard.views.sites import show_sites
from dashboard.views.sql import show_sql
from dashboard.views.staffing import show_staffing
from dashboard.views.wall import show_wall
from dashboard.views.zones import show_zones

MENU = ("system", "light", "dark", "about")
"""What the menu in the corner offers; the stylesheet puts our words in place of Streamlit's."""

ALWAYS_LIVE = ("wall",)
"""Pages that show the newest moment, whatever others look back at."""


def show_pages() -> None:
    """Draws the frame and the page that the URL names."""
    language = read_address().language
    page = st.navigation(
        [
            st.Page(show_overview, title=say("page_overview", language), url_path="overview", default=True),
            st.Page(show_sites, title=say("page_sites", language), url_path="sites"),
            st.Page(show_rounds, title=say("page_rounds", language), url_path="rounds"),
            st.Page(show_staffing, title=say("page_staffing", language), url_path="staffing"),
            st.Page(show_alerts_page, title=say("page_alerts", language), url_path="alerts"),
            st.Page(show_zones, title=say("page_zones", language), url_path="zones"),
            st.Page(show_brief, title=say("page_brief", language), url_path="brief"),
            st.Page(show_sql, title=say("page_sql", language), url_path="sql"),
            st.Page(show_wall, title=say("page_wall", language), url_path="wall"),
            st.Page(show_map_check, title=say("page_map_check", language), url_path="map-check"),
            st.Page(show_audit, title=say("page_audit", language), url_path="audit", visibility="hidden"),
        ],
        position="top",
    )
    st.set_page_config(
        page_title=f"{page.title} · {say('product', language)}",
        page_icon=str(ASSETS_DIR / "icon.svg"),
        layout="wide",
        menu_items={"About": say("about", language)},
    )
    st.html(ASSETS_DIR / "pages.css")
    words = "".join(f'--menu-{item}: "{say(f"menu_{item}", language)}"; ' for item in MENU)
    st.html(f"<style>body {{ {words}}}</style>")
    with st.container(key="brand"):
        st.html(element("div", say("product", language), classes=f"wg-brand wg-lang-{language}"))
    with st.container(key="language"):
        st.button(
            say("language_other", language),
            key="language_switch",
            type="tertiary",
            on_click=switch_language,
            args=("en" if language == "zh" else "zh",),
        )
    carry_moment(page.url_path)
    if page.url_path not in ALWAYS_LIVE:
        show_moment_bar(get_feed(), read_address())
    page.run()


show_pages()
