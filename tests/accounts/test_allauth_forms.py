"""The words of the forms that come from allauth."""

import re

import pytest
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    get_default_password_validators,
)
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.allauth_forms import RULES
from accounts.models import User
from tests.conftest import ClientOf

LABEL = re.compile(r"<label[^>]*>([^<]*)</label>")


@pytest.mark.parametrize(
    ("page", "labels"),
    [
        ("account_login", ["E-mail address", "Password"]),
        ("account_signup", ["E-mail address", "Password", "Password (again)"]),
        ("account_reset_password", ["E-mail address"]),
    ],
)
def test_form_of_a_visitor_names_each_field_once(
    client: Client, page: str, labels: list[str], settings: Settings, db: None
) -> None:
    settings.SIGNUP_OPEN = True
    html = client.get(reverse(page)).content.decode()
    assert LABEL.findall(html) == labels
    assert "placeholder" not in html
    assert html.count(RULES) == (page == "account_signup")


@pytest.mark.parametrize(
    ("page", "labels"),
    [
        ("account_change_password", ["Current password", "New password", "New password (again)"]),
        ("account_email", ["New e-mail address"]),
        ("account_reauthenticate", ["Password"]),
    ],
)
def test_form_of_an_account_names_each_field_once(
    client_of: ClientOf, alice: User, page: str, labels: list[str]
) -> None:
    html = client_of(alice).get(reverse(page)).content.decode()
    assert LABEL.findall(html) == labels
    assert "placeholder" not in html


def test_help_of_a_new_password_names_each_rule(client_of: ClientOf, alice: User) -> None:
    html = client_of(alice).get(reverse("account_change_password")).content.decode()
    assert html.count(RULES) == 1
    similar, long_enough, common, numeric = get_default_password_validators()
    assert isinstance(long_enough, MinimumLengthValidator)
    assert f"At least {long_enough.min_length} characters" in RULES
    kinds = [UserAttributeSimilarityValidator, CommonPasswordValidator, NumericPasswordValidator]
    assert [type(rule) for rule in (similar, common, numeric)] == kinds
