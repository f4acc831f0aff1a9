"""GET /api/v1/activity: what happened to the owner's tokens and account."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.actor import Actor
from accounts.audit import Subject, record
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.api.conftest import Call, faults
from tokens.domain.lifecycle import disable_token, revoke_token
from tokens.presenting import rfc3339

HOUR = timedelta(hours=1)


def items(call: Call, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call("GET", f"/activity?{query}").json()["items"]
    return found


def kinds(call: Call, query: str = "") -> list[str]:
    return [item["kind"] for item in items(call, query)]


def test_list_activity_tells_who_did_what_and_how(call: Call, make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    disable_token(token, by=web, now=now)
    latest = items(call)[0]
    assert latest | {"id": 0} == {
        "id": 0,
        "at": rfc3339(now),
        "kind": "token.disabled",
        "subject": {"type": "token", "id": token.pk, "name": "ci"},
        "by": "alice@example.com",
        "by_token": None,
        "channel": "web",
        "address": "203.0.113.7",
        "agent": "Firefox",
        "request_id": "r-1",
        "before": {"disabled": False, "disabled_by": ""},
        "after": {"disabled": True, "disabled_by": "owner"},
    }


def test_list_activity_of_what_a_token_did_names_it(call: Call) -> None:
    made = call("POST", "/tokens", {"name": "ci"}).json()
    asking = call("GET", "/tokens/current").json()
    event = items(call)[0]
    assert (event["by_token"], event["subject"]["id"]) == (asking["id"], made["id"])
    assert event["after"]["expires_at"] == made["expires_at"]


def test_list_activity_is_the_owners_and_their_accounts_alone(
    call: Call, make_token: MakeToken, alice: User, bob: User, now: datetime
) -> None:
    make_token(owner=bob)
    record("user.password_changed", by=Actor(bob, "web"), subject=Subject("user", bob.pk, "b", bob.pk), now=now)
    record("user.password_changed", by=Actor(alice, "web"), subject=Subject("user", alice.pk, "a", alice.pk), now=now)
    assert kinds(call) == ["user.password_changed", "token.created"]


def test_list_activity_of_a_token_that_an_administrator_revoked_says_who(
    call: Call, make_token: MakeToken, admin: Actor, now: datetime
) -> None:
    token, _ = make_token()
    revoke_token(token, code="administrator", reason="left", by=admin, now=now)
    assert [(item["by"], item["after"]["revoked_reason"]) for item in items(call, "kind=token.revoked")] == [
        ("root@example.com", "left")
    ]


def test_list_activity_by_query_is_narrowed(call: Call, make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(now=now - 3 * HOUR)
    disable_token(token, by=web, now=now - 2 * HOUR)
    assert kinds(call, f"token={token.pk}") == ["token.disabled", "token.created"]
    assert kinds(call, "kind=token.disabled") == ["token.disabled"]
    assert kinds(call, "kind=no.such") == []
    assert kinds(call, f"token={2**63 - 1}") == []
    since, until = rfc3339(now - 2 * HOUR), rfc3339(now - 3 * HOUR)
    assert kinds(call, f"since={since}") == ["token.created", "token.disabled"]
    assert kinds(call, f"until={since}&since={until}&token={token.pk}") == ["token.created"]


def test_list_activity_over_many_events_is_read_by_the_cursor_without_gaps_or_repeats(
    call: Call, alice: User, now: datetime
) -> None:
    for number in range(205):  # by threes at one time
        at = now - (number // 3) * HOUR
        record(f"n.{number}", by=Actor(alice, "web"), subject=Subject("user", alice.pk, "a", alice.pk), now=at)
    seen: list[str] = []
    answer = call("GET", "/activity?since=2000-01-01T00:00:00Z")
    while link := answer.headers.get("Link"):
        seen += [item["kind"] for item in answer.json()["items"]]
        address = urlsplit(link.removeprefix("<").partition(">")[0])
        assert answer.json()["next_cursor"] in address.query
        assert "since=2000" in address.query
        answer = call("GET", f"{address.path.removeprefix('/api/v1')}?{address.query}")
    seen += [item["kind"] for item in answer.json()["items"]]
    assert answer.json()["next_cursor"] is None
    assert (len(seen), len(set(seen))) == (206, 206)


def test_list_activity_by_a_query_without_values_is_as_without_it(call: Call) -> None:
    answers = [call("GET", f"/activity{query}") for query in ("", "?token=&kind=&since=&until=&cursor=")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("token=0", "token"),
        ("token=x", "token"),
        (f"token={2**63}", "token"),
        (f"token={'9' * 5000}", "token"),
        ("since=yesterday", "since"),
        ("since=2026-01-01", "since"),
        ("until=0001-01-01T00:00:00%2B23:59", "until"),
        ("cursor=1", "cursor"),
        ("cursor=1-1%0A", "cursor"),
        (f"cursor={'9' * 5000}-1", "cursor"),
        ("cursor=1-9999999999999999999", "cursor"),
        (f"kind={'x' * 65}", "kind"),
        ("kind=%00", "kind"),
    ],
)
def test_list_activity_by_a_bad_query_is_422_and_names_it(call: Call, query: str, field: str) -> None:
    assert faults(call("GET", f"/activity?{query}")).keys() == {field}


def test_list_activity_by_the_cursors_furthest_away_is_answered(call: Call) -> None:
    assert kinds(call, f"cursor={'9' * 17}-{'9' * 18}") == ["token.created"]
    assert kinds(call, "cursor=0-0") == []
