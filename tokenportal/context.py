"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.people import is_administrator


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "site_name": settings.SITE_NAME,
        "signup_open": settings.SIGNUP_OPEN and settings.CAN_MAIL,
        "can_mail": settings.CAN_MAIL,
        "show_beta": settings.SHOW_BETA,
        "feedback_url": settings.FEEDBACK_URL,
        # A template calls it, so that a page without the user menu asks nothing about the user.
        "admin_url": lambda: reverse("admin:index") if is_administrator(getattr(request, "user", None)) else "",
    }
