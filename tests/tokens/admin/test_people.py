"""People in the console."""

from datetime import datetime

import pytest
from django.urls import reverse

from accounts.audit import AuditEvent
from accounts.models import User
from tests.conftest import MakeToken, MakeUser
from tests.tokens.admin.conftest import Console, MakeConsole
from tests.tokens.conftest import Judge, last_event
from tokens.domain.verification import Outcome


def found(console: Console, query: str) -> set[str]:
    """The addresses that the list shows, without the administrator's own."""
    return {str(person) for person in console.get("people", query=query).context["rows"]} - {console.user.email}


@pytest.mark.parametrize("term", ["ALI", "alice@example.com", "alice", "{pk}"])
def test_people_list_search_finds_by_address_name_or_id(term: str, console: Console, alice: User, bob: User) -> None:
    assert found(console, "?q=" + term.format(pk=alice.pk)) == {"alice@example.com"}


def test_people_list_filters_by_state_and_role(
    console: Console, alice: User, make_user: MakeUser, now: datetime
) -> None:
    make_user("gone@example.com", deactivated_at=now)
    User.objects.create(name="Build farm", is_service=True)
    assert found(console, "?state=deactivated") == {"gone@example.com"}
    assert found(console, "?state=active&role=person") == {"alice@example.com"}
    assert found(console, "?role=service") == {"Build farm"}
    assert [person.pk for person in console.get("people", query="?role=administrator").context["rows"]] == [
        console.user.pk
    ]


def test_person_page_leads_to_their_tokens_and_events(console: Console, alice: User, make_token: MakeToken) -> None:
    make_token()
    text = console.text("person", alice.pk)
    assert f'{reverse("admin:tokens")}?owner={alice.pk}"' in text
    assert f'{reverse("admin:audit")}?actor={alice.pk}"' in text
    assert "1 of them can be used now" in text


def test_person_page_has_no_field_at_all(console: Console, alice: User) -> None:
    text = console.text("person", alice.pk)
    assert text.count("<form") == 1  # signing out
    assert 'name="email"' not in text
    assert 'type="password"' not in text


def test_person_deactivate_says_how_many_tokens_stop(console: Console, alice: User, make_token: MakeToken) -> None:
    make_token()
    make_token()
    assert "2 tokens that work now will be refused" in console.text("person_deactivate", alice.pk)


def test_person_deactivate_stops_their_tokens_at_once(
    console: Console, alice: User, make_token: MakeToken, judge: Judge
) -> None:
    _, secret = make_token()
    answer = console.post("person_deactivate", alice.pk)
    assert answer["Location"] == reverse("admin:person", args=[alice.pk])
    assert judge(secret) is Outcome.DEACTIVATED
    assert last_event("user.deactivated").actor_id == console.user.pk


def test_person_reactivate_lets_their_tokens_work_again(
    console: Console, alice: User, make_token: MakeToken, judge: Judge
) -> None:
    _, secret = make_token()
    console.post("person_deactivate", alice.pk)
    assert "1 of their tokens will be accepted again" in console.text("person_reactivate", alice.pk)
    console.post("person_reactivate", alice.pk)
    assert judge(secret) is Outcome.GOOD
    assert "alice@example.com was reactivated." in console.text("person", alice.pk)


def test_person_deactivate_oneself_is_refused(console: Console, make_console: MakeConsole) -> None:
    make_console()
    answer = console.post("person_deactivate", console.user.pk)
    assert answer.status_code == 409
    assert "You can&#x27;t deactivate yourself" in answer.content.decode()
    assert console.user.is_active
    assert not AuditEvent.objects.filter(kind="user.deactivated").exists()


def test_person_page_of_oneself_does_not_offer_it(console: Console) -> None:
    assert "Deactivate" not in console.text("person", console.user.pk)


def test_person_deactivate_another_administrator_is_done(console: Console, make_console: MakeConsole) -> None:
    other = make_console()
    assert console.post("person_deactivate", other.user.pk).status_code == 302
    assert other.get("index").status_code == 302


def test_person_acts_by_get_change_nothing(console: Console, alice: User) -> None:
    console.get("person_deactivate", alice.pk)
    alice.refresh_from_db()
    assert alice.is_active


@pytest.mark.parametrize("field", ["email", "password", "is_superuser", "is_staff", "deactivated_at"])
def test_person_acts_take_no_fields(field: str, console: Console, alice: User) -> None:
    before = User.objects.values("email", "password", "is_superuser", "is_staff").get(pk=alice.pk)
    for view in ("person_deactivate", "person_reactivate"):
        console.post(view, alice.pk, **{field: "1"})
    assert User.objects.values("email", "password", "is_superuser", "is_staff").get(pk=alice.pk) == before
