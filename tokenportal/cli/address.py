"""The address of a portal, and whether a token may travel to it."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import click

_HOST = re.compile(r"[\w.:-]+")
_PAGE = re.compile(r"/?|/(settings|accounts|admin|api)/.*")  # what people copy from a browser
_PORTS = {"http": 80, "https": 443}


def portal_address(text: str, *, allow_http: bool) -> str:
    """`https://host[:port]` of what a person typed or copied from a browser; UsageError if it can't be used.

    Without a scheme it is https, and http for this machine itself. Nothing is left of a page's path; any other
    one is refused, as no portal is below it.
    """
    text = text.strip()
    parts = _split(text if "://" in text else f"//{text}")
    host = _host_of(parts)
    if not _PAGE.fullmatch(parts.path):
        raise click.UsageError("A portal is never below a path. Its address looks like https://tokens.example.org.")
    scheme = parts.scheme or ("http" if is_loopback(host) else "https")
    if scheme == "http" and not (allow_http or is_loopback(host)):
        raise click.UsageError(
            "Over http:// everybody between here and there can read the token. Use https://, or --allow-http "
            "(TOKENPORTAL_ALLOW_HTTP=1) if that network is yours."
        )
    port = "" if parts.port in (None, _PORTS[scheme]) else f":{parts.port}"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{port}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        raise click.UsageError("That is not the address of a portal.") from None
    return parts


def _host_of(parts: SplitResult) -> str:
    """In lower case. A name and a password before the host are refused: they would be kept, and shown."""
    host = parts.hostname or ""
    if parts.scheme not in ("", *_PORTS) or "@" in parts.netloc or not _HOST.fullmatch(host):
        raise click.UsageError("The address of a portal looks like https://tokens.example.org.")
    return host
