"""A real nginx between a client and a service."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.system.portal import Portal
from tests.system.processes import accepts
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
    """A service behind nginx: `url` is where clients go."""

    portal: Portal
    url: str

    def ask(self, token: str = "", method: str = "GET", source: str = "127.0.0.1", **headers: str) -> Got:
        """`x_request_id="1"` becomes the header of that name."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(f"{self.url}/path", method, named, token=token, source=source)


def start_nginx(portal: Portal, folder: Path, inner: str, port: int) -> Gate:
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, inner=inner))
    portal.start(["nginx", "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")], "nginx")
    portal.wait_for(lambda: accepts(port), what="nginx")
    return Gate(portal, f"http://localhost:{port}")


def reached_service(answer: Got) -> dict[str, list[str]]:
    """The headers that the service was sent, by their names in lower case and as WSGI would fold them."""
    assert answer.status == 200, (answer.status, answer.text)
    headers: dict[str, list[str]] = {}
    for name, value in json.loads(answer.content):
        headers.setdefault(name.lower().replace("_", "-"), []).append(value)
    return headers
