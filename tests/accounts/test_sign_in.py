"""Signing in and out: who may, how often, and what is written down."""

import logging
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.audit import AuditEvent
from accounts.models import User
from tests.accounts.conftest import SignIn, Submit, is_signed_in
from tests.conftest import PASSWORD, ClientOf, MakeUser
from tokenportal import settings as product
from tokens.secret_format import make_secret

MISMATCH = "The email address and/or password you specified are not correct."
TOO_MANY = "Too many failed login attempts. Try again later."


def kinds() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_sign_in_with_right_password_leads_to_tokens(client: Client, submit: Submit, alice: User) -> None:
    answer = submit(client, "account_login", login="Alice@Example.com", password=PASSWORD)
    assert answer["Location"] == reverse("tokens:list")
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("account_login", "login"),
        ("account_signup", "email"),
        ("account_reset_password", "email"),
        ("account_email", "email"),
    ],
)
@pytest.mark.usefixtures("open_sign_up")
def test_form_with_a_secret_for_an_address_is_refused_without_echo(
    submit: Submit, client_of: ClientOf, alice: User, page: str, field: str
) -> None:
    client = client_of(alice) if page == "account_email" else Client()
    secret = make_secret("tp_")
    answer = submit(
        client, page, **{field: secret, "action_add": "", "password": "x", "password1": "x"}
    ).content.decode()
    assert "This is a secret. Revoke it if anyone saw it." in answer
    assert secret not in answer


def test_sign_in_is_recorded_with_its_origin(submit: Submit, alice: User) -> None:
    client = Client(REMOTE_ADDR="203.0.113.7", headers={"user-agent": "Firefox"})
    submit(client, "account_login", login=alice.email, password=PASSWORD)
    event = AuditEvent.objects.get()
    assert (event.kind, event.actor_id, event.owner_id, event.subject_id) == ("user.signed_in", *[alice.pk] * 3)
    assert (event.address, event.agent, event.channel) == ("203.0.113.7", "Firefox", "web")


def test_sign_in_with_wrong_password_is_recorded_for_its_owner(
    client: Client, submit: Submit, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = submit(client, "account_login", login=alice.email, password="not-hers-at-all")
    assert MISMATCH in answer.content.decode()
    event = AuditEvent.objects.get()
    assert (event.kind, event.owner_id, event.actor_id) == ("user.sign_in_failed", alice.pk, None)
    assert "not-hers-at-all" not in f"{vars(event)}{caplog.text}"


def test_sign_in_with_unknown_address_answers_the_same(submit: Submit, alice: User) -> None:
    pages = []
    for email in (alice.email, "nobody@example.com"):
        answer = submit(Client(), "account_login", login=email, password="not-hers-at-all")
        pages.append(answer.content.decode().replace(email, "x"))
    assert MISMATCH in pages[0]
    assert [without_csrf(page) for page in pages[:1]] == [without_csrf(page) for page in pages[1:]]


def without_csrf(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


@pytest.mark.django_db
def test_sign_in_with_unknown_address_records_no_address(client: Client, submit: Submit) -> None:
    submit(client, "account_login", login="hunter2@example.com", password="x")
    event = AuditEvent.objects.get()
    assert (event.kind, event.subject_id, event.subject_name, event.owner_id) == ("user.sign_in_failed", None, "", None)


def test_sign_in_after_too_many_wrong_passwords_says_so(client: Client, submit: Submit, alice: User) -> None:
    for _ in range(5):
        submit(client, "account_login", login=alice.email, password="wrong")
    answer = submit(client, "account_login", login=alice.email, password=PASSWORD)
    assert TOO_MANY in answer.content.decode()
    assert not is_signed_in(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        submit(client, "account_login", login=alice.email, password=PASSWORD)
        assert is_signed_in(client)


def test_sign_in_under_changing_ports_and_addresses_counts_together(submit: Submit, alice: User) -> None:
    for number in range(5):
        client = Client(headers={"host": f"testserver:{8000 + number}"}, REMOTE_ADDR=f"203.0.113.{number}")
        submit(client, "account_login", login=alice.email, password="wrong")
    answer = submit(Client(), "account_login", login=alice.email, password=PASSWORD)
    assert TOO_MANY in answer.content.decode()


def test_sign_in_from_one_address_is_limited_whatever_proxies_claim(submit: Submit, alice: User) -> None:
    for number in range(10):
        client = Client(headers={"x-forwarded-for": f"203.0.113.{number}"})
        submit(client, "account_login", login=f"person{number}@example.com", password="wrong")
    answer = submit(Client(), "account_login", login=alice.email, password=PASSWORD)
    assert TOO_MANY in answer.content.decode()


def test_sign_in_more_than_thirty_times_a_minute_is_429(client: Client, submit: Submit, db: None) -> None:
    statuses = [submit(client, "account_login", login="x", password="").status_code for _ in range(31)]
    assert (set(statuses[:30]), statuses[30]) == ({200}, 429)


def test_sign_in_without_known_address_of_the_server_is_limited_too(submit: Submit, alice: User) -> None:
    client = Client(REMOTE_ADDR="")  # a unix socket
    submit(client, "account_login", login=alice.email, password=PASSWORD)
    assert is_signed_in(client)


def test_sign_in_of_deactivated_person_is_refused_and_recorded(
    client: Client, submit: Submit, make_user: MakeUser
) -> None:
    user = make_user(deactivated_at=timezone.now())
    answer = submit(client, "account_login", login=user.email, password=PASSWORD)
    assert answer["Location"] == reverse("account_inactive")
    assert client.get(answer["Location"]).status_code == 200
    assert not is_signed_in(client)
    assert kinds() == ["user.sign_in_refused"]


def test_sign_in_of_service_account_is_refused(client: Client, submit: Submit, make_user: MakeUser) -> None:
    service = make_user("robot@example.com", is_service=True)
    submit(client, "account_login", login=service.email, password=PASSWORD)
    assert not is_signed_in(client)
    assert "user.signed_in" not in kinds()


def test_open_session_ends_when_person_is_deactivated(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert is_signed_in(client)
    User.objects.filter(pk=alice.pk).update(deactivated_at=timezone.now())
    assert not is_signed_in(client)


def test_sign_out_by_get_only_asks(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)
    assert kinds() == []


def test_sign_out_by_post_ends_the_session_and_is_recorded(alice: User, client_of: ClientOf, submit: Submit) -> None:
    client = client_of(alice)
    assert submit(client, "account_logout")["Location"] == reverse("account_login")
    assert not is_signed_in(client)
    event = AuditEvent.objects.get()
    assert (event.kind, event.actor_id, event.owner_id) == ("user.signed_out", alice.pk, alice.pk)


def test_logout_of_nobody_records_nothing(client: Client, submit: Submit, db: None) -> None:
    assert submit(client, "account_logout").status_code == 302
    assert kinds() == []


def test_sign_in_takes_time_zone_at_first_only(alice: User, sign_in: SignIn) -> None:
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        sign_in(alice, time_zone=zone)
        alice.refresh_from_db()
        assert alice.time_zone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["", "Nowhere/At_All", "../../etc/passwd", "x" * 1000, "localtime"])
def test_sign_in_with_unknown_time_zone_keeps_none(alice: User, sign_in: SignIn, zone: str) -> None:
    assert is_signed_in(sign_in(alice, time_zone=zone))
    alice.refresh_from_db()
    assert alice.time_zone == ""


def test_sign_in_with_old_hash_upgrades_it_to_argon2id(alice: User, sign_in: SignIn, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS[1:]
    alice.set_password(PASSWORD)
    alice.save()
    assert alice.password.startswith("pbkdf2_sha256$")
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    assert is_signed_in(sign_in(alice))
    alice.refresh_from_db()
    assert alice.password.startswith("argon2$argon2id$")


def test_session_row_and_mail_hold_no_password(alice: User, sign_in: SignIn, mailoutbox: list[EmailMessage]) -> None:
    session = sign_in(alice).session
    assert PASSWORD not in str(dict(session))
    assert mailoutbox == []


def test_sign_in_leads_to_no_address_that_holds_a_secret_and_keeps_none(
    client: Client, submit: Submit, alice: User, make_user: MakeUser
) -> None:
    secret = make_secret("tp_")
    page = f"{reverse('account_login')}?{urlencode({'next': f'/settings/tokens/?q={secret}'})}"
    assert submit(client, page, login=alice.email, password=PASSWORD)["Location"] == reverse("tokens:list")
    waiting = Client()
    submit(waiting, page, login=make_user(confirmed=False).email, password=PASSWORD)
    assert "account_login" in waiting.session
    assert secret not in str(waiting.session.items())
