"""Who may do what. The one place that decides it; pages and commands ask here and nowhere else."""

from __future__ import annotations

from data.access_tokens import find_token, read_tokens
from data.settings import Settings, read_settings

ANYBODY = "page"
"""What is recorded of somebody who gives an order without having signed in."""


def may_give_orders(user: str | None, settings: Settings | None = None) -> bool:
    """Whether this user may give orders on zones: everybody, unless the setting `order_givers` names who.

    `user` is None for somebody who has not signed in.
    """
    return _is_named(user, (settings or read_settings()).order_givers)


def may_acknowledge_alerts(user: str | None, settings: Settings | None = None) -> bool:
    """Whether this user may acknowledge alerts: everybody, unless the setting `alert_handlers` names who.

    `user` is None for somebody who has not signed in.
    """
    return _is_named(user, (settings or read_settings()).alert_handlers)


def _is_named(user: str | None, setting: str) -> bool:
    named = [name.strip() for name in setting.split(";") if name.strip()]
    return not named or user in named


def may_ask_sql(user: str | None, settings: Settings | None = None) -> bool:
    """Whether this user may ask in SQL: everybody who reaches the page or the shell, until there are accounts."""
    return True


def may_read_audit(user: str | None, settings: Settings | None = None) -> bool:
    """Whether this user may see who asked what in SQL: everybody, unless the setting `audit_readers` names who."""
    return _is_named(user, (settings or read_settings()).audit_readers)


def is_open_to_machines(settings: Settings) -> bool:
    """Whether other machines may ask in SQL at all: once the operator has made a token."""
    return bool(read_tokens(settings))


def admit_machine(secret: str, settings: Settings) -> str | None:
    """Who asks with this token, as the account records it; None where it opens nothing."""
    token = find_token(settings, secret)
    return token.name if token and may_ask_sql(token.name, settings) else None


def name_analyst(user: str | None, settings: Settings) -> str:
    """Who is recorded as having asked in SQL: who has signed in, else whom the setting `analyst` names, else the page."""
    return user or settings.analyst or ANYBODY
