"""Confirm it's you: acts that matter ask for the password again when the last check is too long ago."""

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url
from django.utils.module_loading import import_string
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from accounts.requests import PortalRequest

Keep = Callable[[str, str], bool]

_KEPT_INPUT = "recheck_input"
_KEPT_SECONDS = 15 * 60
# The session is a row that every request reads: it holds a few forms, and none of the size of a book.
_MOST_KEPT = 5
_MOST_CHARACTERS = 20_000


def holds_no_secret(name: str, value: str) -> bool:
    """What a session may hold of a form: the `keep` of the pages."""
    return not settings.HOLDS_SECRET(f"{name} {value}")


def address_holds_secret(address: str) -> bool:
    """Of a whole address or of its query, in whatever way it is quoted."""
    return bool(settings.HOLDS_SECRET(unquote_plus(address)))


def recheck_minutes() -> int:
    """For how long a check counts."""
    minutes: int = import_string(settings.RECHECK_MINUTES)()
    return minutes


def recently_checked(request: HttpRequest, *, minutes: int) -> bool:
    """Whether this person signed in or confirmed who they are within the last `minutes`.

    Not asked of allauth, for which an account without password and second factor is always fresh.
    """
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < minutes * 60


def require_recheck(
    request: PortalRequest, *, minutes: int, keep: Keep, return_to: str | None = None
) -> HttpResponse | None:
    """None when the person was checked recently; else the answer that asks them, for the view to return.

    They come back to `return_to`, by default the address of this request, by GET. What was posted is
    kept for `resumed_input`, but for the fields where `keep(name, value)` is false: no value that
    holds a secret may be kept, since a session is a row of the database.
    """
    if recently_checked(request, minutes=minutes):
        return None
    back = _with_resume(request, return_to or address_without_secret(request), keep)
    return _go(request, _where_to_confirm(request), back)


def require_sign_in(request: PortalRequest, *, keep: Keep) -> HttpResponse | None:
    """None for somebody signed in; else the way to the sign-in page and back here, as `require_recheck`.

    Most often a session has ended while somebody typed: that is kept in the new, nameless session,
    which becomes theirs when they sign in.
    """
    if request.user.is_authenticated:
        return None
    back = _with_resume(request, address_without_secret(request), keep)
    if request.htmx and request.method != "POST":
        # What htmx asked for may be a fragment: come back to the page that it was asked from.
        back = _path_of(request.htmx.current_url or "") or back
    return _go(request, resolve_url(settings.LOGIN_URL), back)


def hold_account(user: User, request: HttpRequest) -> None:
    """Hold the row of who acts until the end of the transaction.

    Raises ImmediateHttpResponse, the same page asked for anew, when a new password or a deactivation has
    ended all their sessions since the request began: what a thief does in that very moment comes to nothing.
    """
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.get_session_auth_hash() != user.get_session_auth_hash():
        raise ImmediateHttpResponse(redirect(request.path))


def address_without_secret(request: HttpRequest) -> str:
    """This request's own, without a query that holds a secret: it would stand in one more address of the history."""
    path, _, query = request.get_full_path().partition("?")
    return f"{path}?{query}" if query and not address_holds_secret(query) else path


def resumed_input(request: HttpRequest) -> QueryDict | None:
    """What this person had typed into the form at this address before they were asked who they are.

    For a form's `initial` (`.dict()`, `.getlist`) or as its data. None when `?resume=` names nothing.
    """
    kept = _fresh_input(request).get(request.GET.get("resume", ""))
    if not kept or kept["user"] not in (None, request.user.pk) or kept["path"] != request.path:
        return None
    return QueryDict(kept["fields"])


def count_as_check(request: HttpRequest) -> None:
    """Let the sign-in that has just happened count as a check on allauth's own pages too."""
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    if records:
        records[-1]["reauthenticated"] = True
        request.session.modified = True


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:  # the header is the browser's word
        return ""


def _go(request: PortalRequest, where: str, back: str) -> HttpResponse:
    address = f"{where}?{urlencode({'next': back}, safe='/')}"
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _with_resume(request: HttpRequest, back: str, keep: Keep) -> str:
    """The address, with the key of what was posted."""
    if request.method != "POST":
        return back
    key = _keep_input(request, request.user.pk, back, _without(request.POST, keep))
    return f"{back}{'&' if '?' in back else '?'}{urlencode({'resume': key})}" if key else back


def _where_to_confirm(request: HttpRequest) -> str:
    """The page that asks; an account with nothing to ask for goes through the door again."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    if methods:
        return str(methods[0]["url"])
    kept = request.session.get(_KEPT_INPUT)
    get_adapter().logout(request)
    if kept:  # each form is given back to the one who typed it alone
        request.session[_KEPT_INPUT] = kept
    return resolve_url(settings.LOGIN_URL)


def _without(posted: QueryDict, keep: Keep) -> str:
    kept = QueryDict(mutable=True)
    for name, values in posted.lists():
        if name != "csrfmiddlewaretoken":
            kept.setlist(name, [value for value in values if keep(name, value)])
    return kept.urlencode()


def _keep_input(request: HttpRequest, user_id: int | None, back: str, fields: str) -> str:
    """The key of the kept fields, or "" when there are too many of them."""
    if len(fields) > _MOST_CHARACTERS:
        return ""
    key = secrets.token_urlsafe(12)
    entry = {"user": user_id, "path": urlsplit(back).path, "at": time.time(), "fields": fields}
    others = list(_fresh_input(request).items())[1 - _MOST_KEPT :]
    request.session[_KEPT_INPUT] = {**dict(others), key: entry}
    return key


def _fresh_input(request: HttpRequest) -> dict[str, dict[str, Any]]:
    kept = request.session.get(_KEPT_INPUT, {})
    return {key: entry for key, entry in kept.items() if time.time() - entry["at"] < _KEPT_SECONDS}
