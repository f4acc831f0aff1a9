"""Where allauth asks us."""

from typing import Any
from zoneinfo import available_timezones

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.actor import caller_of
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that its limits count by, from trusted proxies only."""
        return caller_of(request).address or "unknown"

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        take_time_zone(user, request.POST.get("time_zone", ""))
        return super().post_login(request, user, **kwargs)


def take_time_zone(user: User, name: str) -> None:
    """Keep the browser's zone until the person chooses one."""
    if not user.time_zone and name in available_timezones():
        user.time_zone = name
        user.save(update_fields=["time_zone"])
