"""What `manage.py check --deploy` says of mail, and what people are told where there is none."""

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from tests.conftest import ClientOf


@pytest.mark.parametrize("can_mail", [True, False])
def test_check_of_a_deployment_that_cannot_mail_warns(settings: Settings, can_mail: bool) -> None:
    settings.CAN_MAIL = can_mail
    ids = [message.id for message in run_checks(include_deployment_checks=True)]
    assert ("accounts.W001" in ids) is not can_mail


@pytest.mark.django_db
def test_sign_up_that_could_not_be_confirmed_is_closed(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN, settings.CAN_MAIL = True, False
    assert "Sign up is closed" in client.get(reverse("account_signup")).content.decode()
    assert reverse("account_signup") not in client.get(reverse("account_login")).content.decode()


def test_change_of_address_that_could_not_be_confirmed_says_so(
    client_of: ClientOf, alice: User, settings: Settings
) -> None:
    settings.CAN_MAIL = False
    assert "can't send mail" in client_of(alice).get(reverse("account_email")).content.decode()
