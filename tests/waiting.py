"""How tests wait for what happens beside them: in threads, in workers, on a machine that may be busy with others too."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(condition: Callable[[], bool], *, within_s: float = 120.0, every_s: float = 0.05) -> None:
    """Waits until the condition holds. Look less often where looking is dear: to open the lake costs a tenth of a second."""
    until_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until_s:
            raise AssertionError("it never came about")
        time.sleep(every_s)
