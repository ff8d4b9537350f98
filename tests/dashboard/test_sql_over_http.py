"""Answers in SQL over HTTP, from a real server: streamed, never silently short, let in once per address or by a token, ended
with their reader."""

from __future__ import annotations

import asyncio
import base64
import csv
import http.client
import io
import json
import re
import socket
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
import uvicorn
from starlette.applications import Starlette

from dashboard import routes, sql_files, sql_http, sql_stream
from dashboard.live import Feed
from dashboard.sql_files import Offer, Offers, offer_file
from data import cli
from data.access_tokens import make_token, read_tokens, revoke_token
from data.sandbox import Sandbox, read_account
from data.settings import Settings
from tests.dashboard.conftest import take_in_morning
from tests.data.small_district import make_district
from tests.waiting import eventually

LONG = "select range as n, repeat('x', 50) as pad from range(60000)"
BREAKS = "select case when range = 250000 then error('at last') else repeat('y', 50) end as pad from range(300000)"
ENDLESS = "select range as n, repeat('z', 200) as pad from range(100000000)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = make_district(Settings(home=tmp_path_factory.mktemp("served") / "home"))
    return replace(take_in_morning(settings), sandbox_memory_bytes=400_000_000)


@pytest.fixture(scope="module")
def port(home: Settings) -> Iterator[int]:
    """Where a server of our own routes listens."""
    patched = pytest.MonkeyPatch()
    patched.setenv("WANGGE_HOME", str(home.home))
    patched.setattr(routes, "_feed", Feed(home))
    patched.setattr(sql_stream, "_FIRST_S", 60.0)  # a short answer is known whole, however busy the machine
    sandbox = Sandbox(home)
    patched.setattr(routes, "_sandbox", sandbox)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes.ROUTES), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    yield listening.getsockname()[1]
    sandbox.close()
    server.should_exit = True
    thread.join(60)
    assert not thread.is_alive(), "a request never ended"
    listening.close()
    patched.undo()


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8-sig")


def ask(port: int, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
    """The server's answer, header names with _ for -; IncompleteRead where it breaks off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def token(home: Settings, port: int) -> str:
    """Of a machine named notebook, made after the way in was seen to be off."""
    off = ask(port, "/api/sql?q=from%20site", authorization="Bearer wangge_x")
    assert (off.status, json.loads(off.body)["word"]) == (404, "off") and "wangge token add" in off.text
    return make_token(home, "notebook")


def fetch(port: int, token: str, sql: str, **params: str) -> Reply:
    query = urllib.parse.urlencode({"q": sql, **params})
    return ask(port, f"/api/sql?{query}", authorization=f"Bearer {token}")


def post(port: int, token: str, body: str | bytes | dict[str, object], path: str = "/api/sql", **headers: str) -> Reply:
    content = json.dumps(body) if isinstance(body, dict) else body
    kind = {"content_type": "application/json"} if isinstance(body, dict) else {}
    sent = content.encode() if isinstance(content, str) else content
    return ask(port, path, "POST", sent, authorization=f"Bearer {token}", **{**kind, **headers})


def test_a_download_is_fetched_once_under_its_address_and_is_in_the_account(port: int, home: Settings) -> None:
    address = offer_file("select site_code, '=1+1' as trick from site order by 1", "li", "csv")
    assert ask(port, address, "HEAD").status == 405
    reply = ask(port, address)
    assert (reply.status, reply.body[:3], reply.headers["cache-control"]) == (200, b"\xef\xbb\xbf", "no-store")
    assert list(csv.reader(io.StringIO(reply.text)))[:2] == [["site_code", "trick"], ["S1", "'=1+1"]]
    assert reply.headers["content-disposition"].endswith('.csv"')
    assert (reply.headers["wangge-rows"], reply.headers["wangge-truncated"]) == ("2", "no")
    again = ask(port, address)
    assert (again.status, "已经用过" in again.text, "used already" in again.text) == (410, True, True)
    asked = read_account(home)[0]
    assert (asked.user, asked.by, asked.outcome, asked.row_count) == ("li", "page", "done", 2)


def test_an_error_before_the_first_byte_is_said_in_words_with_its_place(port: int) -> None:
    reply = ask(port, offer_file("select site_cod from site", None, "parquet"))
    assert reply.status == 400 and reply.headers["content-type"].startswith("text/plain")
    assert "LINE 1: select site_cod from site\n               ^" in reply.text and "site_code" in reply.text
    refused = ask(port, offer_file("copy site to 'x.csv'", None, "csv"))
    assert refused.status == 400 and "COPY is not allowed" in refused.text


def test_a_long_answer_comes_whole_in_chunks_packed_for_who_takes_that(port: int) -> None:
    plain = ask(port, offer_file(LONG, None, "jsonl"))
    assert plain.headers["transfer-encoding"] == "chunked" and plain.body.count(b"\n") == 60_000
    packed = ask(port, offer_file(LONG, None, "csv"), accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip" and len(packed.body) < len(plain.body) / 5


def test_an_error_half_way_breaks_the_transfer_and_is_never_a_short_file(port: int) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(port, offer_file(BREAKS, None, "csv"))


def test_who_closes_the_connection_ends_the_query(port: int, home: Settings) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as reader:
        reader.sendall(f"GET {offer_file(ENDLESS, 'wang', 'csv')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert reader.recv(100).startswith(b"HTTP/1.1 200")
    eventually(lambda: read_account(home)[0].outcome == "cancelled")
    assert read_account(home)[0].user == "wang"


def test_who_goes_before_the_first_byte_ends_the_query_too(port: int, home: Settings) -> None:
    text = "select sum(range * 2) from range(100000000000)"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as reader:
        reader.sendall(f"GET {offer_file(text, 'zhao', 'csv')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: any(one.user == "zhao" for one in read_account(home)))
    eventually(lambda: read_account(home)[0].outcome == "cancelled")


def test_a_reader_whose_protocol_cannot_tell_an_end_from_a_break_gets_no_long_answer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as reader:
        reader.sendall(f"GET {offer_file(LONG, None, 'csv')} HTTP/1.0\r\n\r\n".encode())
        reply = b"".join(iter(lambda: reader.recv(65536), b"")).decode()
    assert " 400 " in reply.split("\r\n")[0] and "HTTP/1.1" in reply.split("\r\n\r\n")[1]


@pytest.mark.parametrize(("format_", "says"), [("csv", "Cut after 3 rows"), ("jsonl", "Cut after 3 rows")])
def test_a_download_that_reaches_the_limit_says_so_itself(
    port: int, format_: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert routes._sandbox is not None
    monkeypatch.setattr(routes._sandbox, "settings", replace(routes._sandbox.settings, sandbox_export_rows=3))
    reply = ask(port, offer_file("from range(5)", None, format_))
    assert (reply.headers["wangge-rows"], reply.headers["wangge-truncated"]) == ("3", "rows")
    assert says in reply.text.splitlines()[-1] and len(reply.text.splitlines()) == (5 if format_ == "csv" else 4)


def test_offers_are_kept_for_some_minutes_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    offers = Offers()
    first = offers.add(Offer("from a", "li", "csv"))
    assert offers.add(Offer("from a", "li", "csv")) == first, "a page that draws itself anew has the same address"
    assert offers.add(Offer("from a", "wang", "csv")) != first
    for number in range(sql_files.OFFERS_MAX):
        last = offers.add(Offer(f"from t{number}", None, "csv"))
    assert offers.take(first) is None and len(offers._offered) == sql_files.OFFERS_MAX
    assert len(last) >= 32 and offers.take(last) is not None and offers.take(last) is None
    late = offers.add(Offer("from b", None, "csv"))
    now = time.monotonic()
    # its clock alone: the server's loop sleeps by the other
    monkeypatch.setattr(sql_files, "time", SimpleNamespace(monotonic=lambda: now + sql_files.LIFE_S + 1))
    assert offers.take(late) is None


def test_a_workbook_leaves_nothing_behind(port: int, home: Settings) -> None:
    reply = ask(port, offer_file("from site", None, "xlsx"))
    assert reply.status == 200 and reply.body[:2] == b"PK"
    left = [path.name for path in Path(home.sandbox_dir).iterdir()]
    assert all(name.startswith("turn.") for name in left), left


def test_another_machine_asks_by_post_or_get_and_stands_in_the_account_under_its_tokens_name(
    port: int, token: str, home: Settings
) -> None:
    sql = "select site_code from site order by 1"
    rows = [{"site_code": "S1"}, {"site_code": "S2"}]
    assert json.loads(post(port, token, sql).body) == json.loads(fetch(port, token, sql).body) == rows
    asked = read_account(home)[0]
    assert (asked.user, asked.by, asked.outcome) == ("notebook", "http", "done")
    assert post(port, token, {"sql": sql, "format": "csv", "limit": 1}).text.split() == ["site_code", '"S1"']
    text = "-- params: $n BIGINT\nselect $a || $b as t, $n + 1 as n"
    with_params = {"sql": text, "params": {"a": "x'; --", "b": "y", "n": 1}}
    assert json.loads(post(port, token, with_params).body) == [{"t": "x'; --y", "n": 2}]


def test_a_token_opens_as_bearer_and_as_the_password_of_any_user_and_nothing_else_does(port: int, token: str) -> None:
    def knock(header: str | None) -> Reply:
        return ask(port, "/api/sql?q=from%20site", **({"authorization": header} if header else {}))

    basic = base64.b64encode(f"excel:{token}".encode()).decode()
    assert knock(f"Bearer {token}").status == knock(f"Basic {basic}").status == 200
    for wrong in (
        None,
        "Bearer",
        f"Bearer {token}x",
        f"Bearer {token[:-1]}",
        "Basic %%%",
        f"Basic {token}",
        f"Digest {token}",
    ):
        refused = knock(wrong)
        assert refused.status == 401 and "Basic" in refused.headers["www-authenticate"]
        assert json.loads(refused.body)["word"] == "token" and token[:-1] not in refused.text


def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(
    port: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_http, "_doorkeeper", sql_http._Doorkeeper())
    wrong = [ask(port, "/api/sql/schema", authorization="Bearer no").status for _ in range(12)]
    assert wrong == [401] * 10 + [429] * 2
    assert ask(port, "/api/sql/schema", authorization=f"Bearer {token}").status == 200


def test_a_token_is_kept_as_a_digest_ends_with_its_days_and_at_once_when_revoked(
    port: int, token: str, home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert token not in home.tokens_path.read_text() and home.tokens_path.stat().st_mode & 0o777 == 0o600
    assert cli.main(["token", "add", "report", "--days", "1", "--home", str(home.home)]) == 0
    secret = capsys.readouterr().out.split()[0]
    assert fetch(port, secret, "from site").status == 200
    made = next(one for one in read_tokens(home) if one.name == "report")
    assert made.ends_at is not None and made.is_over(made.ends_at) and not made.is_over(made.made_at)
    assert cli.main(["token", "add", "report", "--home", str(home.home)]) == 1
    assert cli.main(["token", "revoke", "report", "--home", str(home.home)]) == 0
    assert fetch(port, secret, "from site").status == 401
    capsys.readouterr()
    cli.main(["token", "--home", str(home.home)])
    assert re.findall(r"^\w+", capsys.readouterr().out, re.MULTILINE) == ["notebook"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("application/json;q=0.2, application/x-ndjson", "application/x-ndjson"),
        ("image/png", None),
    ],
)
def test_the_format_is_what_the_caller_takes(port: int, token: str, accept: str, kind: str | None) -> None:
    reply = ask(port, "/api/sql?q=from%20site", "HEAD", authorization=f"Bearer {token}", accept=accept)
    assert (reply.status, reply.body) == (200 if kind else 406, b"")
    assert kind is None or reply.headers["content-type"] == kind


@pytest.mark.parametrize(
    ("sql", "status", "word", "place"),
    [
        ("select site_cod from site", 400, "error", (1, 8)),
        ("copy site to 'x.csv'", 400, "statement", (0, 0)),
        ("select * from 'a.csv'", 400, "file", (1, 15)),
        ("  ", 400, "empty", (0, 0)),
        ("select range from range(100000000000) where range < 0", 422, "time", (0, 0)),
    ],
)
def test_an_error_is_json_with_its_word_hint_and_place(
    port: int, token: str, sql: str, status: int, word: str, place: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert routes._sandbox is not None
    monkeypatch.setattr(routes._sandbox, "settings", replace(routes._sandbox.settings, sandbox_seconds=0.5))
    reply = fetch(port, token, sql)
    body = json.loads(reply.body)
    assert (reply.status, body["word"], (body["line"], body["column"])) == (status, word, place)
    assert body["message"] and body["hint"] and reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sql": 1}, 400), ({"q": "from site"}, 400), ({"sql": "from site", "limit": 0}, 400),
        ({"sql": "from site", "limit": True}, 400), ({"sql": "from site", "format": "docx"}, 400),
        ({"sql": "select $a", "params": {"a": [1]}}, 400), ({"sql": "select $a", "params": {"a b": 1}}, 400),
        (b"select '\xff'", 400), (b"select 'x'" + b" " * 70_000, 413),
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_refused_in_words(
    port: int, token: str, body: bytes | dict[str, object], status: int
) -> None:
    reply = post(port, token, body)
    assert reply.status == status and json.loads(reply.body)["hint"]


def test_a_body_that_is_too_long_is_refused_before_it_is_read(port: int, token: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
        head = f"POST /api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        caller.sendall(f"{head}Content-Length: 5000000000\r\n\r\nselect".encode())
        assert caller.recv(100).startswith(b"HTTP/1.1 413")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
        caller.sendall(
            f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
            + b"10000\r\n"
            + b"x" * 65536
            + b"\r\n9\r\nxxxxxxxxx\r\n"
        )
        assert caller.recv(100).startswith(b"HTTP/1.1 413")


def test_what_is_longer_than_the_limit_is_an_error_unless_the_caller_asked_for_so_much_alone(
    port: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fetch(port, token, "from range(5)", limit="3", format="jsonl")
    assert (asked.headers["wangge-truncated"], asked.headers["wangge-rows"], len(asked.body.splitlines())) == (
        "rows",
        "3",
        3,
    )
    assert routes._sandbox is not None
    monkeypatch.setattr(routes._sandbox, "settings", replace(routes._sandbox.settings, sandbox_export_rows=50_000))
    for limit in ({}, {"limit": "70000"}):
        with pytest.raises(http.client.IncompleteRead):
            fetch(port, token, LONG, format="csv", **limit)
    short = fetch(port, token, "from range(50001)", format="parquet")
    assert (short.status, json.loads(short.body)["word"]) == (422, "rows") and "limit=N" in short.text


def test_why_a_transfer_broke_is_told_to_its_caller_alone(port: int, token: str, home: Settings) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/sql?format=jsonl", BREAKS, {"Authorization": f"Bearer {token}"})
    reply = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead):
        reply.read()
    address = f"/api/sql/queries/{reply.getheader('Wangge-Query')}"
    told = json.loads(ask(port, address, authorization=f"Bearer {token}").body)
    assert (told["state"], told["error"]["message"]) == ("failed", "at last")
    other = make_token(home, "other")
    assert ask(port, address, authorization=f"Bearer {other}").status == 404
    revoke_token(home, "other")


def test_a_full_queue_says_when_to_come_back(port: int, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert routes._sandbox is not None
    monkeypatch.setattr(routes._sandbox, "settings", replace(routes._sandbox.settings, sandbox_queue=0))
    reply = fetch(port, token, "from site")
    assert (reply.status, reply.headers["retry-after"], json.loads(reply.body)["word"]) == (503, "10", "queue")


def test_no_page_of_another_server_can_ask(port: int, token: str) -> None:
    options = ask(port, "/api/sql", "OPTIONS", origin="http://elsewhere")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    asked = ask(port, "/api/sql?q=from%20site", authorization=f"Bearer {token}", origin="http://elsewhere")
    assert not [name for name in (*options.headers, *asked.headers) if name.startswith("access-control")]
    assert ask(port, "/api/sql", authorization=f"Bearer {token}", sec_fetch_site="cross-site").status == 403


def test_the_schema_names_tables_and_columns_and_what_they_mean(port: int, token: str) -> None:
    tables = json.loads(ask(port, "/api/sql/schema?lang=en", authorization=f"Bearer {token}").body)["tables"]
    site = next(table for table in tables if table["name"] == "site")
    assert {key: site["columns"][0][key] for key in ("name", "type")} == {"name": "site_code", "type": "VARCHAR"}
    assert "about" in site and site["row_count"] == 2 and "registration" in {table["name"] for table in tables}


def test_the_readmes_five_lines_of_python_fetch_an_answer_as_arrow(
    port: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert sum(bool(line.strip()) for line in example.splitlines()) == 5
    found: dict[str, pa.Table] = {}
    monkeypatch.setattr(urllib.request, "urlopen", partial(urllib.request.urlopen, timeout=60))
    exec(example.replace("SERVER:8501", f"127.0.0.1:{port}").replace("TOKEN", token), found)
    assert found["table"].to_pylist() == [{"site_code": "S1", "n": 2}]
