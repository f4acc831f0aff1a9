"""The owner's pages. Each works as a plain page; for htmx the same markup comes as a fragment."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.actor import actor_of
from accounts.audit import AuditEvent
from tokens.domain import lifecycle
from tokens.errors import AlreadyDone, ChangedElsewhere, Refused
from tokens.models import AccessToken, Policy
from tokens.pages import prefill
from tokens.pages.forms import EditTokenForm, NewTokenForm, RegenerateForm
from tokens.pages.listing import ListQuery, list_context, row_of
from tokens.pages.responses import already_done, done, page_or_act, refused, show, shown_once, with_token

_EVENTS_SHOWN = 20


@require_safe
@login_required
def token_list(request: HttpRequest) -> HttpResponse:
    context = list_context(request.user, ListQuery.of(request.GET.dict()), now=timezone.now())
    is_fragment = request.htmx and not request.htmx.history_restore_request
    response = render(request, "tokens/_results.html" if is_fragment else "tokens/list.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@page_or_act
@login_required
def token_create(request: HttpRequest) -> HttpResponse:
    now, policy = timezone.now(), Policy.current()
    if request.method != "POST":
        if request.htmx.target == "summary":
            return _summary(request, NewTokenForm(request.GET, policy=policy, now=now).summary())
        form = NewTokenForm(policy=policy, now=now, **_prefilled(request, policy))
        return render(request, "tokens/new.html", {"form": form})
    form = NewTokenForm(request.POST, policy=policy, now=now)
    if form.is_valid():
        try:
            return shown_once(request, *_create(request, form))
        except AlreadyDone as repeat:
            return already_done(request, repeat)
        except Refused as refusal:
            form.refuse(refusal)
    return show(request, "new", {"form": form}, status=422)


def _summary(request: HttpRequest, sentence: str) -> HttpResponse:
    """The sentence that follows the form; what a person types freely is not sent for it."""
    return render(request, "tokens/_summary.html", {"summary": sentence})


def _create(request: HttpRequest, form: NewTokenForm) -> tuple[AccessToken, str]:
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
def token_detail(request: HttpRequest, token: AccessToken) -> HttpResponse:
    events = AuditEvent.objects.filter(subject_type="token", subject_id=token.pk, owner_id=request.user.pk)
    context = {
        "row": row_of(token, now=timezone.now()),
        "events": events.order_by("-at", "-pk")[:_EVENTS_SHOWN],
        "secrets": token.secrets.order_by("replaced_at", "-created_at"),
    }
    return render(request, "tokens/detail.html", context)


@with_token
def token_edit(request: HttpRequest, token: AccessToken) -> HttpResponse:
    policy, row = Policy.current(), row_of(token, now=timezone.now())
    if request.method != "POST":
        if request.htmx.target == "summary":
            return _summary(request, EditTokenForm(request.GET, policy=policy, token=token).summary())
        form = EditTokenForm(policy=policy, token=token)
        return show(request, "edit", {"form": form, "row": row})
    form = EditTokenForm(request.POST, policy=policy, token=token)
    if not form.is_valid():
        return show(request, "edit", {"form": form, "row": row}, status=422)
    try:
        changed = _edit(request, token, form)
    except ChangedElsewhere as conflict:
        form = form.over(token, conflict)
        return show(request, "edit", {"form": form, "row": row}, status=409)
    except Refused as refusal:
        form.refuse(refusal)
        return show(request, "edit", {"form": form, "row": row}, status=422)
    return done(request, changed, f"{changed.name} was changed.")


def _edit(request: HttpRequest, token: AccessToken, form: EditTokenForm) -> AccessToken:
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
def token_regenerate(request: HttpRequest, token: AccessToken) -> HttpResponse:
    now, policy = timezone.now(), Policy.current()
    row = row_of(token, now=now)
    if request.method != "POST":
        form = RegenerateForm(policy=policy, now=now, initial={"replaces": token.current_secret.pk})
        return show(request, "regenerate", {"form": form, "row": row})
    form = RegenerateForm(request.POST, policy=policy, now=now)
    if not form.is_valid():
        return show(request, "regenerate", {"form": form, "row": row}, status=422)
    data = form.cleaned_data
    try:
        token, secret = lifecycle.regenerate_token(
            token, expires_at=data["expires_at"], replaces=data["replaces"], by=actor_of(request), now=now
        )
    except Refused as refusal:
        return refused(request, token, refusal)
    return shown_once(request, token, secret)


@with_token
def token_disable(request: HttpRequest, token: AccessToken) -> HttpResponse:
    return _ask_or_do(request, token, "disable", lifecycle.disable_token, "disabled")


@with_token
def token_enable(request: HttpRequest, token: AccessToken) -> HttpResponse:
    return _ask_or_do(request, token, "enable", lifecycle.enable_token, "enabled")


@with_token
def token_delete(request: HttpRequest, token: AccessToken) -> HttpResponse:
    return _ask_or_do(request, token, "delete", lifecycle.delete_token, "deleted")


def _ask_or_do(
    request: HttpRequest, token: AccessToken, name: str, act: Callable[..., AccessToken | None], participle: str
) -> HttpResponse:
    """A GET asks, a POST does it. An act that leaves no token changes the whole list."""
    now = timezone.now()
    if request.method != "POST":
        return show(request, name, {"row": row_of(token, now=now)})
    try:
        changed = act(token, by=actor_of(request), now=now)
    except Refused as refusal:
        return refused(request, token, refusal)
    return done(request, changed, f"{token.name} was {participle}.")


def _prefilled(request: HttpRequest, policy: Policy) -> dict[str, Any]:
    original = request.GET.get("from", "")
    if original.isascii() and original.isdigit() and len(original) < 19:
        return prefill.from_token(get_object_or_404(request.user.tokens, pk=int(original)))
    return prefill.from_link(request.GET.dict(), policy=policy, now=timezone.now())
