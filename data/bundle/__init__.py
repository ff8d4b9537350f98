"""A bundle: one state of the situation, de-identified, in files that are carried to another machine and need nothing of ours there.

    wish = read_wish(settings, out=…, rounds=…, from_at=…, until_at=…, tables=…, columns=…, format=…)
    exported = export_bundle(settings, wish, on_progress)      # Exported(path, row_count, byte_count, checks)

content.py says what a bundle may hold and what never leaves; rekeying.py gives persons, households, tubes and staff codes
of this bundle alone; writing.py writes the tables; agreement.py compares the written tables with each other; manifest.py
says what it all is; place.py puts it in its place, whole or not at all. The lake's writer is not asked and not kept waiting.
"""

from __future__ import annotations

from data.bundle.export import Exported as Exported
from data.bundle.export import export_bundle as export_bundle
from data.bundle.wish import Wish as Wish
from data.bundle.wish import read_wish as read_wish
