"""The brief as PDF: set by Typst from `brief.typ`; no browser, no network, no file beside.

Chinese type must be on the machine (Debian and Ubuntu: fonts-noto-cjk); without it there is a message, never a page of empty boxes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

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
WITHIN_S = 60
_SETTING = Path(__file__).with_name("setting.py")


def write_pdf(told: Told) -> bytes:
    """The document. Raises BriefError where no Chinese font is installed: places have Chinese names in every language."""
    return _set(told, "pdf")


def draw_page(told: Told) -> bytes:
    """The document's first page as PNG, for a look."""
    return _set(told, "png")


@cache
def find_chinese_font() -> str | None:
    """The first family of CHINESE_FONTS on this machine; None without any. Looked for once a process."""
    known = set(_run("fonts", b"").decode("utf-8").split("\n"))
    return next((family for family in CHINESE_FONTS if family in known), None)


def _set(told: Told, kind: str) -> bytes:
    family = find_chinese_font()
    if family is None:
        raise BriefError(
            "There is no Chinese font on this machine, so no PDF can be set.",
            "Install one, e.g. as root: apt-get install fonts-noto-cjk; or take the brief as HTML: --format html.",
        )
    marks = [{"drawn": drawn, "words": words} for drawn, words in draw_legend(told.legend)]
    data = told.as_data() | {"fonts": ["Source Sans 3", family], "legend": marks}
    return _run(kind, json.dumps(data, ensure_ascii=False).encode())


def _run(wanted: str, data: bytes) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_SETTING), wanted], input=data, capture_output=True, timeout=WITHIN_S, check=True
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise BriefError(f"The brief could not be set: {said}", "Take it as HTML: --format html.") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BriefError(f"The brief could not be set: {error}", "Take it as HTML: --format html.") from error
    return done.stdout
