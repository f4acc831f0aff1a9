"""Somebody at the console."""

import time
from collections.abc import Callable

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import ClientOf, MakeUser, Response


class Console:
    """An administrator's browser: pages by the name of their view, forms by their fields."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @property
    def user(self) -> User:
        user = get_user(self.client)
        assert isinstance(user, User)
        return user

    @property
    def actor(self) -> Actor:
        return Actor(self.user, "web")

    def get(self, view: str, *args: object, query: str = "") -> Response:
        return self.client.get(reverse(f"admin:{view}", args=args) + query)

    def post(self, view: str, *args: object, query: str = "", **fields: object) -> Response:
        return self.client.post(reverse(f"admin:{view}", args=args) + query, fields)

    def text(self, view: str, *args: object, query: str = "") -> str:
        answer = self.get(view, *args, query=query)
        assert answer.status_code == 200
        return answer.content.decode()

    def let_the_check_age(self, *, minutes: int) -> None:
        """As if so long had passed since the password was asked for."""
        session = self.client.session
        records = session[AUTHENTICATION_METHODS_SESSION_KEY]
        records[-1]["at"] = time.time() - minutes * 60
        session[AUTHENTICATION_METHODS_SESSION_KEY] = records
        session.save()


MakeConsole = Callable[[], Console]


@pytest.fixture
def make_console(make_user: MakeUser, client_of: ClientOf) -> MakeConsole:
    """Consoles of different administrators."""
    return lambda: Console(client_of(make_user(is_staff=True, is_superuser=True)))


@pytest.fixture
def console(make_console: MakeConsole) -> Console:
    return make_console()
