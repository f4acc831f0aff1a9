"""The answers that the pages of the console share."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.recheck import holds_no_secret, require_recheck
from accounts.requests import SignedInRequest
from tokens.models import Policy

page_or_act = require_http_methods(["GET", "HEAD", "POST"])


def recheck_first(request: SignedInRequest) -> HttpResponse | None:
    """The page that asks who it is, when that was last asked too long ago; what was typed is kept."""
    return require_recheck(request, minutes=Policy.current().recheck_minutes, keep=holds_no_secret)


def done(request: SignedInRequest, sentence: str, to: str, *args: object) -> HttpResponse:
    """After an act: the page named `to` says what happened."""
    messages.success(request, sentence)
    return redirect(to, *args)


def status_of(request: SignedInRequest) -> int:
    """A form that is shown again after a POST was refused."""
    return 422 if request.method == "POST" else 200
