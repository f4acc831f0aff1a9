"""What a portal stands on or behind: a database and a Redis of its own, a line that can be cut, a service."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.sql import SQL, Identifier

from tests.system.processes import free_port

Pair = tuple[socket.socket, socket.socket]


@contextmanager
def database(server: str, name: str, *, template: str = "template0") -> Iterator[str]:
    """The address of a new database on the PostgreSQL server of another one; dropped at the end."""
    # Through the one that every server has, as Django does.
    with psycopg.connect(urlsplit(server)._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def redis_database(server: str) -> Iterator[str]:
    """The address of an empty database of that Redis; emptied at the end."""
    for number in range(15, 0, -1):
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url) as client:
            # Of two that look at once, one gets it.
            if client.dbsize() == 0 and client.set("taken by a test", os.getpid(), nx=True):
                try:
                    yield url
                finally:
                    client.flushdb()
                return
    raise AssertionError("no database of this Redis is empty")


class Line:
    """A TCP connection to another server that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[Pair] = []
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Whoever is connected is thrown out, and so is whoever tries to."""
        self._is_cut = True
        for pair in self._pairs:
            _hang_up(pair)
        self._pairs.clear()

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _address = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                pair = (near, socket.create_connection(self._far))
                self._pairs.append(pair)
                for source, target in (pair, pair[::-1]):
                    threading.Thread(target=_copy, args=[source, target], daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _hang_up((source, target))


def _hang_up(pair: Pair) -> None:
    for end in pair:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


class _Echo(BaseHTTPRequestHandler):
    """A service that knows nothing of tokens, and answers with the headers that it was sent, and the body as one."""

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps([*self.headers.items(), ("Echoed-Body", sent.decode())]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET  # noqa: N815  # as http.server looks for them

    def log_message(self, *_args: object) -> None:
        """Nothing: the test says what happened."""


@contextmanager
def echo_service() -> Iterator[int]:
    """The port of a service that answers with the headers that reached it, as JSON pairs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def file_service(folder: Path) -> Iterator[int]:
    """The port of a service that serves the files of a folder, and says nothing."""

    class Files(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            """Nothing: the test says what happened."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def throwaway_postgres() -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a PostgreSQL server of its own, and how to restart it, as after a power cut."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        Path(name).chmod(0o711)
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        data = folder / "data"
        data.mkdir()
        if as_postgres:  # it refuses to run as root
            shutil.chown(data, "postgres")

        def run(program: str, *arguments: str) -> None:
            command = [*as_postgres, str(programs / program), "-D", str(data), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
        start = ("-w", "-l", str(data / "log"), "-o", options, "start")
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")

        def restart() -> None:
            run("pg_ctl", "-m", "immediate", "stop")
            run("pg_ctl", *start)

        run("pg_ctl", *start)
        try:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres", restart
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
