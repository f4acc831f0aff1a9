"""Times are shown in the zone of the person who looks."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.time_zones import all_time_zones


class TimeZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Machines present tokens: whatever else they send, no session is opened for them.
        if "HTTP_COOKIE" not in request.META or request.path.startswith(settings.PATHS_WITHOUT_SESSION):
            return self.get_response(request)
        name = getattr(request.user, "time_zone", "")
        # The server may have moved to a system that doesn't know the zone: UTC is better than no page.
        with timezone.override(ZoneInfo(name) if name in all_time_zones() else None):
            return self.get_response(request)
