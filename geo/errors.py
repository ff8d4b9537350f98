"""The errors of the geo package."""

from __future__ import annotations


class GeoError(Exception):
    """A shape, layer or coordinate that cannot be used; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
