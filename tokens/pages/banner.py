"""The banner of tokens that end soon or have ended, on every signed-in page."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from tokens.domain.expiry import banner_tokens
from tokens.pages.presentation import TokenRow, token_row


def expiring(request: HttpRequest) -> dict[str, object]:
    """A context processor; nothing is asked of the database until a template shows the banner."""
    return {"expiring": SimpleLazyObject(lambda: banner_rows(request))}


def banner_rows(request: HttpRequest) -> list[TokenRow]:
    if not isinstance(request.user, User) or not request.user.is_authenticated:
        return []
    now = timezone.now()
    # The flag decides: one that was set before an administrator shortened the window is an ending token too.
    return [token_row(token, now=now, window=token.expires_at - now) for token in banner_tokens(request.user, now=now)]
