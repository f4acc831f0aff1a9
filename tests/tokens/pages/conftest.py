"""People at the owner's pages."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from allauth.account.internal.flows import login
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import ClientOf
from tests.tokens.pages.reading import Page
from tokens.models import AccessToken, Policy

if TYPE_CHECKING:
    from tests.conftest import Response

LIST = "/settings/tokens/"
NEW = "/settings/tokens/new/"
SELECTED = "/settings/tokens/selected/"
NO_ACCESS = "No access: this token can't be used until you grant permissions"
IS_SECRET = "This is a secret. Revoke it if anyone saw it."
DAY = timedelta(days=1)

_SECRET_FIELD = re.compile(r'<input[^>]* id="secret-value" value="(tp_[0-9A-Za-z]{46})" readonly')


def address(act: str, token: AccessToken | int) -> str:
    """Where an act on a token is asked for and done."""
    return reverse(f"tokens:{act}", args=[token if isinstance(token, int) else token.pk])


def htmx(page: str = LIST, target: str = "dialog") -> dict[str, str]:
    """The headers of htmx on that page."""
    return {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}", "HX-Target": target}


def new_fields(**typed: Any) -> dict[str, Any]:
    """A filled-in form for a new token."""
    return {"name": "ci-deploy", "expires_in": "30", "scopes": "full", "form_key": "a form key"} | typed


def edit_fields(token: AccessToken, **typed: Any) -> dict[str, Any]:
    """The form of a token as it is, but for what was typed. It has no resources' permissions."""
    return {
        "name": token.name,
        "description": token.description,
        "scopes": token.scopes or "none",
        "allowed_networks": "\n".join(token.allowed_networks),
        "version": token.updated_at.isoformat(),
    } | typed


def regenerate_fields(token: AccessToken, **typed: Any) -> dict[str, Any]:
    return {"expires_in": "30", "replaces": token.current_secret.pk} | typed


def secret_in(answer: "Response") -> str:
    """The secret that the page shows."""
    found = _SECRET_FIELD.search(answer.content.decode())
    assert found, Page(answer).words
    return found[1]


def made() -> AccessToken:
    """The only token that there is."""
    return AccessToken.objects.get()


def kept_in_sessions() -> str:
    """Everything that sessions hold, messages included."""
    return str([session.get_decoded() for session in Session.objects.all()])


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    """Alice's."""
    return client_of(alice)


@pytest.fixture
def grow_stale() -> Callable[[Client], Client]:
    """Let the last check of who it is be one second too long ago for acts that ask again."""

    def age(client: Client) -> Client:
        session = client.session
        too_long = Policy.current().recheck_minutes * 60 + 1
        session[login.AUTHENTICATION_METHODS_SESSION_KEY][-1]["at"] = time.time() - too_long
        session.save()
        return client

    return age


@pytest.fixture
def stale(alices: Client, grow_stale: Callable[[Client], Client]) -> Client:
    """Alice's, who signed in a while ago."""
    return grow_stale(alices)
