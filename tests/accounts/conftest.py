"""Forms sent as a browser sends them, and the mails that leave after."""

import re
from typing import Any, Protocol

import pytest
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from tests.conftest import PASSWORD, Response


class Submit(Protocol):
    def __call__(self, client: Client, page: str, **fields: Any) -> Response: ...


class SignIn(Protocol):
    def __call__(self, user: User | str, password: str = ..., **fields: Any) -> Client: ...


@pytest.fixture
def submit(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Submit:
    """Post `fields` to a page, by its name or address; what waits for the commit happens then."""

    def post(client: Client, page: str, **fields: Any) -> Response:
        path = page if page.startswith("/") else reverse(page)
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(path, fields)

    return post


@pytest.fixture
def sign_in(submit: Submit) -> SignIn:
    """A client that has sent the sign-in form, whatever came of it."""

    def send(user: User | str, password: str = PASSWORD, **fields: Any) -> Client:
        client = Client()
        submit(client, "account_login", login=str(user), password=password, **fields)
        return client

    return send


@pytest.fixture
def open_sign_up(settings: Settings) -> None:
    settings.SIGNUP_OPEN = True


def link_in(mail: EmailMessage) -> str:
    """The path of the link, which stands on the portal's own address."""
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.body))
    assert found, mail.body
    return found[1]


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("accounts:security")).status_code == 200


@pytest.fixture
def client_request(client: Client, db: None) -> HttpRequest:
    """A request that went through the middleware, of somebody who is not signed in."""
    return client.get(reverse("account_login")).wsgi_request
