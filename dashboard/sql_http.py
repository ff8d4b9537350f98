"""The way in for other machines: SQL over HTTP, read-only, with a token; for notebooks, Excel and BI.

    POST /api/sql            the text, or JSON {"sql": …, "params": {…}, "format": …, "limit": …}
    GET  /api/sql?q=…        the same, for what can only fetch an address
    GET  /api/sql/schema     the tables and their columns
    GET  /api/sql/queries/…  how a query ended, by the Wangge-Query header of its answer

Owns what a request may look like and what is answered to one that may not. Who is let in is decided in `data.roles`; the
answer is sent by `dashboard.sql_stream`. Errors are JSON: word, message, hint, line, column.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from dashboard.sql_stream import PRIVATE, Failed, Plan, in_thread, send_answer
from data import roles
from data.errors import WanggeError
from data.question_text import add_values
from data.sandbox import Limits, Query, Sandbox, SandboxError
from data.sandbox.formats import FORMATS, write_answer
from data.sandbox.gate import TEXT_BYTES_MAX
from data.settings import Settings
from data.situation_tables import describe_table, list_tables, tell_columns

SQL_PATH = "/api/sql"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
BODY_BYTES_MAX = TEXT_BYTES_MAX
PLAIN_FORMAT = "json"
"""What is sent to who names no format."""
SELF_TELLING = ("arrow", "parquet", "xlsx")
"""Formats that have a place to say that they were cut."""
WRONG_MAX, WRONG_WITHIN_S = 10, 60.0
_KEPT_QUERIES = 500
_NAME = re.compile(r"[A-Za-z_]\w{0,62}")
_ASK = 'Basic realm="Wangge", charset="UTF-8", Bearer realm="Wangge"'


class Refused(Exception):
    """A request that is not answered with rows."""

    def __init__(self, status: int, word: str, message: str, hint: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.body = {"word": word, "message": message, "hint": hint, "line": 0, "column": 0}


@dataclass(frozen=True)
class Wanted:
    """What a request asks for."""

    text: str
    format_: str
    limit: int | None = None


class _Doorkeeper:
    """Counts wrong tokens, a caller at a time, and how the last queries ended. Thread-safe and bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._queries: OrderedDict[str, Query] = OrderedDict()

    def count_wrong(self, caller: str) -> bool:
        """Notes a wrong token; whether there were too many lately."""
        now = time.monotonic()
        with self._lock:
            times = self._wrong.setdefault(caller, deque(maxlen=WRONG_MAX + 1))
            self._wrong.move_to_end(caller)
            times.append(now)
            if len(self._wrong) > 1000:
                self._wrong.popitem(last=False)
            return len(times) > WRONG_MAX and now - times[0] < WRONG_WITHIN_S

    def note(self, query: Query) -> Query:
        """Keeps the query, so that its caller can ask how it ended."""
        with self._lock:
            self._queries[query.id] = query
            if len(self._queries) > _KEPT_QUERIES:
                self._queries.popitem(last=False)
        return query

    def find(self, key: str, user: str) -> Query | None:
        """The user's own query of this key."""
        with self._lock:
            query = self._queries.get(key)
        return query if query and query.user == user else None


_doorkeeper = _Doorkeeper()


async def answer_sql(request: Request, sandbox: Sandbox) -> Response:
    """Rows, in the format that was asked for, or why there are none."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={**PRIVATE, "Allow": ", ".join(METHODS)})
    settings = sandbox.settings
    try:
        user = await in_thread(partial(_admit, request, settings))
        if request.method == "HEAD":
            form = FORMATS[_choose_format(request.query_params.get("format"), request.headers.get("accept", ""))]
            return Response(headers={**PRIVATE, "Content-Type": form.media_type, "Vary": "Accept"})
        wanted = await _read_request(request)
        form = FORMATS[wanted.format_]
        limits = Limits(None, form.most_rows(wanted.limit), form.byte_max)

        def submit() -> Query:
            query = sandbox.submit(wanted.text, user, limits, by="http", streams=True)
            return _doorkeeper.note(query)

        plan = Plan(form, partial(_write, wanted=wanted, settings=settings), {})
        return await send_answer(request, submit, plan)
    except Refused as refused:
        return _say(refused)
    except Failed as failed:
        return JSONResponse(_tell_error(failed.error), failed.status, failed.headers)
    except ClientDisconnect:
        return Response(status_code=400)


async def answer_schema(request: Request, sandbox: Sandbox) -> Response:
    """What there is to select from: tables, columns, their types and what they mean, in the language of `?lang=`."""
    try:
        await in_thread(partial(_admit, request, sandbox.settings))
        language = "en" if request.query_params.get("lang") == "en" else "zh"
        tables = await in_thread(partial(list_tables, sandbox.settings))
    except Refused as refused:
        return _say(refused)
    except WanggeError as error:
        return JSONResponse(_tell_error(error), 503, {**PRIVATE, "Retry-After": "10"})
    told = [
        {
            "name": table.name,
            "about": describe_table(table.name, language),
            "row_count": table.row_count,
            "columns": tell_columns(table, language),
        }
        for table in tables
    ]
    return JSONResponse({"tables": told}, headers=PRIVATE)


async def answer_ending(request: Request, sandbox: Sandbox) -> Response:
    """How one of the caller's last queries stands or ended: what a broken transfer could not say."""
    try:
        user = await in_thread(partial(_admit, request, sandbox.settings))
        query = _doorkeeper.find(request.path_params["key"], user)
        if query is None:
            raise Refused(404, "unknown", "There is no such query of yours, or none any more.", "Ask it anew.")
    except Refused as refused:
        return _say(refused)
    progress = query.progress()
    body = {
        "state": progress.state, "place": progress.place, "rows": progress.row_count, "truncated": query.cut_by or "no",
        "seconds": round(progress.seconds, 3), "error": _tell_error(query.error) if query.error else None,
    }  # fmt: skip
    return JSONResponse(body, headers=PRIVATE)


def _admit(request: Request, settings: Settings) -> str:
    """Who asks. Raises Refused where nobody may, or this caller may not."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Refused(
            403, "origin", "A page of another server asks.", "Ask from a programme, or open the address itself."
        )
    try:
        if not roles.is_open_to_machines(settings):
            raise Refused(
                404,
                "off",
                "Other machines cannot ask in SQL here.",
                "The operator makes a token: wangge token add NAME.",
            )
        secret = _read_secret(request.headers.get("authorization", ""))
        user = roles.admit_machine(secret, settings) if secret else None
    except WanggeError as error:
        raise Refused(503, "off", error.message, error.hint, Retry_After="60") from None
    if user is not None:
        return user
    if secret and _doorkeeper.count_wrong(request.client.host if request.client else ""):
        raise Refused(429, "token", "Too many wrong tokens.", "Wait a minute.", Retry_After=f"{WRONG_WITHIN_S:.0f}")
    message = "This token opens nothing, or no longer." if secret else "This needs a token."
    hint = "Send it as `Authorization: Bearer …`, or as the password of any user name. wangge token add NAME makes one."
    raise Refused(401, "token", message, hint, WWW_Authenticate=_ASK)


def _read_secret(header: str) -> str:
    kind, _, value = header.strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace").partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


async def _read_request(request: Request) -> Wanted:
    query, accept = request.query_params, request.headers.get("accept", "")
    format_, limit = query.get("format"), query.get("limit")
    if request.method == "GET":
        return Wanted(_is_text(query.get("q", "")), _choose_format(format_, accept), _read_limit(limit))
    body = await _read_body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise Refused(415, "request", "A form is not read here.", "Send the text itself, or JSON.")
    # what curl -d sends says that it is a form, whatever it is
    is_json = kind == "application/json" or (kind.endswith("urlencoded") and body.lstrip().startswith(b"{"))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(400, "text", "The text is not UTF-8.", "Send it in UTF-8.") from None
    if not is_json:
        return Wanted(_is_text(text), _choose_format(format_, accept), _read_limit(limit))
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if (
        not isinstance(told, dict)
        or not isinstance(told.get("sql"), str)
        or set(told) - {"sql", "params", "format", "limit"}
    ):
        raise Refused(
            400, "request", "The JSON is not as expected.",
            'Send {"sql": "select …"}, with "params", "format" and "limit" where they are wanted.',
        )  # fmt: skip
    return Wanted(
        add_values(_is_text(told["sql"]), _read_params(told.get("params"))),
        _choose_format(told.get("format", format_), accept), _read_limit(told.get("limit", limit)),
    )  # fmt: skip


async def _read_body(request: Request) -> bytes:
    """The body; Refused as soon as it is too long, be it by what it says of itself."""
    too_long = Refused(
        413, "text", f"The query has more than {BODY_BYTES_MAX:,} bytes.",
        "Select from a table rather than from a long list of values.", Connection="close",
    )  # fmt: skip
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > BODY_BYTES_MAX:
        raise too_long
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise too_long
    return bytes(body)


def _is_text(text: str) -> str:
    if not text.strip():
        raise Refused(
            400,
            "empty",
            "There is no query.",
            "GET /api/sql?q=select …, or POST the text; /api/sql/schema lists the tables.",
        )
    return text


def _read_limit(limit: Any) -> int | None:
    if limit is None:
        return None
    text = str(limit)
    if isinstance(limit, bool) or not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**9:
        raise Refused(
            400, "request", "`limit` is no number of rows above 0.", "Send such as limit=1000, or leave it out."
        )
    return int(text)


def _read_params(params: Any) -> dict[str, Any]:
    given = params or {}
    is_plain = isinstance(given, dict) and all(
        _NAME.fullmatch(name) and (value is None or isinstance(value, str | int | float | bool))
        for name, value in given.items()
    )
    if not is_plain:
        raise Refused(
            400, "request", "`params` are not names with plain values.",
            'Send such as {"site": "S1", "least": 5} for $site and $least.',
        )  # fmt: skip
    return dict(given)


def _choose_format(format_: Any, accept: str) -> str:
    """The format that is named, else the first that the caller takes; Refused where there is none."""
    known = ", ".join(FORMATS)
    if format_ is not None:
        if format_ not in FORMATS:
            raise Refused(400, "format", f"{format_!s:.40} is no format.", f"One of {known}.")
        return str(format_)
    taken: list[tuple[float, str]] = []
    for one in accept.split(","):
        kind, *settings = (part.strip().lower() for part in one.split(";"))
        weight = next((part[2:] for part in settings if part.startswith("q=")), "1")
        taken.append((-float(weight) if re.fullmatch(r"[01](\.\d*)?", weight) else -1.0, kind))
    for weight_, kind in sorted(taken, key=lambda pair: pair[0]):
        if kind in ("", "*/*", "application/*") and weight_ < 0:
            return PLAIN_FORMAT
        for name, form in FORMATS.items():
            if weight_ < 0 and kind in (form.media_type.partition(";")[0], "text/*" if name == "csv" else None):
                return name
    raise Refused(406, "format", "None of the types in Accept is written here.", f"Add format= and one of {known}.")


def _write(query: Query, wanted: Wanted, settings: Settings) -> Iterator[bytes]:
    return write_answer(
        query.batches(), wanted.format_, ZoneInfo(settings.timezone), for_spreadsheet=True,
        note=partial(_judge_cut, query, wanted), about=[["SQL", wanted.text]], scratch=settings.sandbox_dir,
    )  # fmt: skip


def _judge_cut(query: Query, wanted: Wanted) -> str:
    """What a cut answer says of itself. Raises SandboxError where the caller did not ask for so few rows: then it is no answer."""
    rows = query.progress().row_count
    if not query.cut_by:
        return ""
    if query.cut_by == "rows" and rows == wanted.limit:
        return f"Cut after {rows:,} rows, as asked." if wanted.format_ in SELF_TELLING else ""
    most = f"{rows:,} rows" if query.cut_by == "rows" else f"{query.order.byte_count:,} bytes"
    raise SandboxError(
        query.cut_by, f"The answer has more than {most}, the most that are sent.",
        "Ask for less at once, such as a day or a town; or with limit=N for the first N rows.",
    )  # fmt: skip


def _tell_error(error: WanggeError) -> dict[str, Any]:
    if isinstance(error, SandboxError):
        return error.as_word()
    return {"word": "error", "message": error.message, "hint": error.hint, "line": 0, "column": 0}


def _say(refused: Refused) -> Response:
    return JSONResponse(refused.body, refused.status, {**PRIVATE, **refused.headers})
