"""allauth's forms, where its rules are not ours."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
    UserTokenForm,
)
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, QueryDict
from django.shortcuts import render

from accounts.account_events import record_account
from accounts.forms import REFUSED_SECRET
from accounts.link_mails import MailNotSent, send_confirmation
from accounts.models import User
from accounts.recheck import hold_account, resumed_input

LABELS = {
    "Email": "E-mail address",
    "Current Password": "Current password",
    "New Password": "New password",
    "New Password (again)": "New password (again)",
}
RULES = "At least 10 characters: nothing common, not digits alone, not like your name or address."


class PlainWords(forms.Form):
    """Labels in the words of the pages, help in one sentence, and no placeholder that says a label again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = LABELS.get(str(field.label), field.label)
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self.fields["password1"].help_text = RULES


class SecretFreeAddress(PlainWords):
    """A token's secret that was typed for an address is not shown again."""

    address_field = "email"

    def full_clean(self) -> None:
        name, held = self.address_field, self._holds_secret()
        if held:
            self.data = QueryDict(mutable=True)  # passwords are never shown again either
        super().full_clean()
        if held:
            self.errors.clear()
            self.add_error(name, REFUSED_SECRET)

    def _holds_secret(self) -> bool:
        return self.is_bound and bool(settings.HOLDS_SECRET(str(self.data.get(self.address_field, ""))))


class SignInForm(SecretFreeAddress, LoginForm):  # type: ignore[misc]  # allauth ships no types
    address_field = "login"


class SignUpForm(SecretFreeAddress, SignupForm):  # type: ignore[misc]  # allauth ships no types
    def validate_unique_email(self, value: str) -> str:
        """Taken is the address that a person has: not one that somebody only asked to change to, which
        would keep its owner out, nor that of a service account.
        """
        email = str(get_adapter().validate_unique_email(value))
        self.account_already_exists = User.objects.filter(email=email, is_service=False).exists()
        return email

    def try_save(self, request: HttpRequest) -> Any:
        """allauth's answer for a taken address, also when somebody took it a moment ago."""
        if self.account_already_exists:
            # As slow as making an account: the time must not tell which addresses are here.
            User().set_password(self.cleaned_data["password1"])
            return super().try_save(request)
        try:
            return super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            return super().try_save(request)


class ChangeEmailForm(SecretFreeAddress, AddEmailForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begins with what was typed before "Confirm it's you"."""
        typed = resumed_input(context.request) or QueryDict()
        kwargs["initial"] = {**kwargs.get("initial", {}), "email": typed.get("email", "")}
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "New e-mail address"

    def save(self, request: HttpRequest) -> EmailAddress:
        """The new address waits for its confirmation; the mail leaves once that is committed."""
        address = self._ask_for_change(request)
        send_confirmation(request, address)
        return address

    @transaction.atomic
    def _ask_for_change(self, request: HttpRequest) -> EmailAddress:
        hold_account(self.user, request)
        email = self.cleaned_data["email"]
        address = EmailAddress.objects.add_new_email(request, self.user, email, send_verification=False)
        before, after = {"email": self.user.email}, {"email": address.email}
        record_account("email_change_requested", self.user, request=request, before=before, after=after)
        return address


class ResetPasswordByMailForm(SecretFreeAddress, ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    users: list[User]

    def clean_email(self) -> str:
        """Only by the address that the person has, not by one that waits for its confirmation."""
        email = str(super().clean_email())
        self.users = [user for user in self.users if user.email == email.lower()]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """When no mail can be sent, the page comes again with what was typed."""
        try:
            return str(super().save(request, **kwargs))
        except MailNotSent:
            raise ImmediateHttpResponse(render(request, "account/password_reset.html", {"form": self})) from None


class ConfirmForm(PlainWords, ReauthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """Confirm it's you, by the password."""


class NewPasswordForm(PlainWords, ChangePasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Change password."""


class FirstPasswordForm(PlainWords, SetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    """A password for an account that has none."""


class ForgottenPasswordForm(PlainWords, ResetPasswordKeyForm):  # type: ignore[misc]  # allauth ships no types
    """A new password by the link that was mailed."""


class ResetLinkForm(UserTokenForm):  # type: ignore[misc]  # allauth ships no types
    def clean(self) -> Any:
        """A link that was mailed before the account was deactivated is worth nothing."""
        cleaned = super().clean()
        if not self.reset_user.is_active:
            raise get_adapter().validation_error("invalid_password_reset")
        return cleaned
