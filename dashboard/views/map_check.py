"""What is wrong with the map: the report on the one in force, and those of the last attempts to import one."""

from __future__ import annotations

import streamlit as st

from dashboard.address import read_address, write_address
from dashboard.answers import shelf_of
from dashboard.parts.map_report import fault_table, map_verdict, name_report, say_check
from dashboard.parts.markup import element
from dashboard.parts.wording import Language
from dashboard.routes import get_feed
from data.errors import WanggeError
from data.saved_report import SavedReport, read_attempts, read_in_force

_CHOICE = "map_report_control"
_IN_FORCE = ""
SAME_AREA_KM2 = 1e-6


def show_map_check() -> None:
    """The report that the URL names (`?report=`), else that on the map in force."""
    address, settings = read_address(), get_feed().settings
    language = address.language
    in_force = read_in_force(settings)
    reports = {report.name: report for report in read_attempts(settings)}
    if in_force is not None:
        reports = {_IN_FORCE: in_force, **reports}
    with st.container(key="map_check"):
        if not reports:
            _say("empty", language, "plain")
            return
        if address.report and address.report not in reports:
            _say("gone", language, "plain", name=address.report)
        chosen = address.report if address.report in reports else next(iter(reports))
        st.session_state[_CHOICE] = chosen
        st.selectbox(
            say_check("choose", language),
            list(reports),
            format_func=lambda name: name_report(reports[name], language),
            key=_CHOICE,
            on_change=_choose,
            width=520,
        )
        report = reports[chosen or _IN_FORCE]
        if report.problem:
            _say("broken", language, "act", problem=report.problem)
            return
        if report.outcome == "in_force":
            _say_whether_stale(report, language)
        _show_report(report, language)


def _show_report(report: SavedReport, language: Language) -> None:
    left, right = st.columns([3, 2])
    with left:
        drawn = report.read_file("map.svg").decode("utf-8", "replace")
        if drawn:
            st.image(drawn, caption=say_check("map", language), width="stretch")
    with right:
        st.html(map_verdict(report, language))
        with st.container(key="map_check_files", horizontal=True):
            for key, name, kind in (
                ("download_page", f"report.{language}.html", "text/html"),
                ("download_problems", "problems.geojson", "application/geo+json"),
            ):
                st.download_button(say_check(key, language), report.read_file(name), name, kind, on_click="ignore")
        if report.faults:
            st.html(fault_table(report, language))


def _say_whether_stale(report: SavedReport, language: Language) -> None:
    """A line where the map that the pages show is no longer the one that was judged."""
    try:
        (district,) = shelf_of(get_feed()).ask("coverage/district")
    except (WanggeError, ValueError) as error:
        _say("unknown", language, "watch", problem=error)
        return
    area = district["area_km2"] or 0.0
    if district["grid_count"] != report.grid_count or abs(area - report.area_km2) > SAME_AREA_KM2 * max(area, 1.0):
        _say("stale", language, "watch")


def _say(key: str, language: Language, level: str, **values: object) -> None:
    role = "alert" if level == "act" else "status"
    st.html(element("div", say_check(key, language, **values), classes=f"wg-line wg-line-{level}", role=role))


def _choose() -> None:
    write_address(report=st.session_state[_CHOICE] or None)
