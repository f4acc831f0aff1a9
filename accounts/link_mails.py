"""Sending the mails with a link that somebody waits for: at once, and whoever waits is told when none was sent."""

import time
from collections.abc import Iterator, Mapping
from math import ceil

import structlog
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize

from accounts.mails import message_of

_APP = "allauth.account"
_CONFIRM, _RESET = "confirm_email", "reset_password"
# By kinds of mail, as in WORDINGS; every other one counts as _CONFIRM.
_LIMITS = {"password_reset_key": _RESET, "unknown_account": _RESET}
log = structlog.get_logger(__name__)


class MailNotSent(ImmediateHttpResponse):  # type: ignore[misc]  # allauth ships no types
    """Its `response` leads to where the mail can be asked for again; the message that says so waits there."""


def send_link(request: HttpRequest, kind: str, email: str, links: Mapping[str, str]) -> None:
    """The mail of that kind, see `message_of`. Not within a transaction: a slow server would hold its locks.

    Raises MailNotSent, and then the try doesn't count for allauth's limit of the address. Nothing in that
    depends on whether somebody has an account with it.
    """
    try:
        message_of(kind, email, links).send()
    except (OSError, UnicodeError) as error:  # the latter for a domain that is too long once it is encoded
        # Its name alone: what servers say repeats the address.
        log.warning("mail not sent", kind=kind, error=type(error).__name__)
        limit = _LIMITS.get(kind, _CONFIRM)
        _give_back(request, limit, email)
        page, advice = _how_to_go_on(request, limit, email)
        messages.error(request, advice)
        raise MailNotSent(redirect(page)) from None


def _how_to_go_on(request: HttpRequest, limit: str, email: str) -> tuple[str, str]:
    """The page where the mail is asked for again, and what it says."""
    if limit == _RESET:
        how = "Check the address, and try again in a few minutes."
        return "account_reset_password", f"The mail could not be sent just now. {how}"
    if request.user.is_authenticated:
        how = "Check the address, and send it again in a few minutes."
        return "account_email", f"The mail to {email} could not be sent just now. {how}"
    how = "Wait a few minutes, then sign in: that sends it again."
    return "account_login", f"The mail with the link to confirm your address could not be sent just now. {how}"


def send_confirmation(request: HttpRequest, address: EmailAddress) -> None:
    """The mail with the link that confirms the address, or a message that says when it can be sent.

    allauth sends one in three minutes and says nothing of the others. The link of that one may be dead: a
    change that was cancelled and asked for again has another.

    Raises MailNotSent.
    """
    if not send_verification_email_to_address(request, address):
        minutes = _minutes_to_wait(request, _CONFIRM, address.email)
        advice = f"If it doesn't come or its link doesn't work, try again in {minutes} minute{pluralize(minutes)}."
        messages.warning(request, f"A mail to {address.email} was sent a moment ago. {advice}")


# --- allauth's limits of mails to one address ---------------------------------------------------


def _give_back(request: HttpRequest, limit: str, email: str) -> None:
    """The last mail counts no more. That of the visitor's own address stays: it bounds failing tries too."""
    for rate, row, times in _counted(request, limit, email):
        if times:
            ratelimit.SingleRateLimitUsage(row, rate.duration, times[0]).rollback()


def _minutes_to_wait(request: HttpRequest, limit: str, email: str) -> int:
    ends = [
        times[rate.amount - 1] + rate.duration
        for rate, _row, times in _counted(request, limit, email)
        if len(times) >= rate.amount
    ]
    return max(1, ceil((max(ends, default=0) - time.time()) / 60))


def _counted(request: HttpRequest, limit: str, email: str) -> Iterator[tuple[ratelimit.Rate, str, list[float]]]:
    """Each limit with its row in the cache, and the times of what it counts, the last one first."""
    for rate in ratelimit.get_rates(app=_APP, action=limit):
        if rate.per == "key":
            row = ratelimit.get_cache_key(request, app=_APP, action=limit, rate=rate, key=email.lower())
            yield rate, row, cache.get(row, [])
