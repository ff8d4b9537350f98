"""A query in an address: kept under an id, or the text itself, packed. What cannot be read opens nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping

from dashboard.address import Address, link_to
from dashboard.parts.sql.desk import Desk
from data.errors import QuestionError
from data.saved_queries import TEXT_MAX, check_shareable, find_saved
from data.settings import Settings

SAVED, TEXT = "saved", "q"
"""The parameters of an address that hold a query."""
PACKED_MAX = 6_000
"""Characters that a packed text may have in an address: proxies and mail programs break longer ones."""


def pack_text(text: str) -> str:
    """The text as an address holds it. Raises QuestionError where it must not be shared, or is too long for one."""
    check_shareable(text)
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    if len(packed) > PACKED_MAX:
        raise QuestionError("The text is too long for an address.", "Save it; then its link is short.")
    return packed


def unpack_text(packed: str) -> str | None:
    """The text of an address; None where it holds none that could be read."""
    if len(packed) > PACKED_MAX:
        return None
    try:
        content = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(content, TEXT_MAX + 1)
        return None if len(text) > TEXT_MAX or not unpacker.eof else text.decode("utf-8")
    except (ValueError, binascii.Error, zlib.error):
        return None


def open_linked(desk: Desk, query: Mapping[str, str], settings: Settings) -> None:
    """Puts the query that an address names in the editor, once; it is not run. A reader's own opening changes the address."""
    given = next(((name, query[name]) for name in (SAVED, TEXT) if query.get(name)), None)
    if given is None or mark_link(*given) == desk.linked:
        return
    desk.linked = mark_link(*given)
    name, value = given
    if name == SAVED:
        saved = find_saved(settings, value)
        text = saved.text if saved else None
    else:
        text = unpack_text(value)
    if text is None:
        desk.notice = f"no_{name}"
    else:
        desk.open(text, desk.linked)


def mark_link(name: str, value: str) -> str:
    """What tells the text of one link from another's, over reloads too."""
    return f"{name}:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:12]}"


def write_link(address: Address, name: str, value: str) -> str:
    """The address of a query behind the page's path."""
    return link_to(address, **{name: value})
