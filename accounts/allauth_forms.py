"""allauth's forms, where its rules are not ours."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, ResetPasswordForm, SignupForm, UserTokenForm
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.account_events import record_account
from accounts.models import User


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth ships no types
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


class ChangeEmailForm(AddEmailForm):  # type: ignore[misc]  # allauth ships no types
    @transaction.atomic
    def save(self, request: HttpRequest) -> EmailAddress:
        """The new address waits for its confirmation; the mail leaves when this is committed."""
        address = super().save(request)
        before, after = {"email": self.user.email}, {"email": address.email}
        record_account("email_change_requested", self.user, request=request, before=before, after=after)
        return address


class ResetPasswordByMailForm(ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    users: list[User]

    def clean_email(self) -> str:
        """Only by the address that the person has, not by one that waits for its confirmation."""
        email = str(super().clean_email())
        self.users = [user for user in self.users if user.email == email.lower()]
        return email


class ResetLinkForm(UserTokenForm):  # type: ignore[misc]  # allauth ships no types
    def clean(self) -> Any:
        """A link that was mailed before the account was deactivated is worth nothing."""
        cleaned = super().clean()
        if not self.reset_user.is_active:
            raise get_adapter().validation_error("invalid_password_reset")
        return cleaned
