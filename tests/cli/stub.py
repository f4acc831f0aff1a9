"""A server that answers what a test tells it to, and keeps what it was asked."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: Any  # of JSON

    @property
    def token(self) -> str | None:
        return self.headers["Authorization"]


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str]


def reply(status: int = 200, value: Any = None, /, *, kind: str = "application/json", **headers: str) -> Reply:
    """`value` is bytes as they are, or what becomes JSON; `www_authenticate="..."` becomes the header of that name."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
    return Reply(status, body, {"Content-Type": kind, **named} if body else named)


def problem(status: int, detail: str, *, errors: list[dict[str, str]] | None = None, **headers: str) -> Reply:
    body = {"type": "urn:tokenportal:problem:x", "title": "X", "status": status, "detail": detail}
    return reply(status, body | ({"errors": errors} if errors else {}), kind="application/problem+json", **headers)


def dead(description: str, uri: str = "") -> Reply:
    """The 401 to a token that is not good."""
    attributes = f'Bearer realm="tokenportal", error="invalid_token", error_description="{description}"'
    return problem(401, description, www_authenticate=attributes + (f', error_uri="{uri}"' if uri else ""))


@dataclass
class Stub:
    """`answers["GET /path"]` is a Reply, or several to be given one after the other; None breaks the connection."""

    url: str = ""
    answers: dict[str, Reply | list[Reply] | None] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Reply | None:
        self.asked.append(asked)
        found = self.answers.get(f"{asked.method} {asked.path}", problem(404, "Not found."))
        return found.pop(0) if isinstance(found, list) else found

    def asked_for(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


@contextmanager
def serving(stub: Stub, *, certificate: str = "") -> Iterator[Stub]:
    """On a port of 127.0.0.1; over TLS with a file that holds a certificate and its key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    stub.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers["Content-Length"] or 0))
            body = json.loads(content) if content else None
            given = stub.answer(Asked(self.command, parts.path, parse_qs(parts.query), self.headers, body))
            if given is None:
                self.close_connection = True
                return
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815  # the names that the server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            """Nothing on the terminal."""

    return Handler
