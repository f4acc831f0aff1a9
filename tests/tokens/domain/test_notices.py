"""Of which acts people are told at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from accounts.actor import COMMAND, Actor
from accounts.audit import record
from accounts.models import User
from tests.conftest import MakeToken
from tokens.domain import lifecycle
from tokens.domain.reports import report_leaks
from tokens.models import AccessToken, Notification

DAY = timedelta(days=1)


def kinds() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def token(make_token: MakeToken, resources: list[str]) -> AccessToken:
    """Alice's, which may read deployments from one network; the notice of its making is done."""
    token, _ = make_token(scopes=["deployments:read"], allowed_networks=["10.0.0.0/8"])
    Notification.objects.all().delete()
    return token


def edit(token: AccessToken, by: Actor, now: datetime, **changes: object) -> None:
    given = {
        "name": token.name,
        "description": "",
        "scopes": token.scope_list,
        "allowed_networks": token.allowed_networks,
    }
    lifecycle.edit_token(token, **given | changes, by=by, now=now)


@pytest.mark.parametrize("by", [COMMAND, None], ids=["on the command line", "by the owner"])
def test_notice_of_a_token_that_was_made_by_whatever_way(
    make_token: MakeToken, web: Actor, by: Actor | None, now: datetime
) -> None:
    token, _ = make_token(by=by or web)
    row = Notification.objects.get()
    assert (row.kind, row.user_id, row.address, row.next_try_at) == ("token.created", token.owner_id, "", now)


def test_notice_of_a_regenerated_token(token: AccessToken, web: Actor, now: datetime) -> None:
    lifecycle.regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert kinds() == ["token.regenerated"]


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"scopes": ["deployments:write"]}, True),
        ({"scopes": ["deployments:read", "registry:read"]}, True),
        ({"scopes": ["full"]}, True),
        ({"scopes": []}, False),
        ({"allowed_networks": []}, True),
        ({"allowed_networks": ["10.0.0.0/7"]}, True),
        ({"allowed_networks": ["10.0.0.0/8", "192.0.2.0/24"]}, True),
        ({"allowed_networks": ["10.1.0.0/16"]}, False),
        ({"name": "renamed"}, False),
        ({}, False),
    ],
)
def test_notice_of_an_edited_token_only_when_it_is_wider(
    token: AccessToken, web: Actor, now: datetime, changes: dict[str, object], *, is_told: bool
) -> None:
    edit(token, web, now, **changes)
    assert kinds() == (["token.widened"] if is_told else [])


def test_notice_of_a_revoked_token_unless_its_owner_did_it(
    make_token: MakeToken, token: AccessToken, web: Actor, admin: Actor, now: datetime
) -> None:
    mine, _ = make_token()
    Notification.objects.all().delete()
    lifecycle.revoke_token(mine, code="holder", reason="", by=web, now=now)
    assert kinds() == []
    lifecycle.revoke_token(token, code="administrator", reason="left", by=admin, now=now)
    assert kinds() == ["token.revoked"]


def test_notice_of_a_leak_says_so_whoever_reported_it(token: AccessToken, web: Actor, now: datetime) -> None:
    lifecycle.revoke_token(token, code="leak", reason="in a paste", by=web, now=now)
    assert kinds() == ["token.leaked"]


@pytest.mark.parametrize("is_replaced", [True, False])
def test_notice_of_a_reported_secret_is_one_whether_it_was_good_or_old(
    make_token: MakeToken, web: Actor, now: datetime, *, is_replaced: bool
) -> None:
    token, secret = make_token()
    if is_replaced:
        lifecycle.regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    Notification.objects.all().delete()
    report_leaks([secret], source="a paste", by=COMMAND, now=now)
    assert kinds() == (["token.leak_reported"] if is_replaced else ["token.leaked"])


# Acts after which everything is as safe as before.
QUIET: dict[str, Callable[[AccessToken, Actor, datetime], object]] = {
    "disabled": lambda token, by, now: lifecycle.disable_token(token, by=by, now=now),
    "deleted": lambda token, by, now: lifecycle.delete_token(token, by=by, now=now),
    "dismissed": lambda token, by, now: lifecycle.dismiss_banner(token, by=by, now=now),
}


@pytest.mark.parametrize("act", QUIET)
def test_notice_is_not_made_when_a_token_is(token: AccessToken, web: Actor, now: datetime, act: str) -> None:
    QUIET[act](token, web, now)
    assert kinds() == []


@pytest.mark.parametrize("kind", ["user.password_changed", "user.factor_added", "user.sign_in_connected"])
def test_notice_of_what_would_let_somebody_else_in(alice: User, web: Actor, now: datetime, kind: str) -> None:
    record(kind, by=web, subject=alice.subject, now=now)
    row = Notification.objects.get()
    assert (row.kind, row.user_id, row.address) == (kind, alice.pk, "")


def test_notice_of_a_new_address_goes_to_the_old_one(alice: User, web: Actor, now: datetime) -> None:
    changed = {"email": "old@example.com"}, {"email": "thief@example.com"}
    record("user.email_changed", by=web, subject=alice.subject, now=now, before=changed[0], after=changed[1])
    assert Notification.objects.get().address == "old@example.com"


def test_notices_that_wait_go_to_the_old_address_too_and_reminders_to_the_new(
    token: AccessToken, web: Actor, alice: User, now: datetime
) -> None:
    lifecycle.regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    sent, reminder = (
        Notification.objects.create(dedupe_key=key, user_id=alice.pk, created_at=now, next_try_at=now, **fields)
        for key, fields in {
            "sent": {"kind": "token.created", "event_id": 1, "outcome": "sent", "done_at": now},
            "reminder": {"kind": "reminder.first", "token_id": token.pk, "secret_id": 1},
        }.items()
    )
    changed = {"email": "old@example.com"}, {"email": "thief@example.com"}
    record("user.email_changed", by=web, subject=alice.subject, now=now, before=changed[0], after=changed[1])
    told = Notification.objects.exclude(address="").order_by("pk").values_list("kind", "address")
    assert list(told) == [("token.regenerated", "old@example.com"), ("user.email_changed", "old@example.com")]
    assert {sent.pk, reminder.pk} == set(Notification.objects.filter(address="").values_list("pk", flat=True))


@pytest.mark.parametrize("way", ["revoked", "expired"])
def test_notice_is_not_made_of_a_leak_of_a_token_that_was_dead(
    make_token: MakeToken, web: Actor, now: datetime, way: str
) -> None:
    token, secret = make_token()
    if way == "revoked":
        lifecycle.revoke_token(token, code="holder", reason="", by=web, now=now)
    Notification.objects.all().delete()
    report_leaks([secret], source="", by=COMMAND, now=token.expires_at if way == "expired" else now)
    assert kinds() == []


def test_notice_goes_with_its_cause_when_that_is_undone(make_token: MakeToken) -> None:
    with transaction.atomic():
        make_token()
        transaction.set_rollback(True)
    assert kinds() == []
