"""What every form of the owner's pages does."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.http import QueryDict

from tokens.errors import HoldsSecret, Refused
from tokens.models import Policy
from tokens.secret_format import holds_secret

T = TypeVar("T")


def asked(rule: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """The domain's answer; its refusal becomes the field's error."""
    try:
        return rule(*args, **kwargs)
    except Refused as refused:
        raise forms.ValidationError(refused.message, code=refused.code) from refused


class SecretFreeForm(forms.Form):
    """A form in which a typed secret is refused, and taken out before anything can echo it."""

    def __init__(self, data: QueryDict | None = None, *, policy: Policy, **kwargs: Any) -> None:
        self.policy = policy
        self.held_secret: list[str] = []
        super().__init__(self._without_secrets(data), **kwargs)

    def _without_secrets(self, data: QueryDict | None) -> QueryDict | None:
        if data is None:
            return None
        clean = data.copy()
        for name, values in data.lists():
            if any(holds_secret(str(text), settings.TOKEN_PREFIXES) for text in (name, *values)):
                del clean[name]
                self.held_secret.append(name)
        return clean

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.held_secret if self.is_bound else ():
            field = name if name in self.fields else None
            self.errors.pop(field or "__all__", None)
            self.add_error(field, HoldsSecret.message)

    def refuse(self, refused: Refused) -> None:
        """Show what the domain refused beside its field, or above them all."""
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)
