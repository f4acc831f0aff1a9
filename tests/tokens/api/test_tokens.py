"""/api/v1/tokens: list, make, look at, change, delete."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken, MakeUser
from tests.tokens.api.conftest import Call, faults, problem_of
from tests.tokens.conftest import NOBODYS_SECRET, Judge, Rotated, SetPolicy, last_event
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.models import AccessToken
from tokens.presenting import rfc3339

DAY = timedelta(days=1)


# --- Look at ----------------------------------------------------------------------------------


def test_get_token_answers_everything_but_the_secret(call: Call, make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(name="ci", description="d", scopes=["tokens:write"], allowed_networks=["10.0.0.0/8"])
    response = call("GET", f"/tokens/{token.pk}")
    current = token.current_secret
    assert response.json() == {
        "id": token.pk,
        "name": "ci",
        "description": "d",
        "hint": current.hint,
        "scopes": ["tokens:read", "tokens:write"],
        "state": "active",
        "created_at": rfc3339(now),
        "updated_at": rfc3339(now),
        "expires_at": rfc3339(now + 30 * DAY),
        "regenerated_at": None,
        "last_used_at": None,
        "last_used_address": None,
        "allowed_networks": ["10.0.0.0/8"],
        "disabled": False,
        "revoked": None,
        "secrets": [
            {
                "id": current.pk,
                "hint": current.hint,
                "created_at": rfc3339(now),
                "accepted_until": None,
                "last_used_at": None,
                "last_used_address": None,
            }
        ],
    }


def test_get_token_answers_when_the_asking_secret_ends_and_is_not_kept(call: Call, now: datetime) -> None:
    response = call("GET", "/tokens/current")
    assert response["Token-Expires-At"] == rfc3339(now + 300 * DAY)
    assert response["Cache-Control"] == "no-store"


def test_get_token_in_each_state_says_which(call: Call, make_token: MakeToken, web: Actor, now: datetime) -> None:
    tokens = {
        "expiring": make_token(expires_at=now + DAY)[0],
        "expired": make_token(now=now - 40 * DAY)[0],
        "disabled": disable_token(make_token()[0], by=web, now=now),
        "revoked": revoke_token(make_token()[0], code="leak", reason="on a wiki", by=web, now=now),
    }
    answers = {state: call("GET", f"/tokens/{token.pk}").json() for state, token in tokens.items()}
    assert {state: answer["state"] for state, answer in answers.items()} == {state: state for state in tokens}
    assert answers["disabled"]["disabled"] is True
    assert answers["revoked"]["revoked"] == {"at": rfc3339(now), "code": "leak", "reason": "on a wiki"}


def test_get_token_shows_the_old_secret_for_as_long_as_it_lives(
    call: Call, make_token: MakeToken, web: Actor, now: datetime, set_policy: SetPolicy
) -> None:
    set_policy(overlap_allowed=True)
    token, _ = make_token()
    old = token.current_secret
    regenerate_token(token, expires_at=now + DAY, overlap=timedelta(hours=1), by=web, now=now)
    first, second = call("GET", f"/tokens/{token.pk}").json()["secrets"]
    assert (first["accepted_until"], second["accepted_until"]) == (None, rfc3339(now + timedelta(hours=1)))
    assert second["id"] == old.pk
    regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert len(call("GET", f"/tokens/{token.pk}").json()["secrets"]) == 1


def test_get_token_shows_when_each_secret_was_last_used(call: Call, rotated_and_used: Rotated, now: datetime) -> None:
    token, _, _ = rotated_and_used
    shown = call("GET", f"/tokens/{token.pk}").json()
    used = [(one["last_used_at"], one["last_used_address"]) for one in (shown, *shown["secrets"])]
    new, old = (rfc3339(now), "198.51.100.2"), (rfc3339(now - timedelta(hours=1)), "198.51.100.1")
    assert used == [new, new, old]


# --- List -------------------------------------------------------------------------------------


def names(call: Call, query: str = "") -> list[str]:
    return [item["name"] for item in call("GET", f"/tokens?{query}").json()["items"]]


def test_list_tokens_are_the_owners_newest_first(call: Call, make_token: MakeToken, bob: User, now: datetime) -> None:
    make_token(name="older", now=now - DAY)
    make_token(name="bobs", owner=bob)
    assert names(call) == ["asks", "older"]


def test_list_tokens_counts_all_and_links_the_other_pages(call: Call, make_token: MakeToken) -> None:
    for number in range(4):
        make_token(name=f"no. {number}")
    response = call("GET", "/tokens?page_size=2&page=2&sort=name&q=no.&state=active")
    assert (response.json()["count"], len(response.json()["items"])) == (4, 2)
    base = "<http://localhost:8000/api/v1/tokens?state=active&q=no.&sort=name&page="
    wanted = {"first": 1, "prev": 1, "last": 2}
    assert response["Link"] == ", ".join(f'{base}{page}&page_size=2>; rel="{rel}"' for rel, page in wanted.items())


def test_list_tokens_of_one_page_links_to_no_other(call: Call) -> None:
    link = call("GET", "/tokens")["Link"]
    assert "next" not in link
    assert "prev" not in link


def test_list_tokens_past_the_end_is_empty_and_links_back(call: Call) -> None:
    response = call("GET", "/tokens?page=1000000")
    assert (response.json()["items"], response.json()["count"]) == ([], 1)
    assert 'page=1>; rel="prev"' in response["Link"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=CI-DEPLOY", ["ci-deploy"]),
        ("q=the+second", ["cd-deploy"]),
        ("state=expired", ["gone-deploy"]),
        ("state=active&q=-deploy", ["cd-deploy", "ci-deploy"]),
        ("sort=name", ["asks", "cd-deploy", "ci-deploy", "gone-deploy"]),
        ("sort=-expires&q=-deploy", ["cd-deploy", "ci-deploy", "gone-deploy"]),
        ("q=nothing-at-all", []),
        ("unknown=1&q=gone-", ["gone-deploy"]),
    ],
)
def test_list_tokens_by_query_are_found(
    call: Call, make_token: MakeToken, now: datetime, query: str, found: list[str]
) -> None:
    make_token(name="gone-deploy", now=now - 40 * DAY)
    make_token(name="ci-deploy")
    make_token(name="cd-deploy", description="the second", expires_at=now + 40 * DAY)
    assert names(call, query) == found


def test_list_tokens_by_a_query_without_values_is_as_without_it(call: Call, make_token: MakeToken) -> None:
    make_token(name="ci-deploy")
    bare, empty = call("GET", "/tokens"), call("GET", "/tokens?state=&q=&sort=&page=&page_size=")
    assert (empty.status_code, empty.json(), empty["Link"]) == (200, bare.json(), bare["Link"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=1.0", "page"),
        ("page=1000001", "page"),
        (f"page={'9' * 5000}", "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=1000000000", "page_size"),
        ("page_size=%201", "page_size"),
        ("state=dead", "state"),
        ("sort=size", "sort"),
        (f"q={'x' * 201}", "q"),
        ("q=%00", "q"),
        (f"q=see+{NOBODYS_SECRET}", "q"),
    ],
)
def test_list_tokens_by_a_bad_query_is_422_and_names_it(call: Call, query: str, field: str) -> None:
    response = call("GET", f"/tokens?{query}")
    assert faults(response).keys() == {field}
    assert NOBODYS_SECRET not in response.content.decode()


def test_list_tokens_takes_as_many_queries_for_many_as_for_one(call: Call, make_token: MakeToken) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            call("GET", "/tokens?page_size=100")
        counts.append(len(queries))
        for number in range(30):
            make_token(name=f"{len(counts)} {number}")
    assert counts[0] == counts[1] <= 6


# --- Make -------------------------------------------------------------------------------------


def test_create_token_answers_the_secret_and_where_the_token_is(
    call: Call, alice: User, judge: Judge, now: datetime
) -> None:
    response = call("POST", "/tokens", {"name": "ci", "scopes": ["tokens:write"], "expires_in": 90})
    made = response.json()
    assert (response.status_code, response["Location"]) == (201, f"/api/v1/tokens/{made['id']}")
    assert judge(made["secret"], "tokens:read") == "good"
    assert (made["scopes"], made["expiration_cut"]) == (["tokens:read", "tokens:write"], False)
    token = AccessToken.objects.get(pk=made["id"])
    assert now + 90 * DAY <= token.expires_at <= now + 90 * DAY + timedelta(minutes=9)
    assert (token.owner, token.made_by_token and token.made_by_token.name) == (alice, "asks")


def test_create_token_is_recorded_with_the_token_that_made_it(call: Call, alice: User, secret: str) -> None:
    call("POST", "/tokens", {"name": "ci"}, user_agent="script/1")
    event = last_event("token.created")
    assert (event.actor_email, event.channel, event.agent) == (alice.email, "api", "script/1")
    assert event.actor_token_id == AccessToken.objects.get(name="asks").pk


def test_create_token_of_a_name_alone_has_no_access_and_the_default_end(
    call: Call, judge: Judge, now: datetime
) -> None:
    made = call("POST", "/tokens", {"name": "ci"}).json()
    assert (made["scopes"], made["allowed_networks"], made["description"]) == ([], [], "")
    assert judge(made["secret"]) == "insufficient_scope"
    assert made["expires_at"][:10] == rfc3339(now + 30 * DAY)[:10]


def test_create_token_until_a_time_in_another_zone_ends_then(call: Call, now: datetime) -> None:
    until = (now + 7 * DAY).replace(hour=10, minute=0, second=0)
    made = call("POST", "/tokens", {"name": "ci", "expires_at": until.strftime("%Y-%m-%dT12:00:00.5+02:00")}).json()
    assert made["expires_at"] == rfc3339(until)


def test_create_token_beyond_the_asking_one_is_cut_and_says_so(
    call: Call, make_token: MakeToken, now: datetime
) -> None:
    _, short = make_token(expires_at=now + 7 * DAY)
    made = call("POST", "/tokens", {"name": "ci", "expires_in": 30}, secret=short).json()
    assert (made["expires_at"], made["expiration_cut"]) == (rfc3339(now + 7 * DAY), True)
    asked = {"name": "ci2", "expires_at": rfc3339(now + 8 * DAY)}
    assert faults(call("POST", "/tokens", asked, secret=short)) == {"expires_at": "invalid_expiration"}


def test_create_token_by_one_that_may_less_is_403_with_a_challenge(call: Call, make_token: MakeToken) -> None:
    _, secret = make_token(scopes=["tokens:write"])
    response = call("POST", "/tokens", {"name": "ci", "scopes": ["full"]}, secret=secret)
    assert problem_of(response) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in response["WWW-Authenticate"]
    assert response["Token-Expires-At"]
    assert not AccessToken.objects.filter(name="ci").exists()


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({}, {"name": "missing"}),
        ({"name": ""}, {"name": "invalid_name"}),
        ({"name": 7}, {"name": "string_type"}),
        ({"name": None}, {"name": "string_type"}),
        ({"name": "x" * 65}, {"name": "invalid_name"}),
        ({"name": "a\0b"}, {"name": "value_error"}),
        ({"name": NOBODYS_SECRET}, {"name": "holds_secret"}),
        ({"description": "x" * 201}, {"description": "invalid_description"}),
        ({"description": "\u202e"}, {"description": "invalid_description"}),
        ({"expires_in": "30"}, {"expires_in": "int_type"}),
        ({"expires_in": 30.5}, {"expires_in": "int_type"}),
        ({"expires_in": 30.0}, {"expires_in": "int_type"}),
        ({"expires_in": True}, {"expires_in": "int_type"}),
        ({"expires_in": 0}, {"expires_in": "greater_than_equal"}),
        ({"expires_in": 366}, {"expires_in": "invalid_expiration"}),
        ({"expires_in": 10**400}, {"expires_in": "invalid_expiration"}),
        ({"expires_at": 1795565030}, {"expires_at": "value_error"}),
        ({"expires_at": "tomorrow"}, {"expires_at": "value_error"}),
        ({"expires_at": "2027-02-30T00:00:00Z"}, {"expires_at": "value_error"}),
        ({"expires_at": "2026-12-22T10:00:00"}, {"expires_at": "value_error"}),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, {"expires_at": "value_error"}),
        ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "invalid_expiration"}),
        ({"expires_at": "9999-01-01T00:00:00Z"}, {"expires_at": "invalid_expiration"}),
        ({"expires_in": 1, "expires_at": "2026-12-22T10:00:00Z"}, {"expires_at": "invalid_expiration"}),
        ({"scopes": "full"}, {"scopes": "list_type"}),
        ({"scopes": ["tokens:read", 1]}, {"scopes.1": "string_type"}),
        ({"scopes": ["no:such"]}, {"scopes": "invalid_scopes"}),
        ({"scopes": ["introspect"]}, {"scopes": "invalid_scopes"}),
        ({"scopes": ["full", "tokens:read"]}, {"scopes": "invalid_scopes"}),
        ({"scopes": [NOBODYS_SECRET]}, {"scopes": "holds_secret"}),
        ({"allowed_networks": ["10.0.0.1/8"]}, {"allowed_networks": "invalid_networks"}),
        ({"allowed_networks": {}}, {"allowed_networks": "list_type"}),
        ({"id": 1, "secret": "x"}, {"id": "extra_forbidden", "secret": "extra_forbidden"}),
        ({NOBODYS_SECRET: 1}, {"(a secret)": "extra_forbidden"}),
        ({"owner": 1, "expires_in": "1"}, {"owner": "extra_forbidden", "expires_in": "int_type"}),
    ],
)
def test_create_token_of_bad_input_is_422_and_names_each_field(
    call: Call, body: dict[str, Any], wanted: dict[str, str]
) -> None:
    response = call("POST", "/tokens", body if body == {} else {"name": "ci"} | body)
    assert response.status_code == 422
    assert faults(response) == wanted
    assert NOBODYS_SECRET not in response.content.decode()
    assert AccessToken.objects.count() == 1


def test_create_token_with_a_name_that_is_taken_is_409(call: Call) -> None:
    response = call("POST", "/tokens", {"name": "ASKS"})
    assert (response.status_code, faults(response)) == (409, {"name": "name_taken"})


def test_create_token_past_the_limit_is_409(call: Call, set_policy: SetPolicy) -> None:
    set_policy(tokens_per_owner=1)
    assert problem_of(call("POST", "/tokens", {"name": "ci"})) == (409, "too_many_tokens")


def test_create_token_by_an_owner_who_confirmed_no_address_is_403(
    call: Call, make_token: MakeToken, make_user: MakeUser
) -> None:
    user = make_user()
    _, secret = make_token(owner=user)
    EmailAddress.objects.filter(user=user).update(verified=False)
    assert problem_of(call("POST", "/tokens", {"name": "ci"}, secret=secret)) == (403, "unconfirmed")


# --- Change -----------------------------------------------------------------------------------


def test_change_token_changes_what_is_named_and_answers_it(call: Call, make_token: MakeToken, judge: Judge) -> None:
    token, secret = make_token(name="ci", description="d")
    changed = call("PATCH", f"/tokens/{token.pk}", {"name": "new", "scopes": ["tokens:read"]}).json()
    assert (changed["name"], changed["description"], changed["scopes"]) == ("new", "d", ["tokens:read"])
    assert changed["expires_at"] == rfc3339(token.expires_at)
    assert judge(secret, "tokens:write") == "insufficient_scope"


def test_change_token_of_nothing_answers_it_as_it_is(call: Call, make_token: MakeToken) -> None:
    token, _ = make_token(name="ci")
    assert call("PATCH", f"/tokens/{token.pk}", {}).json()["updated_at"] == rfc3339(token.updated_at)


def test_change_token_off_and_on(call: Call, make_token: MakeToken, judge: Judge) -> None:
    token, secret = make_token()
    assert call("PATCH", f"/tokens/{token.pk}", {"disabled": True}).json()["state"] == "disabled"
    assert judge(secret) == "disabled"
    assert call("PATCH", f"/tokens/{token.pk}", {"disabled": False}).json()["state"] == "active"


def test_change_token_refused_in_part_changes_nothing(
    call: Call, make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token(name="ci")
    disable_token(token, by=web, now=now, disabled_by="administrator")
    response = call("PATCH", f"/tokens/{token.pk}", {"name": "new", "disabled": False})
    assert problem_of(response) == (409, "disabled_by_administrator")
    assert AccessToken.objects.get(pk=token.pk).name == "ci"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"expires_at": "2026-12-22T10:00:00Z"}, {"expires_at": "extra_forbidden"}),
        ({"expires_in": 7}, {"expires_in": "extra_forbidden"}),
        ({"revoked": None}, {"revoked": "extra_forbidden"}),
        ({"disabled": 1}, {"disabled": "bool_type"}),
        ({"disabled": None}, {"disabled": "bool_type"}),
        ({"name": ""}, {"name": "invalid_name"}),
        ({"name": None}, {"name": "string_type"}),
        ({"allowed_networks": ["x"]}, {"allowed_networks": "invalid_networks"}),
    ],
)
def test_change_token_of_bad_input_is_422_and_names_each_field(
    call: Call, make_token: MakeToken, body: dict[str, Any], wanted: dict[str, str]
) -> None:
    token, _ = make_token()
    response = call("PATCH", f"/tokens/{token.pk}", body)
    assert (response.status_code, faults(response)) == (422, wanted)


def test_change_token_to_a_name_that_is_taken_is_409(call: Call, make_token: MakeToken) -> None:
    token, _ = make_token()
    assert faults(call("PATCH", f"/tokens/{token.pk}", {"name": "asks"})) == {"name": "name_taken"}


def test_change_token_that_was_revoked_can_be_described_and_not_switched(
    call: Call, make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token()
    revoke_token(token, code="leak", reason="", by=web, now=now)
    assert call("PATCH", f"/tokens/{token.pk}", {"description": "why"}).status_code == 200
    assert problem_of(call("PATCH", f"/tokens/{token.pk}", {"disabled": True})) == (409, "revoked")


# --- Delete -----------------------------------------------------------------------------------


def test_delete_token_answers_nothing_and_then_it_is_not_there(call: Call, make_token: MakeToken, judge: Judge) -> None:
    token, secret = make_token()
    response = call("DELETE", f"/tokens/{token.pk}")
    assert (response.status_code, response.content) == (204, b"")
    assert not response.has_header("Content-Type")
    assert judge(secret) == "unknown"
    assert problem_of(call("DELETE", f"/tokens/{token.pk}")) == (404, "not_found")


def test_delete_token_deleted_in_that_very_moment_is_404(
    call: Call, make_token: MakeToken, web: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = make_token()
    found = AccessToken.objects.get(pk=token.pk)
    monkeypatch.setattr("tokens.api.tokens.owned", lambda *_: found)
    delete_token(token, by=web, now=now)
    assert problem_of(call("DELETE", f"/tokens/{found.pk}")) == (404, "gone")


def test_token_deleted_while_it_is_answered_is_404(
    call: Call, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = make_token()
    monkeypatch.setattr("tokens.api.tokens.with_secrets", lambda tokens, **_: tokens.none())
    assert problem_of(call("GET", f"/tokens/{token.pk}")) == (404, "gone")


@pytest.mark.parametrize("pk", ["0", "999999999", str(2**63), "9" * 30, "9" * 5000, "-1", "x", "1.5", "%00", "1%2F2"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_token_of_a_bad_id_is_404(call: Call, method: str, pk: str) -> None:
    assert problem_of(call(method, f"/tokens/{pk}", {} if method == "PATCH" else None)) == (404, "not_found")
