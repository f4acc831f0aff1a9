"""`login`, `logout`, `whoami`, `verify`, and which token they use."""

import json
import socket
import stat
from pathlib import Path

import keyring
import pytest

from tests.cli.conftest import USER, Cli, Keyring, lose_keyring, token_json
from tests.cli.stub import Stub, dead, problem, reply
from tokenportal.cli import config
from tokens.secret_format import make_secret

VERIFIED = {
    "x_auth_user_id": "2", "x_auth_user_email": "ada@example.com",
    "x_auth_token_id": "12", "x_auth_token_name": "Schl%C3%BCssel",
    "x_auth_scopes": "deployments:read", "x_auth_expires_at": "2026-12-22T10:00:00Z",
}  # fmt: skip


# --- Signing in -------------------------------------------------------------------------------


def test_login_with_a_keyring_keeps_the_token_there_and_not_in_a_file(
    cli: Cli, stub: Stub, secret: str, config_file: Path, with_keyring: Keyring
) -> None:
    ran = cli("login", stub.url, "--token", secret)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"Signed in to {stub.url} as ada@example.com. The token is in the system's keyring.\n"
    assert with_keyring.kept == {("tokenportal", stub.url): secret}
    assert secret not in config_file.read_text()


def test_login_without_a_keyring_keeps_the_token_in_a_file_of_its_owner_and_says_so(
    cli: Cli, stub: Stub, secret: str, config_file: Path
) -> None:
    ran = cli("login", stub.url, stdin=f"{secret}\n")
    assert ran.code == 0
    assert f"No keyring works here: the token is in {config_file}, which only you can read." in ran.err
    assert stat.S_IMODE(config_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(config_file.parent.stat().st_mode) == 0o700
    assert secret not in ran.out + ran.err


def test_login_with_a_keyring_that_only_pretends_keeps_the_token_in_a_file(
    cli: Cli, stub: Stub, secret: str, config_file: Path, with_keyring: Keyring
) -> None:
    with_keyring.pretends = True
    assert cli("login", stub.url, "--token", secret).code == 0
    assert secret in config_file.read_text()


def test_login_with_the_token_from_standard_input_reads_one_line(cli: Cli, stub: Stub, secret: str) -> None:
    assert cli("login", stub.url, "--token", "-", stdin=f"  {secret} \nmore\n").code == 0
    assert stub.asked[0].token == f"Bearer {secret}"


def test_login_and_logout_as_json_say_where(cli: Cli, stub: Stub, secret: str) -> None:
    ran = cli("login", stub.url, "--token", secret, "--json")
    assert json.loads(ran.out) == {**USER, "portal": stub.url}
    assert [json.loads(cli("logout", "--json").out) for _ in range(2)] == [{"portal": stub.url}, {"portal": None}]


def test_login_with_a_dead_token_keeps_nothing(cli: Cli, stub: Stub, secret: str, config_file: Path) -> None:
    stub.answers["GET /api/v1/user"] = dead("The access token is not valid")
    assert cli("login", stub.url, "--token", secret).code == 3
    assert not config_file.exists()


def test_login_with_a_token_that_is_good_for_nothing_is_not_allowed(cli: Cli, stub: Stub, secret: str) -> None:
    stub.answers["GET /api/v1/user"] = problem(403, "The access token does not have the permissions that this needs")
    assert cli("login", stub.url, "--token", secret).code == 4


@pytest.mark.parametrize("given", ["", "tp_\u00e9", "two words", "x" * 600, "a\x1bb"])
def test_login_with_what_is_no_token_is_wrong_use_and_sends_nothing(cli: Cli, stub: Stub, given: str) -> None:
    ran = cli("login", stub.url, stdin=f"{given}\n")
    assert (ran.code, stub.asked) == (2, [])
    assert "That is not a token" in ran.err
    assert not given or given not in ran.err


def test_login_at_another_portal_forgets_the_token_of_the_one_before(
    cli: Cli, stub: Stub, secret: str, with_keyring: Keyring
) -> None:
    cli("login", stub.url.replace("127.0.0.1", "localhost"), "--token", secret)
    cli("login", stub.url, "--token", secret)
    assert list(with_keyring.kept) == [("tokenportal", stub.url)]


def test_login_on_a_full_disk_says_so_and_keeps_what_was_there(
    cli: Cli, stub: Stub, secret: str, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("login", stub.url, "--token", secret)
    before = config_file.read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = cli("login", stub.url, "--token", make_secret("tp_"))
    assert (ran.code, ran.err) == (1, f"Error: The token can't be kept in {config_file}: No space left on device\n")
    assert [config_file.read_text(), *config_file.parent.iterdir()] == [before, config_file]


def test_login_beside_a_token_in_the_environment_says_which_one_counts(cli: Cli, signed_in: Stub, secret: str) -> None:
    given = make_secret("tp_")
    ran = cli("login", "--token", given)  # TOKENPORTAL_URL stands in for the address
    assert "TOKENPORTAL_TOKEN is set, and goes before what is saved." in ran.err
    assert signed_in.asked[0].token == f"Bearer {given}"


# --- Which token is used ----------------------------------------------------------------------


@pytest.mark.usefixtures("with_keyring")
def test_saved_token_is_used_at_its_portal(cli: Cli, stub: Stub, secret: str) -> None:
    cli("login", stub.url, "--token", secret)
    assert cli("whoami").code == 0
    assert stub.asked[-1].token == f"Bearer {secret}"


@pytest.mark.parametrize("in_keyring", [True, False])
def test_saved_token_is_never_sent_to_another_portal_that_the_environment_names(
    cli: Cli, stub: Stub, secret: str, monkeypatch: pytest.MonkeyPatch, in_keyring: bool
) -> None:
    if in_keyring:
        keyring.set_keyring(Keyring())
    cli("login", stub.url, "--token", secret)
    stub.asked.clear()
    other = stub.url.replace("127.0.0.1", "localhost")
    monkeypatch.setenv("TOKENPORTAL_URL", other)
    ran = cli("whoami")
    assert (ran.code, stub.asked) == (3, [])
    assert ran.err == f"Error: Not signed in to {other}. Do: tokenportal login {other}\n"


def test_token_of_the_environment_wins_over_what_is_saved(
    cli: Cli, stub: Stub, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("login", stub.url, "--token", secret)
    of_environment = make_secret("tp_")
    monkeypatch.setenv("TOKENPORTAL_TOKEN", of_environment)  # and the address that is saved
    cli("whoami")
    assert stub.asked[-1].token == f"Bearer {of_environment}"


def test_environment_that_says_all_does_not_look_at_a_broken_file(cli: Cli, signed_in: Stub, config_file: Path) -> None:
    config_file.parent.mkdir(parents=True)
    config_file.write_text("{")
    assert cli("whoami").code == 0


def test_plain_http_beyond_this_machine_is_used_only_where_it_was_allowed(
    cli: Cli, config_file: Path, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])  # nobody is ever reached
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    monkeypatch.setenv("TOKENPORTAL_URL", "http://tokens.example.org")
    assert cli("whoami").code == 2
    monkeypatch.setenv("TOKENPORTAL_ALLOW_HTTP", "1")
    assert "can't be reached" in cli("whoami").err
    monkeypatch.delenv("TOKENPORTAL_ALLOW_HTTP")
    monkeypatch.delenv("TOKENPORTAL_URL")
    config.save(config.Saved("http://tokens.example.org", allow_http=True, token=secret))
    assert "can't be reached" in cli("whoami").err


def test_nobody_signed_in_is_told_how(cli: Cli, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    for ran in (cli("whoami"), cli("tokens", "list")):
        assert (ran.code, ran.out) == (3, "")
        assert "tokenportal login URL" in ran.err


@pytest.mark.usefixtures("with_keyring")
def test_keyring_that_stopped_working_means_not_signed_in(cli: Cli, stub: Stub, secret: str) -> None:
    cli("login", stub.url, "--token", secret)
    lose_keyring()
    assert cli("whoami").code == 3


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"url": 1, "allow_http": false, "token": null}', "\xff",
     '{"url": "https://a.example", "allow_http": false, "token": 7}'],
)  # fmt: skip
def test_config_that_is_broken_is_refused_with_the_command_that_mends_it(
    cli: Cli, config_file: Path, content: str
) -> None:
    config_file.parent.mkdir(parents=True)
    config_file.touch(mode=0o600)
    config_file.write_text(content, encoding="latin-1")
    for command in (["whoami"], ["logout"], ["login", "https://a.example", "--token", "x"]):
        ran = cli(*command)
        assert ran.code == 1
        assert ran.err.endswith(f"is broken. Remove it and sign in again: rm {config_file}\n")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o610])
def test_config_that_others_can_open_is_refused_with_the_command_that_mends_it(
    cli: Cli, stub: Stub, secret: str, config_file: Path, mode: int
) -> None:
    cli("login", stub.url, "--token", secret)
    config_file.chmod(mode)
    ran = cli("whoami")
    assert ran.code == 1
    assert f"Close it: chmod 600 {config_file}\n" in ran.err
    config_file.chmod(0o600)
    assert cli("whoami").code == 0


def test_config_that_cannot_be_read_says_why(cli: Cli, config_file: Path) -> None:
    config_file.parent.parent.mkdir(parents=True)
    config_file.parent.touch()
    assert cli("whoami").err == f"Error: {config_file} can't be read: Not a directory\n"


def test_logout_forgets_the_token_and_says_that_it_lives_on(
    cli: Cli, stub: Stub, secret: str, config_file: Path, with_keyring: Keyring
) -> None:
    cli("login", stub.url, "--token", secret)
    ran = cli("logout")
    assert (ran.code, with_keyring.kept, config_file.exists()) == (0, {}, False)
    assert "still good" in ran.err
    assert cli("logout").err == "Not signed in.\n"


def test_logout_of_a_token_in_a_file_forgets_it(
    cli: Cli, stub: Stub, secret: str, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("login", stub.url, "--token", secret)
    monkeypatch.setenv("TOKENPORTAL_TOKEN", secret)
    assert "TOKENPORTAL_TOKEN is set" in cli("logout").err
    assert not config_file.exists()


def test_logout_whose_keyring_lost_the_token_still_signs_out(
    cli: Cli, stub: Stub, secret: str, config_file: Path, with_keyring: Keyring
) -> None:
    cli("login", stub.url, "--token", secret)
    with_keyring.kept.clear()
    assert (cli("logout").code, config_file.exists()) == (0, False)


# --- whoami, verify ---------------------------------------------------------------------------


def test_whoami_shows_the_owner_and_the_token(cli: Cli, signed_in: Stub) -> None:
    token = token_json(expires_at="2030-01-01T10:00:00Z")
    signed_in.answers["GET /api/v1/tokens/current"] = reply(200, token)
    lines = ["email\tada@example.com", "name\tAda Lovelace", f"portal\t{signed_in.url}", "token\tci-deploy (12)",
             "permissions\tdeployments:read", "expires\t2030-01-01T10:00:00Z"]  # fmt: skip
    assert cli("whoami").out.splitlines() == lines
    assert json.loads(cli("whoami", "--json").out) == {**USER, "portal": signed_in.url, "token": token}


def test_verify_of_a_good_token_shows_whose_it_is(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /auth/verify"] = reply(204, **VERIFIED)
    ran = cli("verify")
    assert (ran.code, "token name\tSchlüssel" in ran.out.splitlines()) == (0, True)
    assert signed_in.asked[-1].query == {"any": ["1"]}
    assert json.loads(cli("verify", "--json").out)["token_name"] == "Schlüssel"


def test_verify_with_scopes_asks_for_all_of_them(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /auth/verify"] = reply(204, **VERIFIED)
    cli("verify", "--scope", "a:read", "--scope", "b:write")
    assert signed_in.asked[-1].query == {"scope": ["a:read", "b:write"]}


def test_verify_of_another_token_asks_with_that(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /auth/verify"] = reply(204, **VERIFIED)
    other = make_secret("tp_")
    cli("verify", "--token", "-", stdin=other)
    assert signed_in.asked[-1].token == f"Bearer {other}"


def test_verify_of_another_token_that_is_dead_advises_nothing_about_ones_own(cli: Cli, signed_in: Stub) -> None:
    uri = "https://portal.example/settings/tokens/12/regenerate/"
    signed_in.answers["GET /auth/verify"] = dead("The access token expired at 2026-12-22T10:00:00Z", uri)
    ran = cli("verify", "--token", make_secret("tp_"))
    lines = ["Error: The access token expired at 2026-12-22T10:00:00Z.", f"Renew it: {uri}"]
    assert (ran.code, ran.err.splitlines()) == (3, lines)


def test_verify_of_a_token_that_lacks_a_permission_names_it_and_exits_4(cli: Cli, signed_in: Stub) -> None:
    challenge = 'Bearer realm="tokenportal", error="insufficient_scope", scope="b:write"'
    refused = problem(403, "The access token does not have the permissions", www_authenticate=challenge)
    signed_in.answers["GET /auth/verify"] = refused
    ran = cli("verify", "--scope", "b:write")
    assert (ran.code, ran.err) == (4, "Error: The access token does not have the permissions: b:write\n")


def test_verify_after_too_many_wrong_tokens_failed_and_was_not_refused(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /auth/verify"] = problem(403, "Too many.", x_error_status="429", retry_after="5")
    assert cli("verify").code == 1


def test_verify_answered_by_a_server_that_says_yes_to_all_is_not_believed(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /auth/verify"] = reply(204)
    assert cli("verify").code == 1


# --- Tokens that are dead ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "uri"),
    [
        ("The access token expired at 2026-12-22T10:00:00Z", "https://portal.example/settings/tokens/12/regenerate/"),
        ("The access token was replaced at 2026-12-22T10:00:00Z", ""),
        ("The access token was revoked at 2026-12-22T10:00:00Z (leak)", ""),
        ("The access token is not valid", ""),
    ],
)
def test_dead_token_says_why_and_where_it_is_renewed_and_exits_3(cli: Cli, signed_in: Stub, why: str, uri: str) -> None:
    signed_in.answers["GET /api/v1/tokens"] = dead(why, uri)
    ran = cli("tokens", "list")
    lines = [f"Error: {why}.", *([f"Renew it: {uri}"] if uri else []), "Then: set TOKENPORTAL_TOKEN to a new one"]
    assert (ran.code, ran.out, ran.err.splitlines()) == (3, "", lines)


def test_dead_token_that_was_saved_is_replaced_by_login(cli: Cli, stub: Stub, secret: str) -> None:
    cli("login", stub.url, "--token", secret)
    stub.answers["GET /api/v1/user"] = dead("The access token is not valid")
    assert cli("whoami").err.endswith(f"Then: tokenportal login {stub.url}\n")
