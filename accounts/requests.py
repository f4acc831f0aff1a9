"""Requests as the views know them, for the type checker: the middleware sets what stands here."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class PortalRequest(HttpRequest):
    htmx: HtmxDetails


class SignedInRequest(PortalRequest):
    """Behind `login_required`."""

    user: User
