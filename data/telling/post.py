"""Sends one message to one target, within a time limit, and says how that went.

Follows no redirect: an alert goes where the settings say.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import IO

from data.telling.targets import Target

TIMEOUT_S = 10.0
"""For connecting, and for each wait within an answer; an answer as a whole may take twice as long."""
ANSWER_BYTES = 16_384
TOO_FAST = (45009, 130101)
"""WeCom: more than 20 messages a minute (developer.work.weixin.qq.com/document/path/90313)."""


@dataclass(frozen=True)
class Outcome:
    """How a message went. `problem` is empty where it was taken; `is_too_fast`: the target asks for a pause."""

    problem: str = ""
    is_too_fast: bool = False

    @property
    def is_taken(self) -> bool:
        return not self.problem


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def post(target: Target, body: bytes, key: str, *, timeout_s: float = TIMEOUT_S) -> Outcome:
    """What became of the message. Never raises for what the network or the target does, and never names the address."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "wangge", "Idempotency-Key": key}
    if target.format == "json" and target.secret:
        signature = hmac.new(target.secret.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Wangge-Signature"] = f"sha256={signature}"
    until_s = time.monotonic() + 2 * timeout_s
    try:
        request = urllib.request.Request(target.url, body, headers, method="POST")
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as response:
            answer = b""
            while len(answer) < ANSWER_BYTES:
                part = response.read1(1024)
                if not part:
                    break
                answer += part
                if time.monotonic() > until_s:
                    return Outcome("the answer does not end")
    except urllib.error.HTTPError as error:
        error.close()
        return Outcome(f"HTTP {error.code}", is_too_fast=error.code == 429)
    except TimeoutError:
        return Outcome(f"no answer within {timeout_s:g} s")
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return Outcome(f"no answer within {timeout_s:g} s")
        return Outcome(f"{type(reason).__name__}: cannot be reached")
    return _judge_wecom(answer) if target.format == "wecom" else Outcome()


def _judge_wecom(answer: bytes) -> Outcome:
    """A robot says 200 to everything; whether it took the message is in the body."""
    try:
        code = json.loads(answer)["errcode"]
    except (ValueError, KeyError, TypeError):
        return Outcome("the answer is not a robot's")
    return Outcome() if code == 0 else Outcome(f"errcode {code}", is_too_fast=code in TOO_FAST)
