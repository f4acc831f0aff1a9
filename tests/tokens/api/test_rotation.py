"""Regenerating over the API, its own secret and others, and ending an old one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.api.conftest import Call, faults, problem_of
from tests.tokens.conftest import Judge, SetPolicy, secret_id
from tokens.domain.lifecycle import revoke_token
from tokens.models import AccessToken
from tokens.presenting import rfc3339

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_regenerate_token_without_a_body_kills_the_old_secret(
    call: Call, make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    token, old = make_token(name="ci")
    answer = call("POST", f"/tokens/{token.pk}/regenerate").json()
    assert [judge(old, at=timezone.now()), judge(answer["secret"])] == ["replaced", "good"]
    assert (answer["id"], answer["name"], answer["expires_at"][:10]) == (token.pk, "ci", rfc3339(now + 30 * DAY)[:10])
    assert len(answer["secrets"]) == 1


def test_regenerate_token_with_overlap_answers_both(
    call: Call, make_token: MakeToken, judge: Judge, set_policy: SetPolicy
) -> None:
    set_policy(overlap_allowed=True)
    token, old = make_token()
    answer = call("POST", f"/tokens/{token.pk}/regenerate", {"overlap": 3600}).json()
    assert [judge(old, at=timezone.now()), judge(answer["secret"])] == ["good", "good"]
    assert [secret["accepted_until"] is None for secret in answer["secrets"]] == [True, False]


@pytest.mark.parametrize("overlap", [3600, 86400, 604800])
def test_regenerate_token_with_overlap_against_the_policy_is_422(
    call: Call, make_token: MakeToken, judge: Judge, overlap: int
) -> None:
    token, old = make_token()
    assert faults(call("POST", f"/tokens/{token.pk}/regenerate", {"overlap": overlap})) == {
        "overlap": "invalid_overlap"
    }
    assert judge(old) == "good"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"overlap": 60}, "overlap"),
        ({"overlap": "3600"}, "overlap"),
        ({"overlap": True}, "overlap"),
        ({"overlap": False}, "overlap"),
        ({"overlap": 3600.0}, "overlap"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": 400}, "expires_in"),
        ({"name": "new"}, "name"),
    ],
)
def test_regenerate_token_of_bad_input_is_422_and_the_secret_goes_on(
    call: Call, make_token: MakeToken, judge: Judge, body: dict[str, Any], field: str
) -> None:
    token, old = make_token()
    for whose in (token.pk, "current"):
        assert faults(call("POST", f"/tokens/{whose}/regenerate", body, secret=old)).keys() == {field}
    assert judge(old) == "good"


def test_regenerate_token_past_the_asking_ones_end_is_cut_or_refused(
    call: Call, make_token: MakeToken, now: datetime
) -> None:
    token, _ = make_token()
    _, short = make_token(expires_at=now + DAY)
    path = f"/tokens/{token.pk}/regenerate"
    assert faults(call("POST", path, {"expires_at": rfc3339(now + 2 * DAY)}, secret=short)) == {
        "expires_at": "invalid_expiration"
    }
    answer = call("POST", path, {"expires_in": 2}, secret=short).json()
    assert (answer["expires_at"], answer["expiration_cut"]) == (rfc3339(now + DAY), True)


def test_regenerate_token_that_may_more_is_403_and_its_secret_goes_on(
    call: Call, make_token: MakeToken, judge: Judge
) -> None:
    token, old = make_token()
    _, secret = make_token(scopes=["tokens:write"])
    response = call("POST", f"/tokens/{token.pk}/regenerate", secret=secret)
    assert problem_of(response) == (403, "insufficient_scope")
    assert judge(old) == "good"


def test_regenerate_token_that_was_revoked_is_409(call: Call, make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    revoke_token(token, code="administrator", reason="", by=web, now=now)
    assert problem_of(call("POST", f"/tokens/{token.pk}/regenerate")) == (409, "revoked")


# --- The token that asks ----------------------------------------------------------------------


def test_regenerate_current_token_may_end_later_and_goes_on_with_the_new_secret(
    call: Call, make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    token, old = make_token(scopes=["tokens:rotate"], expires_at=now + DAY)
    response = call("POST", "/tokens/current/regenerate", {"expires_in": 365}, secret=old)
    answer = response.json()
    assert (answer["id"], answer["expiration_cut"]) == (token.pk, False)
    assert answer["expires_at"] == response["Token-Expires-At"] >= rfc3339(now + 365 * DAY)
    assert [judge(old, at=timezone.now()), judge(answer["secret"])] == ["replaced", "good"]


def test_regenerate_current_token_by_the_dead_secret_is_401(call: Call, make_token: MakeToken) -> None:
    _, old = make_token()
    call("POST", "/tokens/current/regenerate", secret=old)
    assert problem_of(call("POST", "/tokens/current/regenerate", secret=old)) == (401, "invalid_token")


def test_regenerate_current_token_by_the_old_secret_that_lives_on_is_409(
    call: Call, make_token: MakeToken, judge: Judge, set_policy: SetPolicy
) -> None:
    set_policy(overlap_allowed=True)
    _, old = make_token()
    new = call("POST", "/tokens/current/regenerate", {"overlap": 3600}, secret=old).json()["secret"]
    response = call("POST", "/tokens/current/regenerate", {"overlap": 3600}, secret=old)
    assert problem_of(response) == (409, "already_done")
    assert [judge(old, at=timezone.now()), judge(new)] == ["good", "good"]


def test_get_current_token_by_the_old_secret_says_when_that_one_ends(
    call: Call, make_token: MakeToken, set_policy: SetPolicy, now: datetime
) -> None:
    set_policy(overlap_allowed=True)
    _, old = make_token()
    call("POST", "/tokens/current/regenerate", {"overlap": 3600}, secret=old)
    response = call("GET", "/tokens/current", secret=old)
    assert response["Token-Expires-At"] == response.json()["secrets"][1]["accepted_until"]


def test_delete_current_token_is_deleted(call: Call, make_token: MakeToken, judge: Judge) -> None:
    _, secret = make_token(scopes=["tokens:read"])
    assert call("DELETE", "/tokens/current", secret=secret).status_code == 204
    assert judge(secret) == "unknown"


# --- Ending an old one ------------------------------------------------------------------------


@pytest.fixture
def both(call: Call, make_token: MakeToken, set_policy: SetPolicy) -> tuple[AccessToken, str, str]:
    """A token, its old secret and its new one, both good."""
    set_policy(overlap_allowed=True)
    token, old = make_token()
    return token, old, call("POST", f"/tokens/{token.pk}/regenerate", {"overlap": 86400}).json()["secret"]


def test_end_secret_of_the_old_one_is_done_once(call: Call, both: tuple[AccessToken, str, str], judge: Judge) -> None:
    token, old, new = both
    path = f"/tokens/{token.pk}/secrets/{secret_id(old)}"
    assert call("DELETE", path).status_code == 204
    assert [judge(old, at=timezone.now()), judge(new)] == ["replaced", "good"]
    assert problem_of(call("DELETE", path)) == (404, "secret_gone")


def test_end_secret_of_the_current_one_is_409(call: Call, both: tuple[AccessToken, str, str], judge: Judge) -> None:
    token, _, new = both
    assert problem_of(call("DELETE", f"/tokens/{token.pk}/secrets/{secret_id(new)}")) == (409, "secret_is_current")
    assert judge(new) == "good"


def test_end_secret_of_another_token_or_none_is_404(
    call: Call, both: tuple[AccessToken, str, str], make_token: MakeToken, bob: User, judge: Judge
) -> None:
    _, old, _ = both
    mine, theirs = make_token()[0].pk, make_token(owner=bob)[0].pk
    assert problem_of(call("DELETE", f"/tokens/{mine}/secrets/{secret_id(old)}")) == (404, "secret_gone")
    assert problem_of(call("DELETE", f"/tokens/{mine}/secrets/{'9' * 40}")) == (404, "secret_gone")
    assert problem_of(call("DELETE", f"/tokens/{theirs}/secrets/1")) == (404, "not_found")
    assert judge(old, at=timezone.now()) == "good"
