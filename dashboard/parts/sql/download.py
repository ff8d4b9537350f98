"""The buttons that take a query's answer away, whole: the query is asked once more and streamed, under the limits of a download.

A file's address is made when its button is pressed, and works once. The reader's browser fetches it in a frame out of sight, so that
the page stays; what is said in a file's stead is said here.
"""

from __future__ import annotations

import streamlit as st

from dashboard.parts.markup import element
from dashboard.parts.sql.result_words import say_result
from dashboard.parts.wording import Language
from dashboard.sql_files import offer_file

OFFERED = {"csv": "CSV", "parquet": "Parquet", "xlsx": "XLSX", "json": "JSON"}
_FETCH = """<script>
(() => {
  const told = document.querySelector(".wg-sql-fetch");
  const asked = (window.wgSqlFiles = window.wgSqlFiles || new Set());
  if (!told || asked.has(told.dataset.address)) return;
  asked.add(told.dataset.address);
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = told.dataset.address;
  frame.onload = () => {
    const said = frame.contentDocument && frame.contentDocument.body.textContent.trim();
    const line = document.querySelector(".wg-sql-fetch");
    if (said && line) { line.textContent = said; line.classList.add("wg-sql-warning"); }
  };
  document.body.append(frame);
  setTimeout(() => frame.remove(), 3600000);
})();
</script>"""
"""Nothing of a query stands in it: the address is read from the page."""


def show_downloads(*, key: str, language: Language) -> str:
    """One small button for each format; the format whose button was pressed, or ""."""
    pressed = ""
    with st.container(key=f"{key}_result_files", horizontal=True, gap="small", width="content"):
        for format_, label in OFFERED.items():
            if st.button(label, key=f"{key}_file_{format_}", help=say_result(f"file_{format_}", language)):
                pressed = format_
    return pressed


def fetch_file(text: str, format_: str, language: Language) -> None:
    """Has the browser fetch the file, and says that it comes."""
    said = say_result("file_coming", language, format=OFFERED[format_])
    line = element("p", said, classes="wg-sql-fetch", role="status", data_address=offer_file(text, None, format_))
    st.html(line + _FETCH, unsafe_allow_javascript=True)
