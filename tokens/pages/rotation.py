"""A token's secrets on the owner's pages: a new one, and the end of an old one."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.actor import actor_of
from accounts.recheck import resumed_input
from accounts.requests import SignedInRequest
from tokens.domain import lifecycle
from tokens.domain.expiration import NO_OVERLAP
from tokens.domain.secret_rows import secret_to_end
from tokens.errors import Refused, TokenIsRevoked
from tokens.models import AccessToken, Policy
from tokens.pages.forms import RegenerateForm
from tokens.pages.listing import row_of
from tokens.pages.presentation import secret_row
from tokens.pages.responses import done, recheck_first, refused, show, shown_once, with_token


@with_token
def token_regenerate(request: SignedInRequest, token: AccessToken) -> HttpResponse:
    now, policy = timezone.now(), Policy.current()
    row = row_of(token, now=now)
    if not row.can_regenerate:
        return refused(request, token, TokenIsRevoked())
    if request.method != "POST":
        initial = {"replaces": token.current_secret.pk}
        form = RegenerateForm(resumed_input(request), policy=policy, now=now, initial=initial)
        return show(request, "regenerate", {"form": form, "row": row})
    form = RegenerateForm(request.POST, policy=policy, now=now)
    if not form.is_valid():
        return show(request, "regenerate", {"form": form, "row": row}, status=422)
    if asked_first := recheck_first(request, policy):
        return asked_first
    data = form.cleaned_data
    try:
        token, secret = lifecycle.regenerate_token(
            token,
            expires_at=data["expires_at"],
            overlap=data.get("overlap", NO_OVERLAP),
            replaces=data["replaces"],
            by=actor_of(request),
            now=now,
        )
    except Refused as refusal:
        return refused(request, token, refusal)
    return shown_once(request, token, secret)


@with_token
def token_end_secret(request: SignedInRequest, token: AccessToken, secret_id: int) -> HttpResponse:
    """A GET asks, a POST ends the old secret that lives on."""
    now = timezone.now()
    try:
        if request.method != "POST":
            old = secret_row(secret_to_end(token, secret_id, now=now), token, now=now)
            return show(request, "end_secret", {"row": row_of(token, now=now), "old": old})
        changed = lifecycle.end_secret(token, secret_id, by=actor_of(request), now=now)
    except Refused as refusal:
        return refused(request, token, refusal)
    sentence = f"The old secret of {token.name} was ended."
    return done(request, changed, sentence, page=reverse("tokens:detail", args=[token.pk]))
