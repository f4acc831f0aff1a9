"""The answers that the pages share: whole pages for a browser, fragments for htmx."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, push_url, reswap, retarget, trigger_client_event

from accounts.recheck import address_without_secret, holds_no_secret, require_recheck, require_sign_in
from accounts.requests import SignedInRequest
from tokens.domain.secret_rows import accepted_secrets
from tokens.domain.selection import current_secrets
from tokens.errors import AlreadyDone, Refused
from tokens.models import AccessToken, Policy
from tokens.pages import prefill
from tokens.pages.forms import NewTokenForm
from tokens.pages.listing import ListQuery, list_context, row_of
from tokens.pages.presentation import secret_row
from tokens.pages.tries import still_tried

View = Callable[..., HttpResponse]
page_or_act = require_http_methods(["GET", "HEAD", "POST"])


def signed_in(view: View) -> View:
    """Only for people who are signed in; others sign in first and find what they typed."""

    @wraps(view)
    def guarded(request: SignedInRequest, **kwargs: Any) -> HttpResponse:
        return _left_as_it_is(request) or require_sign_in(request, keep=holds_no_secret) or view(request, **kwargs)

    return guarded


def _left_as_it_is(request: SignedInRequest) -> HttpResponse | None:
    """For nobody, where the way to the sign-in would lose what stands in the page."""
    if request.user.is_authenticated:
        return None
    if request.htmx.target == "summary":  # of a form that, when it is sent, is kept
        # It may be sent at this moment: its answer brings the cookie of the session that keeps it, and
        # this one must not take that away, as Django does with the cookie of a session that has ended.
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return HttpResponse(status=204)
    if request.htmx.target == "results":  # the same address as a page, which is found again after signing in
        return HttpResponseClientRedirect(address_without_secret(request))
    return None


def with_token(view: View) -> View:
    """Give the view the owner's token of that id; somebody else's is not there."""

    @page_or_act
    @signed_in
    @wraps(view)
    def found(request: SignedInRequest, pk: int, **rest: int) -> HttpResponse:
        token = request.user.tokens.prefetch_related(current_secrets()).filter(pk=pk).first()
        # Without a secret it was deleted between the two queries.
        return view(request, token, **rest) if token and token.secrets.all() else gone(request)

    return found


def recheck_first(request: SignedInRequest, policy: Policy) -> HttpResponse | None:
    """The page that asks who it is, when that was last asked too long ago; what was typed is kept."""
    return require_recheck(request, minutes=policy.recheck_minutes, keep=holds_no_secret)


def show(request: SignedInRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """`tokens/<name>.html`, or for the dialog the fragment of it, `tokens/_<name>.html`."""
    in_dialog = request.htmx.target == "dialog"
    template = f"tokens/_{name}.html" if in_dialog else f"tokens/{name}.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    # htmx would push the address of a boosted link whatever hx-push-url says.
    return push_url(response, False) if in_dialog else response


def shown_once(request: SignedInRequest, token: AccessToken, secret: str) -> HttpResponse:
    """The list with the secret above it: the only page that ever holds it.

    htmx puts the whole page in place and the list's address above it, so that a reload shows the
    list alone.
    """
    context = list_context(request.user, ListQuery(), now=timezone.now())
    context |= {"secret": secret, "secret_token": token, "portal_url": settings.BASE_URL}
    context["portal_host"] = urlsplit(settings.BASE_URL).hostname
    context["old_secret_ends_at"] = _end_of_old_secret(token, now=timezone.now())
    response = render(request, "tokens/list.html", context)
    response["Cache-Control"] = "no-store"
    if request.htmx:
        push_url(reswap(retarget(response, "body"), "innerHTML"), reverse("tokens:list"))
    return response


def done(request: SignedInRequest, token: AccessToken | None, sentence: str, *, page: str = "") -> HttpResponse:
    """After an act: on the list only what changed is swapped, elsewhere a whole true page is shown.

    `token` is None when there is none any more, or when several were changed. `page` is where to go
    without htmx, the list if it is not said.
    """
    list_url = reverse("tokens:list")
    if request.htmx.target == "banner":
        return push_url(render(request, "tokens/_dismissed.html", {"sentence": sentence}), False)
    if request.htmx.target != "dialog":
        messages.success(request, sentence)
        return redirect(page or list_url)
    current = _page_address(request)
    if current.path != list_url:
        messages.success(request, sentence)
        # The header is the browser's word: no path but our own is gone to (//host/ would be elsewhere).
        is_ours = current.path.startswith("/settings/")
        return HttpResponseClientRedirect(current.path if token and is_ours else list_url)
    query, now = ListQuery.of(dict(parse_qsl(current.query))), timezone.now()
    context: dict[str, Any] = {"sentence": sentence}
    if token and query == ListQuery():
        context["row"] = still_tried([row_of(token, now=now)], now=now)[0]
    else:  # the act may have moved rows into the page or out of it
        context |= list_context(request.user, query, now=now)
    response = push_url(render(request, "tokens/_done.html", context), False)
    return trigger_client_event(response, "closeDialog", after="swap")


def refused(request: SignedInRequest, token: AccessToken, refusal: Refused) -> HttpResponse:
    """409: the act can't be done to the token as it is now."""
    if isinstance(refusal, AlreadyDone):
        return already_done(request, refusal)
    context = {"row": row_of(token, now=timezone.now()), "message": refusal.message}
    return show(request, "refused", context, status=409)


def already_done(request: SignedInRequest, repeat: AlreadyDone) -> HttpResponse:
    token = request.user.tokens.filter(pk=repeat.token_id).first()
    return show(request, "already_done", {"repeat": repeat, "token": token}, status=409)


def gone(request: SignedInRequest) -> HttpResponse:
    """404: no such token, or no more. What was typed for it is offered as a new one."""
    policy, now = Policy.current(), timezone.now()
    form = None
    if request.method == "POST" and "name" in request.POST:
        form = NewTokenForm(policy=policy, now=now, **prefill.from_post(request.POST))
    return show(request, "gone", {"form": form}, status=404)


def _end_of_old_secret(token: AccessToken, *, now: datetime) -> datetime | None:
    old = accepted_secrets(token, now=now).exclude(replaced_at=None).first()
    return secret_row(old, token, now=now).ends_at if old else None


def _page_address(request: SignedInRequest) -> SplitResult:
    """The address of the page that htmx works in, as the browser says; empty when it says nonsense."""
    try:
        return urlsplit(request.htmx.current_url or "")
    except ValueError:
        return urlsplit("")
