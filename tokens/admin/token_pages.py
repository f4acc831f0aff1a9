"""One token in the console, and revoking one or several."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.activity import activity_row
from accounts.actor import Actor, actor_of
from accounts.audit import AuditEvent
from accounts.recheck import resumed_input
from accounts.requests import SignedInRequest
from tokens.admin.filters import parse_id
from tokens.admin.forms import RevokeForm
from tokens.admin.responses import done, page_or_act, recheck_first, status_of
from tokens.admin.tokens import lines, with_hints
from tokens.domain.lifecycle import revoke_token
from tokens.domain.rows import in_lock_order
from tokens.errors import TokenGone, TokenIsRevoked
from tokens.models import AccessToken, TokenSecret

_EVENTS_SHOWN = 20
_MOST_AT_ONCE = 100


@require_safe
def token_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(with_hints(), pk=pk)
    secrets = TokenSecret.objects.filter(token=token).defer("digest").order_by("-created_at", "-pk")
    events = AuditEvent.objects.filter(subject_type="token", subject_id=pk).order_by("-at", "-pk")
    context = {
        "row": lines([token], now=timezone.now())[0],
        "secrets": [(secret, token.last_use_of(secret)) for secret in secrets],
        "events": [activity_row(event, viewer=request.user) for event in events[:_EVENTS_SHOWN]],
    }
    return render(request, "admin/token.html", context)


@page_or_act
def token_revoke(request: SignedInRequest) -> HttpResponse:
    """A GET names the tokens and asks for a reason, a POST revokes them; `token` in the address are the ids."""
    tokens = _chosen(request.GET)
    form = RevokeForm(request.POST if request.method == "POST" else resumed_input(request))
    if request.method == "POST" and tokens and form.is_valid():
        return recheck_first(request) or _revoke(request, tokens, form.cleaned_data["reason"])
    context = {"form": form, "rows": lines(tokens, now=timezone.now())}
    return render(request, "admin/token_revoke.html", context, status=status_of(request))


def _chosen(query: QueryDict) -> list[AccessToken]:
    ids = [number for value in query.getlist("token")[:_MOST_AT_ONCE] if (number := parse_id(value)) is not None]
    return list(with_hints().filter(pk__in=ids, revoked_at=None).order_by("-pk"))


def _revoke(request: SignedInRequest, tokens: list[AccessToken], reason: str) -> HttpResponse:
    """One that was revoked or deleted in the meantime doesn't stop the others."""
    by = actor_of(request)
    with transaction.atomic():
        count = sum(_revoked(token, reason, by=by) for token in in_lock_order(tokens))
    if count < len(tokens):
        messages.warning(request, f"{_tokens(len(tokens) - count)} revoked or deleted by somebody else just before.")
    if len(tokens) == 1:
        return done(request, f"{tokens[0].name} was revoked.", "admin:token", tokens[0].pk)
    return done(request, f"{_tokens(count)} revoked.", "admin:tokens")


def _revoked(token: AccessToken, reason: str, *, by: Actor) -> bool:
    code = AccessToken.RevokedCode.ADMINISTRATOR
    try:
        revoke_token(token, code=code, reason=reason, by=by, now=timezone.now())
    except (TokenGone, TokenIsRevoked):
        return False
    return True


def _tokens(count: int) -> str:
    return "1 token was" if count == 1 else f"{count} tokens were"
