"""Where allauth asks us.

What it does to an account goes through here, and here the audit event joins the same transaction;
its signals come too late for that, after the change and after a mail that may fail.
"""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.account_events import actor_with_link, record_account, record_failed_password
from accounts.actor import caller_of
from accounts.email_changes import still_waits
from accounts.link_mails import send_link
from accounts.models import User
from accounts.passwords import change_password
from accounts.recheck import (
    address_holds_secret,
    count_as_check,
    hold_account,
    holds_no_secret,
    recheck_minutes,
    require_recheck,
)
from accounts.time_zones import all_time_zones

_LINKS = ("activate_url", "password_reset_url", "signup_url")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    # --- Who may, and how often -----------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # An account whose address nobody can confirm would be of no use.
        return bool(settings.SIGNUP_OPEN and settings.CAN_MAIL)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that its limits count by, from trusted proxies only."""
        return caller_of(request).address or "unknown"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by address alone.

        allauth adds the Host header, whose port anybody may change to be counted anew.
        """
        return str(credentials.get("email", "")).lower()

    def is_safe_url(self, url: str) -> bool:
        """Whether `next` may lead there: no secret is to stand in one more address, nor in the session."""
        return bool(super().is_safe_url(url)) and not address_holds_secret(url)

    # --- Coming and going -----------------------------------------------------------------------

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        if not user.is_active:
            record_account("sign_in_refused", user, request=request)
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    @transaction.atomic
    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        count_as_check(request)
        record_account("signed_in", user, request=request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        take_time_zone(user, request.POST.get("time_zone", ""))
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        return answer

    @transaction.atomic
    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            record_account("signed_out", request.user, request=request)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        record_failed_password(str(credentials.get("email", "")), request=request)

    # --- Changes of the account -----------------------------------------------------------------

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit)
        if commit:
            record_account("signed_up", saved, request=request, after={"email": saved.email})
        return saved

    def set_password(self, user: User, password: str) -> None:
        by_mail = self.request.resolver_match.url_name == "account_reset_password_from_key"
        if not by_mail and not self.get_reauthentication_methods(user):
            self._ask_who_it_is()  # the form asked whoever has a password for it
        by = actor_with_link(user, self.request)
        with transaction.atomic():
            hold_account(user, self.request)
            change_password(user, password, by=by, now=timezone.now(), was_reset=by_mail)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:security")

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """False, with a message that says why, when the address can't be confirmed (any more)."""
        try:
            with transaction.atomic():
                # Held, so that what ends the change (a new password, deactivation) comes before this or after it.
                email_address.user = User.objects.select_for_update().get(pk=email_address.user_id)
                failed = _what_ended(email_address)
                if not failed:
                    return self._confirm(request, email_address)
        except IntegrityError:
            failed = "failed"
        message = f"account/messages/email_confirmation_{failed}.txt"
        self.add_message(request, messages.ERROR, message, {"email": email_address.email})
        return False

    def _confirm(self, request: HttpRequest, address: EmailAddress) -> bool:
        user, old, new = address.user, address.user.email, address.email
        confirmed = bool(super().confirm_email(request, address))
        if confirmed and old == new:
            record_account("email_confirmed", user, request=request, after={"email": new})
        elif confirmed:
            record_account("email_changed", user, request=request, before={"email": old}, after={"email": new})
        return confirmed

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Asked by our own page, after as long as everywhere else.

        allauth would keep the whole request with every header in the session meanwhile, and takes an
        account with neither password nor second factor for freshly checked, always.
        """
        self._ask_who_it_is()
        return False

    def _ask_who_it_is(self) -> None:
        if answer := require_recheck(self.request, minutes=recheck_minutes(), keep=_may_be_kept):
            raise ImmediateHttpResponse(answer)

    # --- Mail -----------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail with links to BASE_URL, whatever host the request named, sent at once: nobody waits for a commit.

        Raises MailNotSent.
        """
        links = {name: settings.BASE_URL + urlsplit(context[name]).path for name in _LINKS if name in context}
        send_link(self.request, template_prefix.rpartition("/")[2], email, links)


def _may_be_kept(name: str, value: str) -> bool:
    return "password" not in name and holds_no_secret(name, value)


def _what_ended(address: EmailAddress) -> str:
    """The message, by the end of its name, of why this address can't be confirmed any more; "" if it can."""
    if not address.user.is_active:
        return "deactivated"
    return "" if still_waits(address) else "ended"


def take_time_zone(user: User, name: str) -> None:
    """Keep the browser's zone until the person chooses one."""
    if not user.time_zone and name in all_time_zones():
        user.time_zone = name
        user.save(update_fields=["time_zone"])
