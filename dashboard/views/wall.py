"""The wall inside Streamlit: the same document as `/kiosk`, over the whole window, without Streamlit's frame.

An unattended browser should open `/kiosk` itself; this door is for everyone who is in the pages already.
"""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from dashboard.address import read_address
from dashboard.asset import ASSETS_DIR


def show_wall() -> None:
    """The wall in the reader's language and by the measure of the URL."""
    address = read_address()
    st.html(ASSETS_DIR / "wall-page.css")
    st.iframe(f"/kiosk?{urlencode({'lang': address.language, 'measure': address.measure})}", height=600)
