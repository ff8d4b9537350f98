"""What an operator may say about a reference file beside its kind. Read once from the command line, handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geo.layer import LayerOptions


@dataclass(frozen=True)
class ImportOptions:
    """How a file is to be read and taken; the defaults read it as it is and refuse what is doubtful."""

    layer: LayerOptions = field(default_factory=LayerOptions)
    """Its layer, coordinate system and encoding."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field → the column that holds it, for columns that go by an unusual name."""
    is_dissolved: bool = False
    """Rows of one code are parts of one area: they are merged rather than refused."""
    is_replacing: bool = False
    """What other kinds name may be gone: they are imported next."""
