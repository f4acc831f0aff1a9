"""Settings, Security: how one signs in."""

from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.models import User
from tests.conftest import ClientOf, MakeUser


def test_security_page_shows_confirmed_address_and_where_to_change(alice: User, client_of: ClientOf) -> None:
    page = client_of(alice).get(reverse("accounts:security")).content.decode()
    for text in (alice.email, "Confirmed", reverse("account_email"), reverse("account_change_password")):
        assert text in page
    assert "Not confirmed" not in page


def test_security_page_says_that_address_is_not_confirmed(make_user: MakeUser, client_of: ClientOf) -> None:
    assert "Not confirmed" in client_of(make_user(confirmed=False)).get(reverse("accounts:security")).content.decode()


def test_security_page_names_the_address_that_waits(alice: User, client_of: ClientOf) -> None:
    EmailAddress.objects.create(user=alice, email="new@example.com")
    answer = client_of(alice).get(reverse("accounts:security"))
    assert answer.context["confirmed"]
    assert "new@example.com" in answer.content.decode()


def test_security_page_without_password_offers_to_set_one(alice: User, client_of: ClientOf) -> None:
    alice.set_unusable_password()
    alice.save()
    page = client_of(alice).get(reverse("accounts:security")).content.decode()
    assert reverse("account_set_password") in page
    assert reverse("account_change_password") not in page
