"""Times are shown in the zone of the person who looks."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.time_zones import zone_named


class TimeZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Machines present tokens: whatever else they send, no session is opened for them.
        if "HTTP_COOKIE" not in request.META or request.path.startswith(settings.PATHS_WITHOUT_SESSION):
            return self.get_response(request)
        with timezone.override(zone_named(getattr(request.user, "time_zone", ""))):
            return self.get_response(request)
