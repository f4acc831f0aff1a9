"""A real nginx or Caddy between a client and a service."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.system.portal import Portal, Token
from tests.system.processes import ROOT, accepts
from tests.system.visitor import Got, ask

# What nginx needs around the file; its own folder, and no second process that changes its user.
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {inner}
}}
"""


@dataclass(frozen=True)
class Gate:
    """A service behind a proxy: `url` is where clients go, `pages_url` where people find the portal."""

    portal: Portal
    url: str
    program: str
    pages_url: str = ""

    def make_token(self, name: str, scope: str, networks: Sequence[str] = ()) -> Token:
        """A token of Ada's; she has one of that name for each proxy."""
        return self.portal.make_token(f"{name} {self.program}", scopes=[scope] if scope else [], networks=networks)

    def ask(self, token: str = "", method: str = "GET", source: str = "127.0.0.1", **headers: str) -> Got:
        """`x_request_id="1"` becomes the header of that name."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(f"{self.url}/path", method, named, token=token, source=source)


def start_nginx(portal: Portal, folder: Path, inner: str, port: int) -> Gate:
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, inner=inner))
    command = ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
    return _started(portal, command, port)


def start_caddy(portal: Portal, folder: Path, inner: str, port: int) -> Gate:
    # No port to command it by, and nothing kept in anybody's home.
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + inner)
    command = ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    return _started(portal, command, port, HOME=str(folder))


def _started(portal: Portal, command: list[str], port: int, **settings: str) -> Gate:
    portal.start(command, command[0], **settings)
    portal.wait_for(lambda: accepts(port), what=command[0])
    return Gate(portal, f"http://localhost:{port}", command[0])


def shipped(name: str, **ports: int) -> str:
    """A file of deploy/ with other ports in it: `p8000=1234` says 1234 for 8000."""
    return with_ports((ROOT / "deploy" / name).read_text(), **ports)


def with_ports(text: str, **ports: int) -> str:
    for there, here in ports.items():
        text, found = re.subn(rf"(?<=[ :]){there[1:]}\b", str(here), text)
        assert found, there
    return text


def reached_service(answer: Got) -> dict[str, list[str]]:
    """The headers that the service was sent, by their names in lower case and as WSGI would fold them."""
    assert answer.status == 200, (answer.status, answer.text)
    headers: dict[str, list[str]] = {}
    for name, value in json.loads(answer.content):
        headers.setdefault(name.lower().replace("_", "-"), []).append(value)
    return headers
