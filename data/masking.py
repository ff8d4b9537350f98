"""Masks the numbers that name a person, wherever a text may carry them: file names, above all."""

from __future__ import annotations

import logging
import re

MASK = "***"
_IDENTITY = (
    r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9Xx])"
)
"""A resident ID number by its form (GB 11643-1999): division, a date of birth, sequence, check character."""
_MOBILE = r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])"
_NUMBERS = re.compile(f"{_IDENTITY}|{_MOBILE}")


def mask_numbers(text: str) -> str:
    """The text with every identity number and mobile telephone number in it replaced by `***`."""
    return _NUMBERS.sub(MASK, text)


class MaskingFilter(logging.Filter):
    """Masks what a log record says; on a handler, so that no logger is forgotten."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask_numbers(record.getMessage()), ()
        return True
