"""The forms of the owner's pages.

The rules are the domain's: each field asks it, so that all that is wrong is said at once.
"""

import secrets
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from tokens.domain import expiration
from tokens.domain.checks import allowed_scopes
from tokens.domain.names import clean_description, clean_name
from tokens.errors import Refused
from tokens.models import AccessToken, Policy
from tokens.models.access_token import NAME_LENGTH
from tokens.models.request_key import KEY_LENGTH
from tokens.networks import normalise_networks
from tokens.pages.form_base import SecretFreeForm, asked
from tokens.pages.permission_fields import PermissionFields
from tokens.pages.presentation import date_text, summary

CUSTOM = "custom"


class ExpirationForm(SecretFreeForm):
    """A duration of the offered ones, or a date."""

    expires_in = forms.ChoiceField(
        label="Expiration", error_messages={"invalid_choice": "Choose one of the offered expirations."}
    )
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Write the date as 2027-01-31."},
    )

    def __init__(self, data: QueryDict | None = None, *, policy: Policy, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(data, policy=policy, **kwargs)
        zone = timezone.get_current_timezone()
        field = self.fields["expires_in"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(self._choices())
        field.initial = str(policy.default_days)
        self.fields["expires_on"].widget.attrs |= {
            "min": str(timezone.localdate(now) + timedelta(days=1)),
            "max": str(expiration.last_day(policy, now=now, zone=zone)),
        }

    def _choices(self) -> Iterator[tuple[str, str]]:
        for days in expiration.offered_days(self.policy):
            end = expiration.after_days(days, now=self.now)
            yield str(days), f"{days} days ({date_text(end)})"
        yield CUSTOM, "Custom date"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            data["expires_at"] = self._expires_at(data.get("expires_in"), data.get("expires_on"))
        except forms.ValidationError as error:
            self.add_error("expires_on", error)
        return data

    def _expires_at(self, choice: str | None, day: date | None) -> datetime | None:
        if choice != CUSTOM:
            return expiration.after_days(int(choice), now=self.now) if choice else None
        if day is None:
            raise forms.ValidationError([] if "expires_on" in self.errors else "Choose a date.")
        if day <= timezone.localdate(self.now):
            raise forms.ValidationError("Choose a day from tomorrow on.")
        end = expiration.at_end_of(day, zone=timezone.get_current_timezone())
        return asked(expiration.check_expiration, end, policy=self.policy, now=self.now)


class TokenForm(PermissionFields):
    """What new and edit have in common."""

    name = forms.CharField(
        label="Name",
        required=False,
        strip=False,
        help_text=f"What will use it. Up to {NAME_LENGTH} characters.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(label="Description", required=False, strip=False)
    allowed_networks = forms.CharField(
        label="Allowed networks",
        required=False,
        help_text="One CIDR range a line, such as 203.0.113.0/24. From elsewhere the token is refused; "
        "empty, it may be used from anywhere.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    field_order = ("name", "description", "expires_in", "expires_on", "scopes")

    def clean_name(self) -> str:
        return asked(clean_name, self.cleaned_data["name"])[0]

    def clean_description(self) -> str:
        return asked(clean_description, self.cleaned_data["description"])

    def summary(self) -> str:
        """The sentence that says what the form, as it stands, would make."""
        if self.is_bound:
            self.full_clean()
        chosen = self.cleaned_data.get("scopes") if self.is_bound else self.granted
        return summary(chosen or [], self.end())

    @abstractmethod
    def end(self) -> datetime | None:
        """When the token would end, None while that is not chosen."""

    def clean_allowed_networks(self) -> list[str]:
        return asked(normalise_networks, self.cleaned_data["allowed_networks"].replace(",", "\n").split("\n"))


class NewTokenForm(TokenForm, ExpirationForm):
    form_key = forms.CharField(
        max_length=KEY_LENGTH,
        widget=forms.HiddenInput,
        error_messages={"required": "This form was incomplete. Send it again.", "max_length": "Send the form again."},
    )

    def __init__(self, data: QueryDict | None = None, *, left_out: Sequence[str] = (), **kwargs: Any) -> None:
        """`left_out` are scopes that were asked for and are not preselected."""
        super().__init__(data, **kwargs)
        self.left_out = left_out
        self.fields["form_key"].initial = _new_form_key()

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and "form_key" in self.errors:  # the form that says so can be sent again
            assert isinstance(self.data, QueryDict)
            self.data = data = self.data.copy()
            data["form_key"] = _new_form_key()

    def clean_scopes(self) -> list[str]:
        chosen = self.chosen_scopes()
        asked(allowed_scopes, chosen, policy=self.policy)
        return chosen

    def end(self) -> datetime | None:
        if self.is_bound:
            return self.cleaned_data.get("expires_at")
        day = self["expires_on"].value()
        return self._expires_at(str(self["expires_in"].value()), date.fromisoformat(day) if day else None)


def _new_form_key() -> str:
    return secrets.token_urlsafe(24)


class EditTokenForm(TokenForm):
    """`version` is the state of the token that the form shows."""

    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, token: AccessToken, **kwargs: Any) -> None:
        initial = {
            "name": token.name,
            "description": token.description,
            "allowed_networks": "\n".join(token.allowed_networks),
            "version": token.updated_at.isoformat(),
        }
        super().__init__(data, granted=token.scope_list, initial=initial, **kwargs)
        self.token = token

    def over(self, token: AccessToken, conflict: Refused) -> "EditTokenForm":
        """The same typed values over what the token is now, so that saving again overwrites it knowingly."""
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        token.refresh_from_db()
        data["version"] = token.updated_at.isoformat()
        form = EditTokenForm(data, policy=self.policy, token=token)
        form.full_clean()
        form.add_error(None, conflict.message)
        return form

    def end(self) -> datetime | None:
        return self.token.expires_at

    def clean_version(self) -> datetime:
        try:
            return datetime.fromisoformat(self.cleaned_data["version"])
        except ValueError:
            raise forms.ValidationError("This form was incomplete. Reload the page.") from None

    def clean_scopes(self) -> list[str]:
        return self.chosen_scopes()


class RegenerateForm(ExpirationForm):
    """`replaces` is the id of the secret that the person saw; `overlap` is there where the policy allows one."""

    overlap = forms.ChoiceField(
        label="Keep the old secret working for",
        initial=0,
        required=False,
        choices=[(0, "Not at all"), (3600, "1 hour"), (86400, "24 hours"), (604800, "7 days")],
        help_text="Both work until then, so that you can change whatever uses it without a hurry.",
        error_messages={"invalid_choice": "Choose one of the offered times."},
    )
    replaces = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: QueryDict | None = None, *, policy: Policy, **kwargs: Any) -> None:
        super().__init__(data, policy=policy, **kwargs)
        # Who asks for one is answered, not passed over: the policy may have changed under the form.
        if not (policy.overlap_allowed or (data and data.get("overlap", "0") != "0")):
            del self.fields["overlap"]

    def clean_overlap(self) -> timedelta:
        overlap = timedelta(seconds=int(self.cleaned_data["overlap"] or 0))
        asked(expiration.check_overlap, overlap, policy=self.policy)
        return overlap
