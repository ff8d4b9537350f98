"""Tokens with which other machines ask in SQL: made once, shown once, kept as digests in keys/, until they end.

Owns the file and what a token is. Who may do what with one is decided in `data.roles`. A token is 256 random bits, so its plain
SHA-256 cannot be turned back and needs no salt.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from data.durable import write_durably
from data.errors import SettingsError
from data.home import only_one
from data.settings import Settings

DAYS = 365
"""Days that a token lives where nothing else is said."""
_PREFIX = "wangge_"
_NAME = re.compile(r"[\w.@-]{1,64}")


@dataclass(frozen=True)
class Token:
    """A token as the file knows it: never the token itself."""

    name: str
    """Who asks with it, as the account records it: a machine or a use, such as powerbi-report."""
    digest: str
    made_at: datetime
    ends_at: datetime | None
    """From when on it opens nothing; None: never."""

    def is_over(self, now: datetime) -> bool:
        return self.ends_at is not None and now >= self.ends_at


def make_token(settings: Settings, name: str, days: int = DAYS) -> str:
    """A new token of this name; nobody can read it again. `days` 0: it has no end.

    Raises SettingsError for a name that is taken or none; LakeError where keys/ cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} is no name for a token.", "Letters, digits and . _ - @, 64 at most, such as powerbi-report."
        )
    now = datetime.now(UTC).replace(microsecond=0)
    with only_one(settings.tokens_path.with_suffix(".lock"), _tell_busy):
        tokens = read_tokens(settings)
        if any(token.name == name for token in tokens):
            raise SettingsError(f"There is a token {name} already.", f"wangge token revoke {name} ends it.")
        secret = _PREFIX + secrets.token_urlsafe(32)
        _write(settings, [*tokens, Token(name, _digest(secret), now, now + timedelta(days=days) if days else None)])
    return secret


def revoke_token(settings: Settings, name: str) -> None:
    """Ends the token of this name at once. Raises SettingsError where there is none."""
    with only_one(settings.tokens_path.with_suffix(".lock"), _tell_busy):
        tokens = read_tokens(settings)
        left = [token for token in tokens if token.name != name]
        if len(left) == len(tokens):
            raise SettingsError(f"There is no token {name}.", "wangge token list shows them.")
        _write(settings, left)


def read_tokens(settings: Settings) -> list[Token]:
    """The tokens that were made and not revoked. Raises SettingsError where their file cannot be read."""
    try:
        told = json.loads(settings.tokens_path.read_text(encoding="utf-8"))
        return [
            Token(one["name"], one["digest"], datetime.fromisoformat(one["made_at"]), _moment(one["ends_at"]))
            for one in told
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(
            f"The tokens in {settings.tokens_path} cannot be read.", "Remove the file, and make the tokens anew."
        ) from None


def find_token(settings: Settings, secret: str) -> Token | None:
    """The token that this is, unless it has ended; compares with every one, in the same time whichever it is."""
    digest, found = _digest(secret), None
    for token in read_tokens(settings):
        if hmac.compare_digest(token.digest, digest):
            found = token
    return None if found is None or found.is_over(datetime.now(UTC)) else found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _write(settings: Settings, tokens: list[Token]) -> None:
    content = json.dumps([asdict(token) for token in tokens], default=datetime.isoformat, indent=1, ensure_ascii=False)
    write_durably(settings.tokens_path, content.encode() + b"\n", mode=0o600, folder_mode=0o700)


def _tell_busy(process: str) -> SettingsError:
    return SettingsError(f"Process {process} changes the tokens just now.", "Try again.")
