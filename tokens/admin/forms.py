"""The forms of the console. The domain has the last word on what they hold."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict

from accounts.text import first_invisible
from tokens.domain.policy import LIMITS
from tokens.errors import HoldsSecret, Refused
from tokens.models import Policy
from tokens.models.access_token import REASON_LENGTH
from tokens.models.resource import DESCRIPTION_LENGTH, NAME_LENGTH, TITLE_LENGTH
from tokens.secret_format import holds_secret


class ConsoleForm(forms.Form):
    """A form in which a typed secret is refused, and taken out before anything can echo it."""

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        typed = data.copy() if data is not None else QueryDict(mutable=True)
        self.held_secret = [
            name for name, values in typed.lists() if holds_secret(" ".join(values), settings.TOKEN_PREFIXES)
        ]
        for name in self.held_secret:
            typed[name] = ""
        super().__init__(None if data is None else typed, **kwargs)

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.held_secret:
            field = name if name in self.fields else None
            self.errors.pop(field or "__all__", None)
            self.add_error(field, HoldsSecret.message)

    def refuse(self, refusal: Refused) -> None:
        """Show what the domain refused beside its field, or above them all."""
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)


def _refuse_invisible(text: str) -> None:
    if invisible := first_invisible(text):
        raise forms.ValidationError(f"Take out the invisible character {invisible}.")


def _text(label: str, most: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, validators=[_refuse_invisible], **kwargs)


class RevokeForm(ConsoleForm):
    reason = _text(
        "Reason",
        REASON_LENGTH,
        help_text="The owner reads it, and so does whoever audits this portal.",
        error_messages={"required": "Say why: the owner reads it."},
    )


class EditResourceForm(ConsoleForm):
    title = _text("Title", TITLE_LENGTH, help_text="What people read: “Deployments API”.")
    description = _text("Description", DESCRIPTION_LENGTH, required=False)


class RegisterResourceForm(EditResourceForm):
    name = _text("Name", NAME_LENGTH, help_text="Scopes are made of it, for good: deployments:read.")

    field_order = ["name", "title", "description"]


def _number(name: str, label: str, help_text: str = "") -> forms.IntegerField:
    least, most = LIMITS[name]
    wrong = dict.fromkeys(("invalid", "min_value", "max_value"), f"Use a whole number from {least} to {most:,}.")
    return forms.IntegerField(label=label, min_value=least, max_value=most, help_text=help_text, error_messages=wrong)


class PolicyForm(ConsoleForm):
    """Shows what the policy is; gives `cleaned_data` as `change_policy` takes it."""

    default_days = _number("default_days", "Default life, in days", "What a new token is offered first.")
    longest_days = _number("longest_days", "Longest life, in days", "No token may be made or regenerated for longer.")
    tokens_per_owner = _number("tokens_per_owner", "Tokens per owner", "Revoked and expired tokens don't count.")
    reminder_days = _number("reminder_days", "Reminder window, in days", "From when on a token counts as expiring.")
    recheck_minutes = _number(
        "recheck_minutes", "Age of a password check, in minutes", "Then acts that matter ask again."
    )
    keep_expired_days = _number("keep_expired_days", "Keep expired tokens, in days", "They are cleaned up after that.")
    keep_activity_days = _number("keep_activity_days", "Keep activity, in days", "It is cleaned up after that.")
    full_access_allowed = forms.BooleanField(
        label="Tokens may be given full access", required=False, help_text="Tokens that have it already keep it."
    )
    overlap_allowed = forms.BooleanField(
        label="A replaced secret may live on for a while",
        required=False,
        help_text="Owners may then let the old secret work for up to 7 days after they regenerate a token.",
    )

    def __init__(self, data: QueryDict | None = None, *, policy: Policy) -> None:
        super().__init__(data, initial={name: getattr(policy, name) for name in self.base_fields})
