"""HTML that cannot be broken by what it shows: every string is escaped unless this module made it.

Pages hand the result to `st.html`, which also sanitises it in the browser. Knows nothing of what is shown.
"""

from __future__ import annotations

from html import escape


class Markup(str):
    """Finished HTML. Only `element` and `join` make it."""

    __slots__ = ()


Child = str | None


def element(tag: str, *children: Child, classes: str = "", **attributes: str) -> Markup:
    """`<tag …>children</tag>`; children that are plain text are escaped, None is left out.

    Attribute names take `_` for `-`: `aria_label="…"`.
    """
    given = {"class": classes} if classes else {}
    given |= {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    opening = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    return Markup(f"<{tag}{opening}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """The children one after another, plain text escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children if child))
