"""Times are shown in the zone of who looks."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.middleware import TimeZoneMiddleware
from accounts.models import User


def zone_seen(request: HttpRequest) -> str:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.get_current_timezone_name())

    return TimeZoneMiddleware(view)(request).content.decode()


@pytest.mark.parametrize(("chosen", "seen"), [("Europe/Berlin", "Europe/Berlin"), ("", "UTC"), ("Gone/Since", "UTC")])
def test_page_of_person_is_in_their_zone_while_it_is_known(chosen: str, seen: str) -> None:
    request = HttpRequest()
    request.META["HTTP_COOKIE"] = "session=x"
    request.user = User(time_zone=chosen)
    assert zone_seen(request) == seen


def test_request_without_cookie_does_not_ask_who_it_is(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert zone_seen(HttpRequest()) == "UTC"  # which has no attribute `user`
