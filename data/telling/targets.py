"""Where alerts are told: the webhooks of the settings, each with its format."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from data.errors import SettingsError
from data.settings import Settings

Format = Literal["wecom", "json"]
SECRET_VARIABLE = "WANGGE_WEBHOOK_SECRET"
"""Takes the place of keys/webhook.secret."""


@dataclass(frozen=True)
class Target:
    """One webhook. `name` tells it apart without its address: a robot's key is in that."""

    name: str
    format: Format
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


def read_targets(settings: Settings) -> tuple[Target, ...]:
    """The webhooks that the settings name, in their order; none by default.

    Raises SettingsError for a format or an address that is none, and for a secret that is missing or open to others.
    """
    for name, value, known in (
        ("webhook_least_level", settings.webhook_least_level, ("watch", "act")),
        ("webhook_language", settings.webhook_language, ("zh", "en")),
    ):
        if value not in known:
            raise SettingsError(f"{name} is {value!r}.", f"It must be one of {', '.join(known)}.")
    targets: list[Target] = []
    wanted = [part.split() for part in settings.webhooks.split(";") if part.strip()]
    secret = _read_secret(settings) if wanted else ""
    for words in wanted:
        if len(words) != 2 or words[0] not in get_args(Format):
            raise SettingsError(
                "webhooks names something that is no webhook.",
                'Write a format and an address each, separated by ";", such as "json http://alarm.lan/wangge; wecom https://…".',
            )
        format_, url = words
        if "{secret}" in url and not secret:
            raise SettingsError(
                "webhooks has an address with {secret}, and there is no secret.",
                f"Put it into {settings.home / 'keys' / 'webhook.secret'} (mode 600), or into {SECRET_VARIABLE}.",
            )
        url = url.replace("{secret}", secret)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"The address of the {format_} webhook is none.", "Write http:// or https:// and a host."
            )
        name = f"{format_} {parts.hostname}"
        twins = sum(1 for target in targets if target.name.split(" #")[0] == name)
        targets.append(
            Target(f"{name} #{twins + 1}" if twins else name, "wecom" if format_ == "wecom" else "json", url, secret)
        )
    return tuple(targets)


def _read_secret(settings: Settings) -> str:
    given = os.environ.get(SECRET_VARIABLE)
    if given:
        return given
    path = settings.home / "keys" / "webhook.secret"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise SettingsError(f"{path} is open to others (mode {mode:04o}).", f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "One line, UTF-8, readable by this user.") from None
