"""The banner of tokens that end soon or have ended, or are dead and still used, on every signed-in page."""

from dataclasses import replace

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from tokens.domain.expiry import banner_tokens
from tokens.pages.presentation import TokenRow, token_row
from tokens.pages.tries import with_tries


def expiring(request: HttpRequest) -> dict[str, object]:
    """A context processor; nothing is asked of the database until a template shows the banner."""
    return {"expiring": SimpleLazyObject(lambda: banner_rows(request))}


def banner_rows(request: HttpRequest) -> list[TokenRow]:
    if not isinstance(request.user, User) or not request.user.is_authenticated:
        return []
    now = timezone.now()
    # The flag decides: one that was set before an administrator shortened the window is an ending token too.
    return [
        replace(token_row(token, now=now, window=token.expires_at - now), tried=tried)
        for token, tried in with_tries(banner_tokens(request.user, now=now), request.user, now=now)
    ]
