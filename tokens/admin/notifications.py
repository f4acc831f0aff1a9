"""The outbox: what waits, and what could not be delivered."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from accounts.activity import kind_text
from accounts.actor import actor_of
from accounts.models import User
from accounts.requests import SignedInRequest
from tokens.admin.filters import ChoiceFilter
from tokens.admin.listing import ListAdmin
from tokens.admin.responses import done, page_or_act, recheck_first
from tokens.admin.search import people_ids
from tokens.domain.outbox import Outcome, try_again
from tokens.models import Notification

_REMINDERS = {
    "reminder.first": "Reminder: expires soon",
    "reminder.last": "Reminder: last day",
    "reminder.ended": "Reminder: has expired",
}


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """`person` is None when that account is gone."""

    notification: Notification
    what: str
    person: User | None


class OutcomeFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"
    anything = "Every state"
    options = [
        ("waiting", "Waiting"),
        (Outcome.FAILED, "Given up"),
        (Outcome.SENT, "Sent"),
        (Outcome.DROPPED, "Not needed any more"),
    ]

    def narrow(self, chosen: str) -> Q:
        return Q(outcome="" if chosen == "waiting" else chosen)


class NotificationAdmin(ListAdmin):
    change_list_template = "admin/notifications.html"
    list_filter = (OutcomeFilter,)
    ordering = ("-pk",)
    search_label = "E-mail of whom it is for"

    def matching(self, term: str) -> Q:
        return Q(user_id__in=people_ids(term))

    def rows(self, request: SignedInRequest, page: Iterable[Notification]) -> list[NotificationRow]:
        shown = list(page)
        people = User.objects.in_bulk({row.user_id for row in shown})
        return [NotificationRow(row, _what(row), people.get(row.user_id)) for row in shown]


def failed_count() -> int:
    """How many were given up."""
    return Notification.objects.filter(outcome=Outcome.FAILED).count()


@page_or_act
def notification_retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """There is no page that asks: whoever comes back from the check finds the button again."""
    row = get_object_or_404(Notification, pk=pk)
    if request.method != "POST":
        return redirect(f"{reverse('admin:notifications')}?state={Outcome.FAILED}")
    if asked_first := recheck_first(request):
        return asked_first
    try_again(row, by=actor_of(request), now=timezone.now())
    return done(request, "It will be tried again now, and for three days.", "admin:notifications")


def _what(row: Notification) -> str:
    return _REMINDERS.get(row.kind) or kind_text(row.kind)
