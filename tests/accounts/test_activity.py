"""Settings, Activity: one's audit events, in words."""

import html
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.activity import activity_context, kind_text, value_text
from accounts.actor import SYSTEM, Actor
from accounts.audit import AuditEvent, Subject, record
from accounts.forms import REFUSED_SECRET
from accounts.models import User
from tests.conftest import ClientOf
from tests.tokens.conftest import NOBODYS_SECRET

PAGE = "/settings/activity/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


def happened(
    kind: str,
    owner: User | None,
    *,
    by: Actor = SYSTEM,
    name: str = "ci-deploy",
    at: datetime | None = None,
    **values: Any,
) -> AuditEvent:
    subject = Subject("token", 7, name, owner_id=owner.pk if owner else None)
    return record(kind, by=by, subject=subject, now=at or timezone.now(), **values)


def rows(user: User, **asked: str) -> list[Any]:
    rows: list[Any] = activity_context(user, **{"kind": "", "page": ""} | asked)["rows"]
    return rows


def test_activity_without_sign_in_leads_there(client: Client, db: None) -> None:
    assert client.get(PAGE)["Location"] == f"{reverse('account_login')}?next={PAGE}"


def test_activity_without_sign_in_takes_no_secret_of_its_address_along(client: Client, db: None) -> None:
    assert client.get(PAGE, {"kind": NOBODYS_SECRET})["Location"] == f"{reverse('account_login')}?next={PAGE}"


def test_activity_shows_what_is_mine_newest_first(alice: User, bob: User, now: datetime) -> None:
    happened("token.created", alice, at=now - timedelta(hours=1))
    happened("token.deleted", alice, at=now)
    happened("token.created", bob)
    happened("policy.changed", None)
    assert [row.what for row in rows(alice)] == ["Token deleted", "Token created"]


def test_activity_shows_what_i_did_to_nobodys(alice: User, bob: User) -> None:
    by = Actor(alice, "web")
    happened("policy.changed", None, by=by)
    happened("token.revoked", bob, by=by)
    assert [row.what for row in rows(alice)] == ["Policy changed"]
    assert [row.who for row in rows(bob)] == ["alice@example.com"]


def test_activity_says_who_from_where_and_how(alice: User, client_of: ClientOf) -> None:
    happened("token.created", alice, by=Actor(alice, "api", "203.0.113.7", FIREFOX))
    page = client_of(alice).get(PAGE).content.decode()
    for text in ("Token created", "ci-deploy", "203.0.113.7", "Firefox on Linux", "over the API", "<time datetime="):
        assert text in page
    assert "by alice" not in page


def test_activity_of_account_names_no_subject(alice: User) -> None:
    record("user.password_changed", by=Actor(alice, "web"), subject=alice.subject, now=timezone.now())
    assert [(row.what, row.subject) for row in rows(alice)] == [("Password changed", "")]


def test_activity_of_change_says_before_and_after(alice: User) -> None:
    happened("token.edited", alice, before={"scopes": "", "name": "a"}, after={"scopes": "full", "name": "b"})
    changes = [(change.label, change.before, change.after) for change in rows(alice)[0].changes]
    assert changes == [("Name", "a", "b"), ("Scopes", "none", "full")]


def test_activity_of_creation_says_only_what_was_given(alice: User) -> None:
    happened("token.created", alice, after={"name": "ci-deploy", "description": "", "scopes": "full"})
    changes = [(change.label, change.before, change.after) for change in rows(alice)[0].changes]
    assert changes == [("Scopes", None, "full")]


def test_activity_page_shows_all_three_forms_of_a_change(alice: User, client_of: ClientOf) -> None:
    happened("token.created", alice, after={"scopes": "made:read"})
    happened("token.edited", alice, before={"scopes": "old:read"}, after={"scopes": "new:read"})
    happened("token.deleted", alice, before={"scopes": "gone:read"})
    page = client_of(alice).get(PAGE).content.decode()
    for scope in ("made:read", "old:read", "new:read", "gone:read"):
        assert scope in page


def test_activity_by_kind_shows_that_kind(alice: User, client_of: ClientOf) -> None:
    happened("token.created", alice)
    happened("token.deleted", alice)
    answer = client_of(alice).get(PAGE, {"kind": "token.deleted"})
    assert [row.what for row in answer.context["rows"]] == ["Token deleted"]
    assert '<option value="token.deleted" selected>' in answer.content.decode()


@pytest.mark.parametrize("query", ["page=-1", "page=0", "page=x", "page=%00", "page=" + "9" * 5000, "page=99"])
@pytest.mark.parametrize("kind", ["", "&kind=x", "&kind=%00", "&kind=token.created%00", "&kind=%FF", "&kind=a&kind=b"])
def test_activity_with_odd_query_shows_a_page(alice: User, client_of: ClientOf, query: str, kind: str) -> None:
    happened("token.created", alice)
    answer = client_of(alice).get(f"{PAGE}?{query}{kind}")
    assert answer.status_code == 200
    assert len(answer.context["rows"]) == 1


def test_activity_of_many_events_comes_in_pages_of_25(alice: User, client_of: ClientOf) -> None:
    for number in range(26):
        happened("token.created", alice, name=f"token {number}")
    client = client_of(alice)
    assert len(client.get(PAGE).context["rows"]) == 25
    answer = client.get(PAGE, {"page": "2", "kind": "token.created"})
    assert [row.subject for row in answer.context["rows"]] == ["token 0"]
    assert 'href="?kind=token.created&amp;page=1"' in answer.content.decode()


def test_activity_links_repeat_only_what_was_understood(alice: User, client_of: ClientOf) -> None:
    for _ in range(26):
        happened("token.created", alice)
    page = client_of(alice).get(PAGE, {"kind": "no-such-kind", "other": "whatever"}).content.decode()
    assert 'href="?page=2"' in page
    assert "no-such-kind" not in page
    assert "whatever" not in page


@pytest.mark.parametrize("query", ["kind={}", "page={}", "other={}", "kind=Bearer+{}", "{}=x", "{}"])
def test_activity_with_a_secret_in_its_address_says_so_and_repeats_it_nowhere(
    alice: User, client_of: ClientOf, query: str
) -> None:
    for _ in range(26):
        happened("token.created", alice)
    answer = client_of(alice).get(f"{PAGE}?{query.format(NOBODYS_SECRET)}", follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(PAGE, 302)]
    assert REFUSED_SECRET in html.unescape(page)
    assert 'href="?page=2"' in page
    assert NOBODYS_SECRET not in page


@pytest.mark.parametrize("count", [1, 100])
def test_activity_asks_the_same_of_the_database_with_one_and_a_hundred(
    alice: User, client_of: ClientOf, django_assert_max_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _ in range(count):
        happened("token.created", alice, by=Actor(alice, "web"), after={"scopes": "full"})
    client = client_of(alice)
    with django_assert_max_num_queries(7):
        client.get(PAGE)


def test_activity_when_nothing_happened_says_so(alice: User, client_of: ClientOf) -> None:
    assert "Nothing has happened yet" in client_of(alice).get(PAGE).content.decode()


def test_activity_for_htmx_is_the_fragment_but_not_on_the_way_back(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    fragment = client.get(PAGE, headers={"hx-request": "true"})
    back = client.get(PAGE, headers={"hx-request": "true", "hx-history-restore-request": "true"})
    assert b"<html" not in fragment.content
    assert b"<html" in back.content
    assert "HX-Request" in fragment["Vary"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("token.created", "Token created"), ("user.signed_in", "Signed in"), ("token.secret_ended", "Token secret ended")],
)
def test_kind_text_of_kind_is_in_words(kind: str, text: str) -> None:
    assert kind_text(kind) == text


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("scopes", "", "none"),
        ("scopes", None, "none"),
        ("networks", [], "none"),
        ("networks", ["10.0.0.0/8", "::/0"], "10.0.0.0/8, ::/0"),
        ("overlap", True, "yes"),
        ("overlap", False, "no"),
        ("days", 0, "0"),
        ("expires_at", "2026-12-22T23:59:59+00:00", "Dec 22, 2026, 23:59 UTC"),
        ("expires_at", "2026-12-22T23:59:59", "2026-12-22T23:59:59"),
        ("expires_at", "never", "never"),
        ("name", "x" * 500, "x" * 200),
    ],
)
def test_value_text_of_logged_value_is_readable(key: str, value: object, text: str) -> None:
    assert value_text(key, value) == text
