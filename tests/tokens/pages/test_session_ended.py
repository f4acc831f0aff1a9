"""What htmx asks for after the session has ended loses nothing that stands in the page."""

from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tests.tokens.pages.conftest import LIST, NEW, address, htmx


@pytest.fixture
def ended(alices: Client) -> Client:
    """Alice's, whose session is over while her browser doesn't know."""
    Session.objects.all().delete()
    return alices


def test_summary_after_the_session_has_ended_leaves_the_page_as_it_is(ended: Client) -> None:
    answer = ended.get(NEW, {"expires_in": "30", "scopes": "full"}, headers=htmx(NEW, "summary"))
    assert answer.status_code == 204  # htmx does nothing then
    assert not {"HX-Redirect", "Location"} & answer.headers.keys()


def test_summary_after_the_session_has_ended_leaves_the_cookie_to_the_form_sent_with_it(
    ended: Client, make_token: MakeToken
) -> None:
    for page in (NEW, address("edit", make_token()[0])):
        assert settings.SESSION_COOKIE_NAME not in ended.get(page, headers=htmx(page, "summary")).cookies


def test_search_by_htmx_after_the_session_has_ended_comes_back_to_what_was_looked_for(ended: Client) -> None:
    answer = ended.get(LIST, {"q": "ci", "state": "active"}, headers=htmx(LIST, "results"))
    page = answer["HX-Redirect"]
    assert page == f"{LIST}?q=ci&state=active"
    assert ended.get(page)["Location"] == f"/accounts/login/?{urlencode({'next': page}, safe='/')}"


def test_search_for_a_secret_after_the_session_ended_repeats_it_in_no_address(ended: Client) -> None:
    answer = ended.get(LIST, {"q": NOBODYS_SECRET}, headers=htmx(LIST, "results"))
    assert answer["HX-Redirect"] == LIST
