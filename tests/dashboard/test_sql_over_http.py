"""Answers in SQL over HTTP, from a real server: streamed, never silently short, once per address, ended with their reader."""

from __future__ import annotations

import asyncio
import csv
import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from dashboard import routes, sql_files
from dashboard.live import Feed
from dashboard.sql_files import Offer, Offers, offer_file
from data.sandbox import Sandbox, read_account
from data.settings import Settings
from tests.dashboard.conftest import take_in_morning
from tests.data.small_district import make_district

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
    sandbox = Sandbox(home)
    patched.setattr(routes, "_sandbox", sandbox)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes.ROUTES), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    yield listening.getsockname()[1]
    sandbox.close()
    server.should_exit = True
    thread.join()
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


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


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
    with socket.create_connection(("127.0.0.1", port)) as reader:
        reader.sendall(f"GET {offer_file(ENDLESS, 'wang', 'csv')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert reader.recv(100).startswith(b"HTTP/1.1 200")
    wait_until(lambda: read_account(home)[0].outcome == "cancelled")
    assert read_account(home)[0].user == "wang"


def test_who_goes_before_the_first_byte_ends_the_query_too(port: int, home: Settings) -> None:
    text = "select sum(range * 2) from range(100000000000)"
    with socket.create_connection(("127.0.0.1", port)) as reader:
        reader.sendall(f"GET {offer_file(text, 'zhao', 'csv')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        wait_until(lambda: any(one.user == "zhao" for one in read_account(home)))
    wait_until(lambda: read_account(home)[0].outcome == "cancelled")


def test_a_reader_whose_protocol_cannot_tell_an_end_from_a_break_gets_no_long_answer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as reader:
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
    monkeypatch.setattr(time, "monotonic", lambda: now + sql_files.LIFE_S + 1)
    assert offers.take(late) is None


def test_a_workbook_leaves_nothing_behind(port: int, home: Settings) -> None:
    reply = ask(port, offer_file("from site", None, "xlsx"))
    assert reply.status == 200 and reply.body[:2] == b"PK"
    left = [path.name for path in Path(home.sandbox_dir).iterdir()]
    assert all(name.startswith("turn.") for name in left), left
