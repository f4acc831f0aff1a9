"""Who calls over HTTP: a program, and a person at the pages, with cookies and forms and without JavaScript."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.tokens.pages.reading import Page

if TYPE_CHECKING:
    from tests.conftest import Response

_TIMEOUT = 20


@dataclass(frozen=True)
class Got:
    """An answer, whatever its status."""

    status: int
    headers: Message
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def page(self) -> Page:
        return Page(cast("Response", self))  # it reads the content alone


def ask(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    *,
    token: str = "",
    source: str = "127.0.0.1",
    body: str | Iterable[bytes] = "",
) -> Got:
    """One request, as a program at the address `source` makes it; a body that is no text goes in chunks."""
    parts = urlsplit(url)
    given = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
    connection = HTTPConnection("127.0.0.1", parts.port, timeout=_TIMEOUT, source_address=(source, 0))
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body or None, headers=given)
        response = connection.getresponse()
        return Got(response.status, response.headers, response.read())
    finally:
        connection.close()


class Visitor:
    def __init__(self, portal_url: str) -> None:
        self._url = portal_url
        self._opener = build_opener(HTTPCookieProcessor())

    def get(self, path: str) -> Got:
        return self._send(path)

    def fill_in(self, path: str, *, form: str = "", **typed: str) -> Got:
        """Get the page at `path`, fill in the form that it sends to `form` (or to itself), and send it."""
        fields = self.get(path).page.forms[form or path] | {name: [value] for name, value in typed.items()}
        return self._send(form or path, urlencode(fields, doseq=True).encode())

    def sign_in(self, email: str, password: str) -> None:
        answer = self.fill_in("/accounts/login/", login=email, password=password)
        assert answer.page.headings[:1] == ["Access Tokens"], answer.text

    def _send(self, path: str, data: bytes | None = None) -> Got:
        request = Request(self._url + path, data)  # noqa: S310  # the portal's own address
        with self._opener.open(request, timeout=_TIMEOUT) as response:
            return Got(response.status, response.headers, response.read())
