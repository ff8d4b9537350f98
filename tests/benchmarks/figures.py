"""A figure beside its baseline and its aim, as one line of the report."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, against what, in this very run; `aim` in words, `is_met` None where there is no aim."""

    name: str
    value: str
    baseline: str
    aim: str = ""
    is_met: bool | None = None

    def __str__(self) -> str:
        verdict = "" if self.is_met is None else ("  met" if self.is_met else "  NOT MET")
        aim = f"  aim {self.aim}{verdict}" if self.aim else ""
        return f"{self.name:<44} {self.value:>22}   beside {self.baseline}{aim}"


def report(figure: Figure) -> None:
    """Prints a figure as soon as it is known."""
    sys.stdout.write(f"{figure}\n")
    sys.stdout.flush()
