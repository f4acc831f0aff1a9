"""The form of the profile."""

from collections.abc import Iterator

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import MAIL_CHOICES, User
from accounts.text import first_invisible
from accounts.time_zones import all_time_zones

REFUSED_SECRET = "This is a secret. Revoke it if anyone saw it."  # noqa: S105  # a sentence about one


def refuse_unfit(text: str) -> None:
    """No character that can't be seen, and no secret: names are shown to others."""
    if invisible := first_invisible(text):
        raise ValidationError(f"Take out the invisible character {invisible}.")
    if settings.HOLDS_SECRET(text):
        raise ValidationError(REFUSED_SECRET, code="holds_secret")


class ProfileForm(forms.Form):
    """Shows what `user` has; gives `cleaned_data` as `change_profile` takes it."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        validators=[refuse_unfit],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(label="Time zone", required=False)
    theme = forms.ChoiceField(label="Theme", choices=User.Theme.choices, widget=forms.RadioSelect)
    mail_week_before = forms.BooleanField(label="When a token comes into its last days", required=False)
    mail_day_before = forms.BooleanField(label="When its last day begins", required=False)

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data, initial={name: getattr(user, name) for name in self.base_fields})
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(_zone_choices(user.time_zone))

    def mails(self) -> list[forms.BoundField]:
        """The choices of reminders."""
        return [self[name] for name in MAIL_CHOICES]

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.has_error("name", "holds_secret"):  # the page would show it again
            self.data = {**self.data, "name": ""}


def _zone_choices(current: str) -> Iterator[tuple[str, str]]:
    """The zone that the person has first, so that it is at hand; then the others in order."""
    zones = sorted(all_time_zones() - {current})
    if current:
        yield current, _zone_label(current)
    yield "", "Taken from my browser when I sign in"
    for zone in zones:
        yield zone, _zone_label(zone)


def _zone_label(zone: str) -> str:
    return zone.replace("_", " ")
