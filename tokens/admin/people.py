"""Everybody who has an account: to be looked at, kept out and let in again."""

from collections.abc import Callable

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actor import actor_of
from accounts.models import User
from accounts.people import CannotDeactivate, deactivate_user, reactivate_user
from accounts.requests import SignedInRequest
from tokens.admin.filters import ChoiceFilter, parse_id
from tokens.admin.listing import ListAdmin
from tokens.admin.responses import done, page_or_act, recheck_first


class ActiveFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"
    anything = "All states"
    options = [("active", "Active"), ("deactivated", "Deactivated")]

    def narrow(self, chosen: str) -> Q:
        return Q(deactivated_at__isnull=chosen == "active")


class RoleFilter(ChoiceFilter):
    title = "Role"
    parameter_name = "role"
    anything = "All roles"
    options = [("administrator", "Administrators"), ("person", "Other people"), ("service", "Service accounts")]

    def narrow(self, chosen: str) -> Q:
        administrators = Q(is_staff=True, is_superuser=True)
        return {
            "administrator": administrators,
            "person": Q(is_service=False) & ~administrators,
            "service": Q(is_service=True),
        }[chosen]


class PersonAdmin(ListAdmin):
    change_list_template = "admin/people.html"
    list_filter = (ActiveFilter, RoleFilter)
    ordering = ("-pk",)
    search_label = "Start of an e-mail or name, or id"

    def matching(self, term: str) -> Q:
        found = Q(email__startswith=term.lower()) | Q(name__istartswith=term)
        number = parse_id(term)
        return found if number is None else found | Q(pk=number)


@require_safe
def person_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    return render(request, "admin/person.html", {"person": person, "living": _living_tokens(person)})


@page_or_act
def person_deactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_or_do(request, pk, "deactivate", deactivate_user)


@page_or_act
def person_reactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_or_do(request, pk, "reactivate", reactivate_user)


def _ask_or_do(request: SignedInRequest, pk: int, name: str, act: Callable[..., User]) -> HttpResponse:
    """A GET asks, a POST does it."""
    person, refusal = get_object_or_404(User, pk=pk), ""
    if request.method == "POST":
        if asked_first := recheck_first(request):
            return asked_first
        try:
            act(person, by=actor_of(request), now=timezone.now())
        except CannotDeactivate as cannot:
            refusal = cannot.message
        else:
            return done(request, f"{person} was {name}d.", "admin:person", pk)
    context = {"person": person, "living": _living_tokens(person), "refusal": refusal}
    return render(request, f"admin/person_{name}.html", context, status=409 if refusal else 200)


def _living_tokens(person: User) -> int:
    """How many tokens stop working with their owner, and work again."""
    return person.tokens.filter(revoked_at=None, disabled_at=None, expires_at__gt=timezone.now()).count()
