"""The owner's pages. Each works as a plain page; for htmx the same markup comes as a fragment."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from accounts.actor import actor_of
from accounts.recheck import resumed_input
from accounts.requests import SignedInRequest
from tokens import networks, scopes
from tokens.domain import checks, lifecycle, rows
from tokens.domain.secret_rows import accepted_secrets
from tokens.errors import AlreadyDone, ChangedElsewhere, HoldsSecret, Refused
from tokens.models import AccessToken, Policy
from tokens.pages import prefill
from tokens.pages.activity import token_activity
from tokens.pages.forms import EditTokenForm, NewTokenForm
from tokens.pages.listing import ListQuery, list_context, row_of
from tokens.pages.presentation import secret_row
from tokens.pages.responses import (
    already_done,
    done,
    page_or_act,
    recheck_first,
    refused,
    show,
    shown_once,
    signed_in,
    with_token,
)
from tokens.pages.tries import try_rows


@require_safe
@signed_in
def token_list(request: SignedInRequest) -> HttpResponse:
    query = ListQuery.of(request.GET.dict())
    in_part = request.htmx.target == "results"
    if query.held_secret and not in_part:
        messages.error(request, HoldsSecret.message)
        return redirect(query.address())
    context = list_context(request.user, query, now=timezone.now())
    response = render(request, "tokens/_results.html" if in_part else "tokens/list.html", context)
    if query.held_secret:  # it must not stay in the address either
        push_url(response, query.address())
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@page_or_act
@signed_in
def token_create(request: SignedInRequest) -> HttpResponse:
    now, policy = timezone.now(), Policy.current()
    if request.method != "POST":
        if request.htmx.target == "summary":
            return _summary(request, NewTokenForm(request.GET, policy=policy, now=now).summary())
        typed = resumed_input(request)
        form = NewTokenForm(typed, policy=policy, now=now, **({} if typed else _prefilled(request, policy)))
        return render(request, "tokens/new.html", {"form": form})
    form = NewTokenForm(request.POST, policy=policy, now=now)
    if form.is_valid():
        try:
            return recheck_first(request, policy) or shown_once(request, *_create(request, form))
        except AlreadyDone as repeat:
            return already_done(request, repeat)
        except Refused as refusal:
            form.refuse(refusal)
    return show(request, "new", {"form": form}, status=422)


def _summary(request: SignedInRequest, sentence: str) -> HttpResponse:
    """The sentence that follows the form; what a person types freely is not sent for it."""
    return render(request, "tokens/_summary.html", {"summary": sentence})


def _create(request: SignedInRequest, form: NewTokenForm) -> tuple[AccessToken, str]:
    data = form.cleaned_data
    return lifecycle.create_token(
        request.user,
        name=data["name"],
        description=data["description"],
        scopes=data["scopes"],
        allowed_networks=data["allowed_networks"],
        expires_at=data["expires_at"],
        by=actor_of(request),
        now=form.now,
        request_key=data["form_key"],
    )


@with_token
def token_detail(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    now = timezone.now()
    context = {
        "row": row_of(token, now=now),
        "events": token_activity(token, viewer=request.user),
        "secrets": [secret_row(secret, token, now=now) for secret in accepted_secrets(token, now=now)],
        "tries": try_rows(token, now=now),
    }
    return render(request, "tokens/detail.html", context)


@with_token
def token_edit(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    policy, row = Policy.current(), row_of(token, now=timezone.now())
    if request.method != "POST":
        if request.htmx.target == "summary":
            return _summary(request, EditTokenForm(request.GET, policy=policy, token=token).summary())
        form = EditTokenForm(resumed_input(request), policy=policy, token=token)
        return show(request, "edit", {"form": form, "row": row})
    form = EditTokenForm(request.POST, policy=policy, token=token)
    if not form.is_valid():
        return show(request, "edit", {"form": form, "row": row}, status=422)
    if _widens(token, form) and (asked_first := recheck_first(request, policy)):
        return asked_first
    try:
        changed = _edit(request, token, form)
    except ChangedElsewhere as conflict:
        form = form.over(token, conflict)
        return show(request, "edit", {"form": form, "row": row}, status=409)
    except Refused as refusal:
        form.refuse(refusal)
        return show(request, "edit", {"form": form, "row": row}, status=422)
    return done(request, changed, f"{changed.name} was changed.")


def _widens(token: AccessToken, form: EditTokenForm) -> bool:
    data = form.cleaned_data
    return not (
        scopes.covers(token.scopes, " ".join(data["scopes"]))
        and networks.covers(token.allowed_networks, data["allowed_networks"])
    )


def _edit(request: SignedInRequest, token: AccessToken, form: EditTokenForm) -> AccessToken:
    data = form.cleaned_data
    return lifecycle.edit_token(
        token,
        name=data["name"],
        description=data["description"],
        scopes=data["scopes"],
        allowed_networks=data["allowed_networks"],
        by=actor_of(request),
        now=timezone.now(),
        version=data["version"],
    )


@with_token
def token_disable(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    return _ask_or_do(request, token, "disable", lifecycle.disable_token, "disabled")


@with_token
def token_enable(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    asked_first = recheck_first(request, Policy.current()) if request.method == "POST" else None
    return asked_first or _ask_or_do(request, token, "enable", lifecycle.enable_token, "enabled")


@with_token
def token_delete(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    return _ask_or_do(request, token, "delete", lifecycle.delete_token, "deleted")


@with_token
def token_dismiss(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    """Take the warning off the banner; asked for by the button there, and by a page of its own."""
    return _ask_or_do(request, token, "dismiss", lifecycle.dismiss_banner, "taken off the banner")


_REFUSALS: dict[str, Callable[[AccessToken], None]] = {
    "disable": rows.refuse_revoked,
    "enable": checks.refuse_enabling,
}


def _never(_token: AccessToken) -> None:
    """Nothing stands in the way."""


def _ask_or_do(
    request: SignedInRequest, token: AccessToken, name: str, act: Callable[..., AccessToken | None], participle: str
) -> HttpResponse:
    """A GET asks, a POST does it. An act that leaves no token changes the whole list."""
    now = timezone.now()
    try:
        if request.method != "POST":
            _REFUSALS.get(name, _never)(token)
            return show(request, name, {"row": row_of(token, now=now)})
        changed = act(token, by=actor_of(request), now=now)
    except Refused as refusal:
        return refused(request, token, refusal)
    return done(request, changed, f"{token.name} was {participle}.")


def _prefilled(request: SignedInRequest, policy: Policy) -> dict[str, Any]:
    original = request.GET.get("from", "")
    if original:
        pk = int(original) if original.isascii() and original.isdigit() and len(original) < 19 else None
        return prefill.from_token(get_object_or_404(request.user.tokens, pk=pk))
    return prefill.from_link(request.GET, policy=policy, now=timezone.now())
