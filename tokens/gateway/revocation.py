"""Whoever holds a secret may end it (RFC 7009)."""

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import Actor
from tokens.domain.reports import end_by_holder
from tokens.gateway.oauth import Form, form_view, one, safely
from tokens.gateway.requests import service_actor
from tokens.presenting import Answer


@safely
def answer(form: Form, by: Actor, now: datetime) -> Answer:
    """200 once the secret in the form opens nothing, which is so from the start of one that is not known."""
    end_by_holder(one(form, "token"), by=by, now=now)
    return Answer(200, {"Cache-Control": "no-store"})


@form_view
def oauth_revoke(request: HttpRequest, form: Form) -> Answer:
    return answer(form, service_actor(request), timezone.now())
