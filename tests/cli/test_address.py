"""The address of a portal."""

import click
import pytest

from tokenportal.cli.address import portal_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://tokens.example.org", "https://tokens.example.org"),
        (" https://Tokens.Example.org/settings/tokens/?q=a#b ", "https://tokens.example.org"),
        ("https://tokens.example.org/accounts/login/", "https://tokens.example.org"),
        ("tokens.example.org", "https://tokens.example.org"),
        ("tokens.example.org:8443/", "https://tokens.example.org:8443"),
        ("HTTPS://tokens.example.org:443", "https://tokens.example.org"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://tokens.bücher.example", "https://tokens.bücher.example"),
    ],
)
def test_portal_address_of_what_people_type_is_scheme_and_host(typed: str, address: str) -> None:
    assert portal_address(typed, allow_http=False) == address


@pytest.mark.parametrize(
    "typed",
    ["", "https://", "ftp://a.example", "file:///etc/passwd", "https://ada:pw@a.example", "https://a.example:99999",
     "https://a b.example", "https://[::1", "https://good.example\\@evil.example", "javascript:alert(1)", "mailto:a@b",
     "https://a.example/portal", "https://a.example/portal/settings/tokens/"],
)  # fmt: skip
def test_portal_address_of_anything_else_is_wrong_use(typed: str) -> None:
    with pytest.raises(click.UsageError):
        portal_address(typed, allow_http=True)


@pytest.mark.parametrize("typed", ["http://tokens.example.org", "http://10.0.0.1", "http://localhost.evil.example"])
def test_portal_address_over_http_beyond_this_machine_is_refused_unless_asked(typed: str) -> None:
    with pytest.raises(click.UsageError, match="--allow-http"):
        portal_address(typed, allow_http=False)
    assert portal_address(typed, allow_http=True) == typed
