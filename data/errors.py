"""The errors of the data package: each says what failed and what to do next."""

from __future__ import annotations


class WanggeError(Exception):
    """A failure that a person can act on.

    Parameters
    ----------
    message : what failed, where, and what was expected. Never a person's name, ID number or telephone.
    hint : the next step, as an instruction.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SettingsError(WanggeError):
    """A setting is missing, malformed or out of range."""


class LakeError(WanggeError):
    """The lake cannot be opened, read or written."""


class SituationError(WanggeError):
    """The situation file is missing, unreadable or of another schema version."""


class QuestionError(WanggeError):
    """A question is unknown, its parameters are wrong, or its file's header is malformed."""


class ReferenceFileError(WanggeError):
    """A reference file is refused; the message lists every reason at once."""


class IngestError(WanggeError):
    """A log file is refused whole."""


class BriefError(WanggeError):
    """The daily brief cannot be made."""


class BundleError(WanggeError):
    """A bundle to carry away cannot be made as it is wanted."""
