"""Sets the brief with Typst in a process of its own: `python setting.py pdf|png < data.json > file`; `fonts` lists families.

Typst keeps what its last ten runs made, some 500 MB for a brief; a dashboard that lives for weeks must not. Knows nothing of the
rest: it starts in 0.1 s.
"""

from __future__ import annotations

import sys
from pathlib import Path

PPI = 110.0
"""Pixels of an inch, for a look at the page as PNG."""


def main() -> None:
    """Reads the data from standard input, writes the file to standard output."""
    import typst

    wanted = sys.argv[1]
    if wanted == "fonts":
        sys.stdout.write("\n".join(typst.Fonts().families()))
        return
    data = sys.stdin.buffer.read().decode("utf-8")
    source = Path(__file__).with_name("brief.typ").read_bytes()
    made = typst.compile(source, format="png" if wanted == "png" else "pdf", ppi=PPI, sys_inputs={"brief": data})
    sys.stdout.buffer.write(made[0] if isinstance(made, list) else made)


if __name__ == "__main__":
    main()
