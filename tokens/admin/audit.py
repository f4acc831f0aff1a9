"""The audit log: to be read. No form here or elsewhere changes or deletes an event."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.activity import ActivityRow, activity_row, kind_text
from accounts.audit import AuditEvent
from accounts.requests import SignedInRequest
from tokens.admin.filters import ChoiceFilter, LinkFilter, PersonFilter, parse_id
from tokens.admin.listing import ListAdmin
from tokens.admin.search import people_ids
from tokens.models import Policy


class SubjectTypeFilter(ChoiceFilter):
    title = "About"
    parameter_name = "about"
    anything = "About everything"
    options = [("token", "Tokens"), ("user", "People"), ("resource", "Resources"), ("policy", "Policy")]

    def narrow(self, chosen: str) -> Q:
        return Q(subject_type=chosen)


class ChannelFilter(ChoiceFilter):
    title = "Way"
    parameter_name = "channel"
    anything = "By any way"
    options = [
        ("web", "In the browser"),
        ("api", "Over the API"),
        ("command", "On the command line"),
        ("job", "By a job"),
        ("service", "By a service"),
    ]

    def narrow(self, chosen: str) -> Q:
        return Q(channel=chosen)


class PeriodFilter(ChoiceFilter):
    title = "When"
    parameter_name = "days"
    anything = "At any time"
    options = [("1", "Last 24 hours"), ("7", "Last 7 days"), ("30", "Last 30 days"), ("90", "Last 90 days")]

    def narrow(self, chosen: str) -> Q:
        return Q(at__gte=timezone.now() - timedelta(days=int(chosen)))


class KindFilter(LinkFilter):
    title = "Kind"
    parameter_name = "kind"

    def narrow(self, value: str) -> Q | None:
        return None if "\0" in value else Q(kind=value)

    def described(self) -> str:
        return kind_text(self.value() or "")


class SubjectFilter(LinkFilter):
    """Everything about one token, person or resource: `token-12`."""

    title = "About"
    parameter_name = "subject"

    def narrow(self, value: str) -> Q | None:
        kind, _, number = value.rpartition("-")
        subject_id = parse_id(number)
        return None if subject_id is None or "\0" in kind else Q(subject_type=kind, subject_id=subject_id)

    def described(self) -> str:
        return (self.value() or "").replace("-", " ")


class ActorFilter(PersonFilter):
    title = "Done by"
    parameter_name = "actor"

    def of_person(self, user_id: int) -> Q:
        return Q(actor_id=user_id)


class OwnerFilter(PersonFilter):
    title = "Concerning"
    parameter_name = "owner"

    def of_person(self, user_id: int) -> Q:
        return Q(owner_id=user_id)


class AuditAdmin(ListAdmin):
    change_list_template = "admin/audit.html"
    list_filter = (
        SubjectTypeFilter,
        ChannelFilter,
        PeriodFilter,
        KindFilter,
        SubjectFilter,
        ActorFilter,
        OwnerFilter,
    )
    ordering = ("-at", "-pk")
    search_label = "E-mail of whom it concerns or who did it"

    def matching(self, term: str) -> Q:
        ids = people_ids(term)
        return Q(owner_id__in=ids) | Q(actor_id__in=ids)

    def changelist_view(  # type: ignore[override]  # whoever gets here is signed in
        self, request: SignedInRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        kept_days = Policy.current().keep_activity_days
        return super().changelist_view(request, {"kept_days": kept_days, **(extra_context or {})})

    def rows(self, request: SignedInRequest, page: Iterable[AuditEvent]) -> list[ActivityRow]:
        return [activity_row(event, viewer=request.user) for event in page]


@require_safe
def audit_event(request: SignedInRequest, pk: int) -> HttpResponse:
    row = activity_row(get_object_or_404(AuditEvent, pk=pk), viewer=request.user)
    return render(request, "admin/audit_event.html", {"row": row})
