"""The Permissions part of a form: none, full, or a level for each resource."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from tokens import scopes
from tokens.models import Resource
from tokens.pages.form_base import SecretFreeForm

NONE, SELECTED = "none", "selected"
PERMISSION_PREFIX = "permission_"
_ROTATE = "rotate"
_READ_ROTATE = "read-rotate"


@dataclass(frozen=True)
class PermissionRow:
    resource: Resource
    field: forms.BoundField


class PermissionFields(SecretFreeForm):
    """Adds `scopes` (`none`, `full`, `selected`) and `permission_<resource>` (``, `read`, `write`).

    `scopes` also takes scopes themselves, as links do: `scopes=deployments:read`. `granted` are the
    scopes that the form starts from.
    """

    def __init__(self, data: QueryDict | None = None, *, granted: Iterable[str] = (), **kwargs: Any) -> None:
        self.resources = list(Resource.objects.all())
        self.granted = list(granted)
        initial = {**fields_of(self.granted), **kwargs.pop("initial", {})}
        super().__init__(data, initial=initial, **kwargs)
        self.fields["scopes"] = self._access_field()
        self.fields |= {_field_name(resource.name): self._level_field(resource) for resource in self.resources}
        self.order_fields(self.field_order)

    def _without_secrets(self, data: QueryDict | None) -> QueryDict | None:
        # Only then: of a posted scope the fields' names are made, and they would be repeated.
        return _spread(super()._without_secrets(data))

    def _access_field(self) -> forms.ChoiceField:
        choices = [(NONE, "No access"), (scopes.FULL, "Full access"), (SELECTED, "Selected permissions")]
        if not self.policy.full_access_allowed and scopes.FULL not in self.granted:
            choices.pop(1)
        messages = {"invalid_choice": "There is no such permission."}
        return forms.ChoiceField(
            label="Permissions", choices=choices, required=False, widget=forms.RadioSelect, error_messages=messages
        )

    def _level_field(self, resource: Resource) -> forms.ChoiceField:
        name = _field_name(resource.name)
        said = {str(self.data.get(name)), fields_of(self.granted).get(name)}
        return forms.ChoiceField(
            label=resource.title,
            choices=_levels(resource, may_both=_READ_ROTATE in said),
            required=False,
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": "Choose one of the offered permissions."},
        )

    @property
    def permission_rows(self) -> list[PermissionRow]:
        return [PermissionRow(resource, self[_field_name(resource.name)]) for resource in self.resources]

    def chosen_scopes(self) -> list[str]:
        """The scopes of the cleaned form. `introspect`, which no form gives, stays where it was."""
        access = self.cleaned_data["scopes"]
        if access != SELECTED:
            return [scopes.FULL] if access == scopes.FULL else []
        self._refuse_unknown()
        kept = [scope for scope in self.granted if scope == scopes.INTROSPECT]
        chosen = kept + [scope for resource in self.resources for scope in self._level_scopes(resource)]
        if not chosen:
            raise forms.ValidationError("Choose at least one permission, or “No access”.")
        return chosen

    def _refuse_unknown(self) -> None:
        for name in self.data:
            if _is_level(name) and name not in self.fields:
                raise forms.ValidationError(f"There is no permission “{name.removeprefix(PERMISSION_PREFIX)[:60]}”.")

    def _level_scopes(self, resource: Resource) -> list[str]:
        # The levels are cleaned after `scopes`, so they are read as they came; an unknown one is an
        # error of its own field.
        level = self[_field_name(resource.name)].value() or ""
        return [f"{resource.name}:{action}" for action in str(level).split("-") if action in _ACTIONS]


_ACTIONS = (*scopes.ACTIONS, _ROTATE)


def fields_of(granted: Iterable[str]) -> dict[str, str]:
    """The values of the fields that stand for these scopes."""
    chosen = set(granted)
    if not chosen or scopes.FULL in chosen:
        return {"scopes": scopes.FULL if chosen else NONE}
    return _selected(chosen)


def scopes_of(data: QueryDict) -> list[str]:
    """The scopes that posted fields stand for, registered or not; none for No access and Full access."""
    spread = _spread(data) or data
    if spread.get("scopes") != SELECTED:
        return []
    levels = {name.removeprefix(PERMISSION_PREFIX): str(level) for name, level in spread.items() if _is_level(name)}
    return [f"{name}:{action}" for name, level in levels.items() for action in level.split("-") if action]


def _selected(chosen: set[str]) -> dict[str, str]:
    actions = defaultdict(set)
    for name, _, action in (scope.partition(":") for scope in chosen):
        actions[name].add(action)
    return {"scopes": SELECTED} | {_field_name(name): _level_of(name, named) for name, named in actions.items()}


def _level_of(name: str, actions: set[str]) -> str:
    """An action that doesn't exist stays in it, and the field will refuse it."""
    if "write" in actions:
        actions -= {"read", _ROTATE} if name == scopes.PORTAL else {"read"}
    return "-".join(sorted(actions))


def _levels(resource: Resource, *, may_both: bool) -> list[tuple[str, str]]:
    levels = [("", "None"), ("read", "Read"), ("write", "Write")]
    if resource.name == scopes.PORTAL:
        levels.insert(2, (_ROTATE, "Rotate"))
        if may_both:
            levels.insert(3, (_READ_ROTATE, "Read and rotate"))
    return levels


def _spread(data: QueryDict | None) -> QueryDict | None:
    """Scopes that were posted as such, as the fields that stand for them."""
    values = data.getlist("scopes") if data is not None else []
    words = {word for value in values for word in value.replace(",", " ").split()}
    if data is None or not any(":" in word for word in words):
        return data
    spread = data.copy()
    for name, value in _selected(words).items():
        spread[name] = value
    return spread


def _is_level(name: str) -> bool:
    return name.startswith(PERMISSION_PREFIX)


def _field_name(resource: str) -> str:
    return PERMISSION_PREFIX + resource
