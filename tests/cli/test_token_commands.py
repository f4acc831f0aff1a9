"""`tokenportal tokens ...`."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, token_json
from tests.cli.stub import Reply, Stub, problem, reply
from tokens.secret_format import make_secret


@contextmanager
def in_zone(zone: str) -> Iterator[None]:
    """Where the machine stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


def listing(*tokens: dict[str, Any], count: int | None = None) -> Reply:
    return reply(200, {"items": list(tokens), "count": len(tokens) if count is None else count})


@pytest.fixture
def new_secret() -> str:
    return make_secret("tp_")


@pytest.fixture
def makes(signed_in: Stub, new_secret: str) -> Stub:
    """A portal that makes and regenerates token 12."""
    made = token_json(expires_at="2026-12-22T10:00:00Z", secret=new_secret)
    for path in ("12/regenerate", "current/regenerate"):
        signed_in.answers[f"POST /api/v1/tokens/{path}"] = reply(200, made)
    signed_in.answers["POST /api/v1/tokens"] = reply(201, made)
    return signed_in


# --- list, show -------------------------------------------------------------------------------


def test_list_in_a_pipe_prints_a_line_each_with_tabs_and_no_headings(cli: Cli, signed_in: Stub) -> None:
    used = token_json(last_used_at="2026-11-20T10:00:00Z", expires_at="2026-12-22T10:00:00Z")
    unused = token_json(id=13, name="Schlüssel", scopes=[], state="revoked", expires_at="2026-12-22T10:00:00Z")
    signed_in.answers["GET /api/v1/tokens"] = listing(used, unused)
    assert cli("tokens", "list").out == (
        "12\tci-deploy\ttp_abcd…wxyz\tactive\tdeployments:read\t2026-12-22T10:00:00Z\t2026-11-20T10:00:00Z\n"
        "13\tSchlüssel\ttp_abcd…wxyz\trevoked\t\t2026-12-22T10:00:00Z\t\n"
    )


def test_list_passes_its_options_on(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /api/v1/tokens"] = listing()
    ran = cli("tokens", "list", "--state", "expiring", "--search", "ci", "--sort", "-used")
    assert (ran.code, ran.out, ran.err) == (0, "", "No tokens.\n")
    query = signed_in.asked[0].query
    assert (query["state"], query["q"], query["sort"], query["page"]) == (["expiring"], ["ci"], ["-used"], ["1"])


def test_list_without_options_leaves_them_out_of_the_query(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /api/v1/tokens"] = listing()
    cli("tokens", "list")
    assert signed_in.asked[0].query == {"page": ["1"], "page_size": ["100"]}


def test_list_of_more_than_a_page_asks_for_all_of_them(cli: Cli, signed_in: Stub) -> None:
    numbers = ((1, 2), (3, 4), (5,))
    signed_in.answers["GET /api/v1/tokens"] = [
        listing(*(token_json(id=number) for number in page), count=5) for page in numbers
    ]
    found = json.loads(cli("tokens", "list", "--json").out)
    assert [token["id"] for token in found] == [1, 2, 3, 4, 5]
    assert [asked.query["page"] for asked in signed_in.asked] == [["1"], ["2"], ["3"]]


def test_list_that_shrinks_while_it_is_read_ends(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /api/v1/tokens"] = [listing(token_json(), count=9), listing(count=9)]
    assert cli("tokens", "list").out.count("\n") == 1


def test_list_as_json_is_what_the_api_says(cli: Cli, signed_in: Stub) -> None:
    token = token_json(allowed_networks=["10.0.0.0/8"])
    signed_in.answers["GET /api/v1/tokens"] = listing(token)
    assert json.loads(cli("tokens", "list", "--json").out) == [token]


def test_list_of_a_portal_that_answers_otherwise_fails_in_one_line(cli: Cli, signed_in: Stub) -> None:
    odd: list[Any] = [[token_json()], {"items": [{"id": 1}], "count": 1}, {"items": 1, "count": 1}]
    odd.append({"items": [token_json(expires_at=7)], "count": 1})
    for answer in (reply(200, value) for value in odd):
        signed_in.answers["GET /api/v1/tokens"] = answer
        ran = cli("tokens", "list")
        assert (ran.code, ran.err.count("\n")) == (1, 1)


def test_show_prints_a_line_for_each_field(cli: Cli, signed_in: Stub) -> None:
    used = {"last_used_at": "2026-11-20T10:00:00Z", "last_used_address": "10.0.0.7"}
    token = token_json(**used, allowed_networks=["10.0.0.0/8"])
    signed_in.answers["GET /api/v1/tokens/12"] = reply(200, token)
    lines = cli("tokens", "show", "12").out.splitlines()
    assert {"id\t12", "networks\t10.0.0.0/8", "last used\t2026-11-20T10:00:00Z", "last address\t10.0.0.7"} <= set(lines)
    assert json.loads(cli("tokens", "show", "12", "--json").out) == token


def test_show_of_a_revoked_token_with_an_old_secret_says_what_became_of_it(cli: Cli, signed_in: Stub) -> None:
    revoked = {"at": "2026-11-20T10:00:00Z", "code": "administrator", "reason": "Left on a train"}
    ends = ("tp_newe…wxyz", None), ("tp_olde…wxyz", "2026-11-21T10:00:00Z")
    secrets = [{"hint": hint, "accepted_until": until} for hint, until in ends]
    signed_in.answers["GET /api/v1/tokens/12"] = reply(200, token_json(revoked=revoked, secrets=secrets))
    assert cli("tokens", "show", "12").out.splitlines()[-4:] == [
        "old token\ttp_olde…wxyz until 2026-11-21T10:00:00Z",
        "revoked\t2026-11-20T10:00:00Z",
        "revoked by\tadministrator",
        "reason\tLeft on a train",
    ]


def test_show_by_name_finds_that_very_name(cli: Cli, signed_in: Stub) -> None:
    longer, wanted = token_json(id=13, name="ci-deploy-2"), token_json(name="CI-Deploy")
    signed_in.answers["GET /api/v1/tokens"] = listing(longer, wanted)
    assert "id\t12\n" in cli("tokens", "show", "ci-deploy").out
    assert signed_in.asked[0].query["q"] == ["ci-deploy"]


def test_show_of_a_name_or_an_id_that_is_not_there_fails(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["GET /api/v1/tokens"] = listing(token_json(name="ci"))
    assert cli("tokens", "show", "c").err == "Error: You have no token called c.\n"
    signed_in.answers["GET /api/v1/tokens/99"] = problem(404, "There is no such token.")
    ran = cli("tokens", "show", "99")
    assert (ran.code, ran.err) == (1, "Error: There is no such token.\n")


def test_show_current_asks_for_the_token_that_is_presented(cli: Cli, signed_in: Stub) -> None:
    assert cli("tokens", "show", "current").code == 0
    assert signed_in.asked_for() == ["GET /api/v1/tokens/current"]


# --- create -----------------------------------------------------------------------------------


def test_create_prints_the_secret_alone(cli: Cli, makes: Stub, new_secret: str) -> None:
    ran = cli("tokens", "create", "--name", "ci-deploy", "--scope", "deployments:read")
    assert (ran.code, ran.out) == (0, f"{new_secret}\n")
    assert ran.err == "Made ci-deploy (12), which ends at 2026-12-22T10:00:00Z.\nThe secret is shown this once.\n"
    assert new_secret not in ran.err


def test_create_with_every_option_sends_them(cli: Cli, makes: Stub) -> None:
    options = [
        "--name",
        "a",
        "--description",
        "b",
        "--scope",
        "x:read",
        "--scope",
        "y:write",
        "--network",
        "10.0.0.0/8",
    ]
    cli("tokens", "create", *options, "--expires-in", "90")
    assert makes.asked[0].body == {
        "name": "a", "description": "b", "scopes": ["x:read", "y:write"], "allowed_networks": ["10.0.0.0/8"],
        "expires_in": 90,
    }  # fmt: skip


def test_create_with_nothing_but_a_name_leaves_the_rest_to_the_portal_and_warns(cli: Cli, makes: Stub) -> None:
    ran = cli("tokens", "create", "--name", "a")
    assert makes.asked[0].body == {"name": "a", "scopes": []}
    assert ran.err.endswith("It has no access. Give it some: tokenportal tokens update 12 --scope ...\n")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-12-22T10:00:00Z", "2026-12-22T10:00:00Z"),
        ("2026-12-22T10:00:00+02:00", "2026-12-22T08:00:00Z"),
        ("2026-12-22T10:00", "2026-12-22T09:00:00Z"),
        ("2026-12-22", "2026-12-22T22:59:59Z"),
    ],
)
def test_create_until_a_time_or_a_day_sends_it_in_utc(cli: Cli, makes: Stub, given: str, sent: str) -> None:
    with in_zone("Europe/Berlin"):
        cli("tokens", "create", "--name", "a", "--expires-at", given)
    assert makes.asked[0].body["expires_at"] == sent


@pytest.mark.parametrize(
    "options",
    [
        ["--expires-in", "0"],
        ["--expires-in", "soon"],
        ["--expires-at", "soon"],
        ["--expires-at", "2026-13-01"],
        ["--expires-at", "0001-01-01T00:00:00+14:00"],
        ["--expires-in", "9", "--expires-at", "2026-12-22"],
        ["--env-file", "a", "--env-name", "A B"],
    ],
)
def test_create_with_what_cannot_be_meant_is_wrong_use(cli: Cli, makes: Stub, options: list[str]) -> None:
    assert cli("tokens", "create", "--name", "a", *options).code == 2
    assert makes.asked == []


def test_create_as_json_has_the_secret_unless_it_was_put_elsewhere(
    cli: Cli, makes: Stub, new_secret: str, tmp_path: Path
) -> None:
    ran = cli("tokens", "create", "--name", "a", "--json")
    assert json.loads(ran.out)["secret"] == new_secret
    ran = cli("tokens", "create", "--name", "a", "--json", "--env-file", tmp_path / ".env")
    assert (ran.code, json.loads(ran.out)["id"], new_secret in ran.out) == (0, 12, False)


def test_create_without_the_right_is_not_allowed(cli: Cli, signed_in: Stub) -> None:
    challenge = 'Bearer realm="tokenportal", error="insufficient_scope", scope="tokens:write"'
    signed_in.answers["POST /api/v1/tokens"] = problem(403, "No permission", www_authenticate=challenge)
    ran = cli("tokens", "create", "--name", "a")
    assert (ran.code, ran.err) == (4, "Error: No permission: tokens:write\n")


# --- update -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (["--name", "b", "--description", ""], {"name": "b", "description": ""}),
        (["--scope", "x:read"], {"scopes": ["x:read"]}),
        (["--no-access", "--any-network"], {"scopes": [], "allowed_networks": []}),
        (["--disable"], {"disabled": True}),
        (["--enable"], {"disabled": False}),
    ],
)
def test_update_sends_what_was_said_and_nothing_else(
    cli: Cli, signed_in: Stub, options: list[str], body: dict[str, object]
) -> None:
    signed_in.answers["PATCH /api/v1/tokens/12"] = reply(200, token_json())
    ran = cli("tokens", "update", "12", *options)
    assert (ran.code, ran.err, signed_in.asked[0].body) == (0, "Changed ci-deploy (12).\n", body)


def test_update_of_the_current_token_finds_its_id(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["PATCH /api/v1/tokens/12"] = reply(200, token_json(name="b"))
    assert json.loads(cli("tokens", "update", "current", "--name", "b", "--json").out)["name"] == "b"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--scope", "a:read", "--no-access"],
        ["--network", "::1", "--any-network"],
        ["--enable", "--disable"],
        ["--disable", "--enable"],
    ],
)
def test_update_that_says_nothing_or_two_things_is_wrong_use(cli: Cli, signed_in: Stub, options: list[str]) -> None:
    assert cli("tokens", "update", "12", *options).code == 2
    assert signed_in.asked == []


# --- regenerate, delete -----------------------------------------------------------------------


def test_regenerate_with_yes_prints_the_new_secret(cli: Cli, makes: Stub, new_secret: str) -> None:
    ran = cli("tokens", "regenerate", "12", "--yes", "--expires-in", "30", "--overlap", "24h")
    assert (ran.code, ran.out) == (0, f"{new_secret}\n")
    assert [makes.asked_for(), makes.asked[0].body] == [
        ["POST /api/v1/tokens/12/regenerate"], {"expires_in": 30, "overlap": 86400}
    ]  # fmt: skip


@pytest.mark.parametrize("act", ["regenerate", "delete"])
def test_act_that_asks_where_nobody_can_answer_is_wrong_use_and_does_nothing(cli: Cli, makes: Stub, act: str) -> None:
    ran = cli("tokens", act, "12", stdin="y\n")
    assert (ran.code, makes.asked_for()) == (2, ["GET /api/v1/tokens/12"])
    assert "--yes" in ran.err


def test_create_that_is_cut_to_the_end_of_the_token_that_asks_says_so(cli: Cli, makes: Stub) -> None:
    cut = token_json(expires_at="2026-12-22T10:00:00Z", secret=make_secret("tp_"), expiration_cut=True)
    makes.answers["POST /api/v1/tokens"] = reply(201, cut)
    assert (
        "which ends at 2026-12-22T10:00:00Z, with the token that asked.\n" in cli("tokens", "create", "--name", "a").err
    )


@pytest.mark.parametrize("reference", ["current", "12"])
def test_regenerate_of_the_saved_token_saves_the_new_secret_and_shows_none(
    cli: Cli, makes: Stub, new_secret: str, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.delenv("TOKENPORTAL_TOKEN")
    cli("login", "--token", make_secret("tp_"))
    ran = cli("tokens", "regenerate", reference, "--yes")
    assert (ran.code, ran.out) == (0, "")
    assert makes.asked_for()[-1] == "POST /api/v1/tokens/current/regenerate"
    cli("whoami")
    assert makes.asked[-1].token == f"Bearer {new_secret}"


def test_regenerate_of_another_token_leaves_the_saved_one(
    cli: Cli, makes: Stub, secret: str, new_secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKENPORTAL_TOKEN")
    cli("login", "--token", secret)
    makes.answers["GET /api/v1/tokens/current"] = reply(200, token_json(id=7))
    assert cli("tokens", "regenerate", "12", "--yes").out == f"{new_secret}\n"
    cli("whoami")
    assert makes.asked[-1].token == f"Bearer {secret}"


def test_delete_with_yes_deletes(cli: Cli, signed_in: Stub) -> None:
    signed_in.answers["DELETE /api/v1/tokens/12"] = reply(204)
    ran = cli("tokens", "delete", "12", "--yes")
    assert (ran.code, ran.out, ran.err) == (0, "", "Deleted ci-deploy (12).\n")
    assert signed_in.asked_for()[-1] == "DELETE /api/v1/tokens/12"
    assert json.loads(cli("tokens", "delete", "12", "--yes", "--json").out)["id"] == 12


def test_delete_of_the_saved_token_signs_out(
    cli: Cli, signed_in: Stub, monkeypatch: pytest.MonkeyPatch, config_file: Path
) -> None:
    monkeypatch.delenv("TOKENPORTAL_TOKEN")
    cli("login", "--token", make_secret("tp_"))
    signed_in.answers["DELETE /api/v1/tokens/current"] = reply(204)
    assert "signed in with" in cli("tokens", "delete", "current", "--yes").err
    assert not config_file.exists()


# --- Exit codes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"), [(400, 1), (401, 3), (403, 4), (404, 1), (409, 1), (422, 1), (429, 1), (500, 1), (503, 1)]
)
def test_every_command_that_the_portal_refuses_ends_with_the_code_of_the_refusal(
    cli: Cli, signed_in: Stub, status: int, code: int
) -> None:
    refused = problem(status, "No.")
    methods = ("GET", "POST", "PATCH", "DELETE")
    paths = ("/api/v1/user", "/auth/verify", "/api/v1/tokens", "/api/v1/tokens/12", "/api/v1/tokens/12/regenerate")
    signed_in.answers = {f"{method} {path}": refused for method in methods for path in paths}
    commands = [
        "whoami", "verify", "tokens list", "tokens show 12", "tokens create --name a", "tokens update 12 --name a",
        "tokens regenerate 12 --yes", "tokens delete 12 --yes", "login --token tp_x",
    ]  # fmt: skip
    ran = {command: cli(*command.split()) for command in commands}
    assert {command: each.code for command, each in ran.items()} == dict.fromkeys(commands, code)
    assert all(each.err.startswith("Error: ") and not each.out for each in ran.values())
