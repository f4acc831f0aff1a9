"""The list of every token of the portal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.requests import SignedInRequest
from tokens.admin.filters import ChoiceFilter, PersonFilter, parse_id
from tokens.admin.listing import ListAdmin
from tokens.admin.search import people_ids, starts_with
from tokens.domain.names import name_key
from tokens.domain.states import State, in_state, reminder_window, state_of
from tokens.models import AccessToken, Policy, TokenSecret

_MOST_FOUND = 100


@dataclass(frozen=True, slots=True)
class TokenLine:
    """What list and page show of a token."""

    token: AccessToken
    state: State

    @property
    def note(self) -> str:
        """Why it was revoked; of others their end is shown."""
        return self.token.why_revoked if self.state is State.REVOKED else ""

    @property
    def can_revoke(self) -> bool:
        return self.state is not State.REVOKED


class StateFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"
    anything = "All states"
    options = [(state.value, state.value.capitalize()) for state in State]

    def narrow(self, chosen: str) -> Q:
        return in_state(State(chosen), now=timezone.now(), window=reminder_window(Policy.current()))


class UseFilter(ChoiceFilter):
    title = "Use"
    parameter_name = "used"
    anything = "Used or not"
    options = [("never", "Never used"), ("30", "Unused for 30 days"), ("90", "Unused for 90 days")]

    def narrow(self, chosen: str) -> Q:
        if chosen == "never":
            return Q(last_used_at=None)
        before = timezone.now() - timedelta(days=int(chosen))
        # A token made only yesterday is not unused for 30 days.
        return Q(last_used_at__lt=before) | Q(last_used_at=None, created_at__lt=before)


class OwnerFilter(PersonFilter):
    title = "Owner"
    parameter_name = "owner"

    def of_person(self, user_id: int) -> Q:
        return Q(owner_id=user_id)


class TokenAdmin(ListAdmin):
    change_list_template = "admin/tokens.html"
    list_filter = (StateFilter, UseFilter, OwnerFilter)
    list_select_related = ("owner",)
    ordering = ("-pk",)
    search_label = "Start of a name or e-mail, hint or id"

    def matching(self, term: str) -> Q:
        found = starts_with("name_key", name_key(term)) | Q(owner_id__in=people_ids(term))
        number = parse_id(term)
        return found | Q(pk__in=_with_hint(term) if number is None else [number])

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessToken]:
        return with_hints()

    def rows(self, request: SignedInRequest, page: Iterable[AccessToken]) -> list[TokenLine]:
        return lines(page, now=timezone.now())


def _with_hint(term: str) -> list[int]:
    """The tokens whose hint this is; people type three dots for the one character."""
    hint = term.replace("...", "…")
    secrets = TokenSecret.objects.filter(hint=hint, replaced_at=None) if "…" in hint else TokenSecret.objects.none()
    return list(secrets.values_list("token_id", flat=True)[:_MOST_FOUND])


def with_hints() -> QuerySet[AccessToken]:
    """Tokens with their owner and the hint of their current secret; no digest leaves the database."""
    current = TokenSecret.objects.filter(replaced_at=None).only("token_id", "hint", "replaced_at")
    return AccessToken.objects.select_related("owner").prefetch_related(Prefetch("secrets", current))


def lines(tokens: Iterable[AccessToken], *, now: datetime) -> list[TokenLine]:
    window = reminder_window(Policy.current())
    return [TokenLine(token, state_of(token, now=now, window=window)) for token in tokens]
