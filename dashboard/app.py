"""The web application: Streamlit's pages, our own routes and the live feed, in one process.

`streamlit run dashboard/app.py`, from any folder, finds `app` here. This module owns how they are put together and
nothing else: routes and their lifespan come from `dashboard.routes`, the pages' document from
`dashboard.shell`, the pages from `dashboard.pages`.
"""

from __future__ import annotations

import sys
from pathlib import Path

# `streamlit run` puts this file's folder on the path, not the project's. This is the one place that adds it, before
# anything of ours is imported; pages run in the same process and inherit it. Ours go behind `dashboard/`'s parent only.
PROJECT_ROOT = str(Path(__file__).resolve().parent.parent)
if PROJECT_ROOT not in sys.path:
    sys.path.insert(0, PROJECT_ROOT)

import streamlit as st  # noqa: E402  (behind the path)

from dashboard.routes import ROUTES, lifespan  # noqa: E402
from dashboard.shell import PAGE_ROUTES  # noqa: E402

app = st.App(Path(__file__).resolve().with_name("pages.py"), routes=[*ROUTES, *PAGE_ROUTES], lifespan=lifespan)
