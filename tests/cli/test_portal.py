"""Speaking to a portal, and to what stands in its place."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.certificates import self_signed
from tests.cli.conftest import USER, Cli, moment, token_json
from tests.cli.stub import Stub, problem, reply, serving
from tokenportal.cli import portal


def made(secret: str) -> dict[str, object]:
    return token_json(secret=secret)


@pytest.fixture
def other() -> Iterator[Stub]:
    """Somebody else's server, which answers everything like a portal would."""
    with serving(Stub(answers={"GET /api/v1/user": reply(200, USER)})) as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """One for 127.0.0.1 that nobody trusts, with its key."""
    return str(self_signed(tmp_path / "certificate.pem"))


def test_portal_that_is_down_is_said_to_be_so(cli: Cli, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("TOKENPORTAL_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
        ran = cli("whoami")
    assert ran.code == 1
    assert ran.err.endswith(" can't be reached: Connection refused.\n")
    assert ran.err.startswith("Error: http://127.0.0.1:")


def test_portal_whose_name_is_unknown_is_said_to_be_so(cli: Cli, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    def unknown(*arguments: object, **more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("TOKENPORTAL_URL", "https://tokens.invalid")
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    assert cli("whoami").err == "Error: https://tokens.invalid can't be reached: Name or service not known.\n"


def test_portal_with_an_untrusted_certificate_gets_no_token(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, secret: str, certificate: str
) -> None:
    with serving(Stub(), certificate=certificate) as stub:
        monkeypatch.setenv("TOKENPORTAL_URL", stub.url)
        monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
        ran = cli("whoami")
    assert (ran.code, stub.asked) == (1, [])
    assert "is not trusted: self-signed certificate. " in ran.err
    assert "REQUESTS_CA_BUNDLE" in ran.err


def test_portal_that_speaks_no_tls_is_said_to(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, secret: str, stub: Stub
) -> None:
    monkeypatch.setenv("TOKENPORTAL_URL", address := stub.url.replace("http://", "https://"))
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    ran = cli("whoami")
    assert (ran.code, ran.err) == (1, f"Error: {address} speaks no TLS: is it the http:// port of a portal?\n")


def test_portal_with_a_certificate_of_ones_own_authority_is_spoken_to(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, secret: str, certificate: str, stub: Stub
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate)
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    with serving(Stub(answers=stub.answers), certificate=certificate) as trusted:
        monkeypatch.setenv("TOKENPORTAL_URL", trusted.url)
        assert cli("whoami").code == 0


def test_portal_that_sends_on_to_another_host_leaves_the_token_here(cli: Cli, signed_in: Stub, other: Stub) -> None:
    signed_in.answers["GET /api/v1/user"] = reply(302, location=f"{other.url}/api/v1/user")
    ran = cli("whoami")
    assert (ran.code, other.asked) == (1, [])
    assert f"sends on to {other.url}/api/v1/user, and the token was not sent there" in ran.err


@pytest.mark.parametrize("status", [200, 401, 403, 404, 502])
def test_portal_behind_a_proxys_web_page_is_not_taken_for_one(cli: Cli, signed_in: Stub, status: int) -> None:
    page = b"<html><h1>Sign in to the network</h1></html>"
    signed_in.answers["GET /api/v1/user"] = reply(status, page, kind="text/html; charset=utf-8")
    ran = cli("whoami")
    assert ran.code == 1
    assert f"answered {status} with a web page that is not from a portal" in ran.err
    assert "<h1>" not in ran.err


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b"{broken", kind="application/json"),
        reply(200, b"[" * 100_000, kind="application/json"),
        reply(200, ["a list"]),
        reply(200, {"id": 2}),
        reply(400, b"{broken", kind="application/problem+json"),
        reply(400, ["a list"], kind="application/problem+json"),
        problem(400, "a", errors=[{"field": "b"}]),
        reply(204),
    ],
    ids=["broken", "deep", "list", "lacking", "broken problem", "odd problem", "odd error", "empty"],
)
def test_portal_that_answers_nonsense_is_told_in_one_line(cli: Cli, signed_in: Stub, answer: object) -> None:
    signed_in.answers["GET /api/v1/user"] = answer  # type: ignore[assignment]  # a Reply
    ran = cli("whoami")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("Error: ")


def test_portal_that_breaks_off_after_an_act_says_that_it_may_be_done(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["POST /api/v1/tokens"] = None
    signed_in.answers["GET /api/v1/user"] = None
    ran = cli("tokens", "create", "--name", "a")
    assert ran.code == 1
    assert "It isn't known whether it was carried out. Look: tokenportal tokens list" in ran.err
    assert "carried out" not in cli("whoami").err


def test_portal_that_takes_too_long_is_said_to(cli: Cli, signed_in: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "_TIMEOUT", (1, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TOKENPORTAL_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert cli("whoami").err.endswith("did not answer in time.\n")
        assert "isn't known" in cli("tokens", "create", "--name", "a").err


def test_ctrl_c_during_an_act_says_that_it_may_be_done(
    cli: Cli, signed_in: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(requests.Session, "send", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cli("tokens", "create", "--name", "a")
    assert "It isn't known whether it was carried out." in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        cli("whoami")
    assert capsys.readouterr().err == "\n"


def test_password_of_netrc_does_not_take_the_place_of_the_token(
    cli: Cli, signed_in: Stub, home: Path, secret: str
) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login ada password other\n")
    cli("whoami")
    assert {asked.token for asked in signed_in.asked} == {f"Bearer {secret}"}


def test_proxy_of_the_environment_gets_nothing_that_is_meant_for_this_machine(
    cli: Cli, signed_in: Stub, other: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url)
    assert (cli("whoami").code, other.asked) == (0, [])


def test_proxy_that_refuses_is_named_as_what_refused(
    cli: Cli, other: Stub, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", other.url)
    monkeypatch.setenv("TOKENPORTAL_URL", "https://tokens.example.org")
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    assert cli("whoami").err.startswith("Error: The proxy on the way to https://tokens.example.org doesn't let through")


def test_refusal_of_fields_names_the_options(cli: Cli, signed_in: Stub) -> None:
    errors = [
        {"field": "scopes.3", "code": "unknown", "message": "There is no resource “x”."},
        {"field": "expires_in", "code": "too_long", "message": "At most 365."},
        {"field": "", "code": "odd", "message": "Send less."},
    ]
    signed_in.answers["POST /api/v1/tokens"] = problem(422, "This can't be used.", errors=errors)
    ran = cli("tokens", "create", "--name", "a", "--scope", "x:read")
    wanted = "--scope: There is no resource “x”.\n--expires-in: At most 365.\nSend less.\n"
    assert (ran.code, ran.err) == (1, f"Error: {wanted}")


def test_refusal_for_a_while_says_for_how_long(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /api/v1/user"] = problem(429, "Too many.", retry_after="17")
    assert cli("whoami").err == "Error: Too many.\nTry again in 17 seconds.\n"


def test_refusal_with_what_acts_on_terminals_is_shown_harmless(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /api/v1/user"] = problem(409, "a\x1b]0;b\x07")
    assert cli("whoami").err == "Error: a\ufffd]0;b\ufffd\n"


def test_token_that_ends_within_seven_days_is_warned_of_once_beside_the_result(cli: Cli, signed_in: Stub) -> None:
    soon = moment(days=6.9)
    signed_in.answers["GET /api/v1/user"] = reply(200, USER, token_expires_at=soon)
    signed_in.answers["GET /api/v1/tokens/current"] = reply(200, token_json(), token_expires_at=soon)
    ran = cli("whoami", "--json")
    assert json.loads(ran.out)["email"] == "ada@example.com"
    assert ran.err == f"Your token ends in 6 days, at {soon}. Renew it: tokenportal tokens regenerate current\n"


def test_token_that_ends_later_or_never_said_when_is_not_warned_of(cli: Cli, signed_in: Stub) -> None:
    for header in (moment(days=7.1), "", "tomorrow", "2026-01-01"):
        signed_in.answers["GET /api/v1/user"] = reply(200, USER, token_expires_at=header)
        assert cli("whoami").err == ""


def test_secret_in_the_place_of_a_name_is_never_sent_in_an_address(cli: Cli, signed_in: Stub, secret: str) -> None:
    for arguments in (("show", secret), ("list", "--search", f"x {secret}"), ("delete", "--yes", secret)):
        ran = cli("tokens", *arguments)
        assert (ran.code, signed_in.asked) == (2, [])
        assert secret not in ran.err
