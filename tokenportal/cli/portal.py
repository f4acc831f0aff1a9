"""Speaking to a portal by HTTP.

requests is slow to load: import this module where a portal is asked, not where the command starts.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import metadata
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import click
import requests
from urllib3.exceptions import ProtocolError

from tokenportal.cli.access import Access
from tokenportal.cli.address import is_loopback
from tokenportal.cli.answers import check, json_of
from tokenportal.cli.errors import Failure
from tokenportal.cli.finding import looks_secret
from tokenportal.cli.moments import in_words, read_moment
from tokenportal.cli.output import say
from tokenportal.cli.views import Page, read

_TIMEOUT = (10, 30)  # seconds to connect, and between two parts of an answer
_SOON = timedelta(days=7)
_PAGE_SIZE = 100
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")  # OpenSSL's words, which changed with 3.2
_UNSURE = "It isn't known whether it was carried out. Look: tokenportal tokens list"


class Portal:
    """One portal, asked with one token. What it refuses is a Failure.

    Redirects are not followed: they would take the token to wherever they point.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self._warned = False
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"tokenportal/{metadata.version('tokenportal')}"
        # Set in any case: without it requests would put a password of ~/.netrc in its place.
        self._session.auth = self._sign
        host = urlsplit(access.url).hostname or ""
        # No proxy of the environment gets what is meant for this machine itself.
        self._proxies = {"no_proxy": host} if is_loopback(host) else {}

    def get(self, path: str, **query: Any) -> Any:
        return json_of(self.ask("GET", path, query=query), self.access.url)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """What is answered in JSON to a body in JSON."""
        return json_of(self.ask(method, path, body=body), self.access.url)

    def items(self, path: str, **query: Any) -> Iterator[Any]:
        """Everything that a list has, over all its pages."""
        seen = 0
        for number in count(1):
            page = read(Page, self.get(path, **query, page=number, page_size=_PAGE_SIZE))
            yield from page.items
            seen += len(page.items)
            if not page.items or seen >= page.count:
                return

    def ask(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> requests.Response:
        """The answer to what the portal accepted and did."""
        if looks_secret(str(query)):  # addresses are logged along the way
            raise click.UsageError("This holds a secret. Give the id or the name of a token.")
        response = self._send(method, path, query, body)
        check(response, self.access)
        self._warn_of_end(response.headers.get("Token-Expires-At", ""))
        return response

    def _send(self, method: str, path: str, query: Any, body: Any) -> requests.Response:
        reading = method in ("GET", "HEAD")
        try:
            return self._session.request(
                method,
                self.access.url + path,
                params=query,
                json=body,
                timeout=_TIMEOUT,
                allow_redirects=False,
                proxies=self._proxies,
            )
        except requests.RequestException as error:
            message = _why_unreachable(error, self.access.url)
            raise Failure(f"{message}\n{_UNSURE}" if _was_sent(error) and not reading else message) from error
        except KeyboardInterrupt:
            if not reading:
                say(f"\n{_UNSURE}")
            raise

    def _warn_of_end(self, text: str) -> None:
        ends_at = read_moment(text)
        now = datetime.now(UTC)
        if ends_at and not self._warned and ends_at - now <= _SOON:
            self._warned = True
            say(f"Your token ends {in_words(ends_at, now)}, at {text}. Renew it: tokenportal tokens regenerate current")

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.access.token:
            request.headers["Authorization"] = f"Bearer {self.access.token}"
        return request


def _was_sent(error: requests.RequestException) -> bool:
    """Whether the portal may have received it, though no answer came."""
    return isinstance(error, requests.ReadTimeout) or isinstance(next(iter(error.args), None), ProtocolError)


def _why_unreachable(error: requests.RequestException, url: str) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        if any(getattr(cause, "reason", "") in _NO_TLS for cause in _causes(error)):
            return f"{url} speaks no TLS: is it the http:// port of a portal?"
        return (
            f"The certificate of {url} is not trusted: {_reason(error)}. If an authority of your own made it, name "
            "its file in REQUESTS_CA_BUNDLE."
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return f"The proxy on the way to {url} doesn't let through: {_reason(error)}."
    if isinstance(error, requests.Timeout):
        return f"{url} did not answer in time."
    return f"{url} can't be reached: {_reason(error)}."


def _reason(error: BaseException) -> str:
    """The words of the operating system, from below what the libraries wrapped around them."""
    reason = "the connection broke"
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror:
            reason = getattr(cause, "verify_message", "") or cause.strerror
    return reason


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an error came from, the nearest first."""
    while cause := error.__cause__ or error.__context__:
        yield cause
        error = cause
