"""The brief as PDF: set by Typst inside this process, from `brief.typ`; no browser, no network, no file beside.

Chinese type must be on the machine (Debian and Ubuntu: fonts-noto-cjk); without it there is a message, never a page of empty boxes.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

from data.brief.page import draw_legend
from data.brief.telling import Told
from data.errors import BriefError

CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "PingFang SC",
)
"""Families with the glyphs of simplified Chinese, the first that is there is taken."""


def write_pdf(told: Told) -> bytes:
    """The document. Raises BriefError where it is in Chinese, or names Chinese places, and no Chinese font is installed."""
    return _set(told, "pdf")


def draw_pages(told: Told, ppi: float = 110.0) -> bytes:
    """The same document's first page as PNG, for a look."""
    return _set(told, "png", ppi)


def _set(told: Told, kind: Literal["pdf", "png"], ppi: float | None = None) -> bytes:
    import typst  # 80 MB of it: only who asks for a PDF loads it

    family = find_chinese_font()
    if family is None:
        raise BriefError(
            "There is no Chinese font on this machine, so no PDF can be set.",
            "Install one, e.g. as root: apt-get install fonts-noto-cjk; or take the brief as HTML: --format html.",
        )
    data = told.as_data() | {
        "fonts": ["Source Sans 3", family],
        "legend": [{"drawn": drawn, "words": words} for drawn, words in draw_legend(told.legend)],
    }
    source = Path(__file__).with_name("brief.typ").read_bytes()
    try:
        made = typst.compile(source, format=kind, ppi=ppi, sys_inputs={"brief": json.dumps(data, ensure_ascii=False)})
    except typst.TypstError as error:
        raise BriefError(f"The brief could not be set: {error}", "Take it as HTML and report this.") from error
    pages: bytes = made[0] if isinstance(made, list) else made
    return pages


@cache
def find_chinese_font() -> str | None:
    """The first family of CHINESE_FONTS on this machine; None without any."""
    import typst

    known = set(typst.Fonts().families())
    return next((family for family in CHINESE_FONTS if family in known), None)
