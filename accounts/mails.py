"""The mails with a link that somebody waits for: to confirm an address, to choose a new password."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Wording:
    """`link` names the address in what allauth hands over; `label` stands on the button that leads there."""

    heading: str
    text: str
    label: str
    link: str
    advice: str


# By the names that allauth has for them.
WORDINGS = {
    "email_confirmation": Wording(
        "Confirm your new e-mail address",
        "Somebody, most likely you, wants to use this address for an account. It is used once you confirm it.",
        "Confirm this address",
        "activate_url",
        "If it wasn't you, do nothing: nobody gets this address.",
    ),
    "email_confirmation_signup": Wording(
        "Confirm your e-mail address",
        "Somebody, most likely you, signed up with this address. Tokens can be made once you confirm it.",
        "Confirm this address",
        "activate_url",
        "If it wasn't you, do nothing: the account stays without use.",
    ),
    "password_reset_key": Wording(
        "Choose a new password",
        "Somebody, most likely you, asked for a new password of your account. The link works once, for an hour.",
        "Choose a new password",
        "password_reset_url",
        "If it wasn't you, do nothing: your password stays as it is.",
    ),
    "account_already_exists": Wording(
        "You have an account already",
        "Somebody, most likely you, tried to sign up with this address, which has an account. "
        "Sign in with it; if you forgot the password, choose a new one.",
        "Choose a new password",
        "password_reset_url",
        "If it wasn't you, do nothing: your account stays as it is.",
    ),
    "unknown_account": Wording(
        "There is no account with this address",
        "Somebody, most likely you, asked for a new password of the account with this address. There is none: "
        "perhaps you signed up with another address.",
        "Sign up",
        "signup_url",
        "If it wasn't you, do nothing.",
    ),
}


def message_of(kind: str, email: str, links: Mapping[str, str]) -> EmailMultiAlternatives:
    """The mail of that kind; `links` are whole addresses by their names in WORDINGS."""
    wording = WORDINGS[kind]
    url = links.get(wording.link, "")
    context: dict[str, Any] = {
        **asdict(wording),
        "url": url if wording.link != "signup_url" or settings.SIGNUP_OPEN else "",
        "email": email,
        "site_name": settings.SITE_NAME,
        "base_url": settings.BASE_URL,
    }
    text, html = (render_to_string(f"email/account.{form}", context) for form in ("txt", "html"))
    message = EmailMultiAlternatives(wording.heading, text, to=[email], headers={"Auto-Submitted": "auto-generated"})
    message.attach_alternative(html, "text/html")
    return message
