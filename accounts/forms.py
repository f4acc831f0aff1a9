"""The form of the profile."""

import unicodedata
from collections.abc import Iterator

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import User
from accounts.time_zones import all_time_zones

# Marks that reorder the text around them (Unicode UAX #9): a name could be made to read as another.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Control characters, line and paragraph separators, lone surrogates (which no database stores).
_REFUSED_CATEGORIES = frozenset({"Cc", "Zl", "Zp", "Cs"})


def refuse_invisible(text: str) -> None:
    for character in text:
        if character in _BIDI_CONTROLS or unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise ValidationError(f"Take out the invisible character U+{ord(character):04X}.")


class ProfileForm(forms.Form):
    """Shows what `user` has; gives `cleaned_data` as `change_profile` takes it."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        validators=[refuse_invisible],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(label="Time zone", required=False)
    theme = forms.ChoiceField(label="Theme", choices=User.Theme.choices, widget=forms.RadioSelect)

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data, initial={"name": user.name, "time_zone": user.time_zone, "theme": user.theme})
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(_zone_choices(user.time_zone))


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
