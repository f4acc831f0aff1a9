"""The mails with a link that somebody waits for."""

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django import Settings

from accounts.mails import WORDINGS, message_of
from accounts.models import User
from tests.accounts.conftest import SignIn, Submit
from tests.conftest import PASSWORD

LINKS = {name: f"https://t.example.org/{name}/" for name in ("activate_url", "password_reset_url", "signup_url")}
SIGN_UP = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}


@pytest.mark.parametrize("kind", WORDINGS)
def test_mail_of_each_kind_says_its_words_and_its_link_as_text_and_as_html(kind: str, settings: Settings) -> None:
    settings.SIGNUP_OPEN = True
    message, wording = message_of(kind, "ada@example.com", LINKS), WORDINGS[kind]
    [(html, mime)] = message.alternatives
    assert (message.subject, message.to, mime) == (wording.heading, ["ada@example.com"], "text/html")
    for body in (str(message.body), str(html).replace("&#x27;", "'")):
        assert LINKS[wording.link] in body
        assert wording.label in body
        assert "zone" not in body
    assert wording.advice in " ".join(str(message.body).split())
    assert max(map(len, str(message.body).splitlines())) <= 78


def test_mail_to_who_has_no_account_where_nobody_signs_up_has_no_link(settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    message = message_of("unknown_account", "ada@example.com", LINKS)
    assert "signup_url" not in f"{message.body}{message.alternatives}"


@pytest.mark.usefixtures("open_sign_up")
def test_mails_of_an_account_have_subjects_of_their_own(
    client: Client, submit: Submit, sign_in: SignIn, alice: User, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    submit(client, "account_signup", **SIGN_UP)
    submit(Client(), "account_signup", **{**SIGN_UP, "email": alice.email})
    submit(sign_in(alice), "account_email", action_add="", email="other@example.com")
    for email in (alice.email, "nobody@example.com"):
        submit(Client(), "account_reset_password", email=email)
    assert [mail.subject for mail in mailoutbox] == [
        "Confirm your e-mail address",
        "You have an account already",
        "Confirm your new e-mail address",
        "Choose a new password",
        "There is no account with this address",
    ]
