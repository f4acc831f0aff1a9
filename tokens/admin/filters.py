"""What narrows a list: selects in its toolbar, and links that lead to it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import User


def parse_id(text: str) -> int | None:
    """The id that `text` is, when a database can hold it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class ChoiceFilter(SimpleListFilter, ABC):
    """A select: its options as (value, words), `anything` for none of them, and the rows that each stands for.

    A value that is not among the options counts as not chosen.
    """

    options: ClassVar[Sequence[tuple[str, str]]]
    anything: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Sequence[tuple[str, str]]:
        return self.options

    @cached_property
    def chosen(self) -> str:
        value = self.value() or ""
        return value if value in dict(self.options) else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.narrow(self.chosen)) if self.chosen else queryset

    @abstractmethod
    def narrow(self, chosen: str) -> Q: ...


class LinkFilter(SimpleListFilter, ABC):
    """Set by a link on another page; the list says so, and offers to take it off.

    A value that `narrow` can't understand, for which it returns None, counts as not set.
    """

    is_link = True

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Iterable[tuple[str, str]]:
        return ()

    def has_output(self) -> bool:
        return True

    @cached_property
    def condition(self) -> Q | None:
        value = self.value()
        return self.narrow(value) if value else None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.condition is None else queryset.filter(self.condition)

    @abstractmethod
    def narrow(self, value: str) -> Q | None: ...

    @abstractmethod
    def described(self) -> str:
        """What it is set to, in words."""
        ...

    def without(self) -> str:
        """The query string that takes it off."""
        others = self.request.GET.copy()
        for name in (self.parameter_name or "", "p"):
            others.pop(name, None)
        return "?" + others.urlencode()


class PersonFilter(LinkFilter):
    """Rows of one person, by user id."""

    def narrow(self, value: str) -> Q | None:
        number = parse_id(value)
        return None if number is None else self.of_person(number)

    @abstractmethod
    def of_person(self, user_id: int) -> Q: ...

    def described(self) -> str:
        number = parse_id(self.value() or "") or 0
        return str(User.objects.filter(pk=number).first() or f"user {number}")
