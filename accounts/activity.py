"""A person's audit events, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateformat import format as format_date

from accounts.agents import short_agent
from accounts.audit import AuditEvent
from accounts.models import User

PAGE_SIZE = 25
_LONGEST_VALUE = 200
_CHANNELS = {
    "web": "in the browser",
    "api": "over the API",
    "command": "on the server's command line",
    "job": "by the portal itself",
    "service": "by a service",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One value: `before` is None where something was made, `after` where it was taken away."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """What the page shows of an event. `who` is "" when the person did it; so is `subject` when it is about them."""

    event: AuditEvent
    what: str
    subject: str
    who: str
    channel: str
    agent: str
    changes: list[Change]


def events_of(user: User) -> QuerySet[AuditEvent]:
    """What happened to `user` and what is theirs, and what they did that is nobody's; newest first."""
    mine = Q(owner_id=user.pk) | Q(actor_id=user.pk, owner_id=None)
    return AuditEvent.objects.filter(mine).order_by("-at", "-pk")


def activity_context(user: User, *, kind: str, page: str) -> dict[str, Any]:
    """What the templates use; a kind or a page that doesn't exist counts as not asked for."""
    events = events_of(user)
    kinds = sorted((kind_text(name), name) for name in events.order_by().values_list("kind", flat=True).distinct())
    chosen = kind if kind in {name for _, name in kinds} else ""
    if chosen:
        events = events.filter(kind=chosen)
    shown: Page[AuditEvent] = Paginator(events, PAGE_SIZE).get_page(page)
    return {
        "rows": [activity_row(event, viewer=user) for event in shown],
        "page": shown,
        "kind": chosen,
        "query": _known(chosen),
        "kinds": [(name, text) for text, name in kinds],
    }


def _known(kind: str) -> QueryDict:
    """What was understood of the address, but for the page: for the links from one to another."""
    known = QueryDict(mutable=True)
    if kind:
        known["kind"] = kind
    return known


def kind_text(kind: str) -> str:
    """`token.created` as "Token created"; of one's own account only what happened, "Password changed"."""
    subject, _, act = kind.partition(".")
    words = act if subject == "user" else f"{subject} {act}"
    return words.replace("_", " ").capitalize()


def activity_row(event: AuditEvent, *, viewer: User) -> ActivityRow:
    """The event in the words of the pages; what `viewer` did is not said to be done by anybody."""
    is_self = event.subject_type == "user" and event.subject_id == viewer.pk
    return ActivityRow(
        event=event,
        what=kind_text(event.kind),
        subject="" if is_self else event.subject_name,
        who="" if event.actor_id == viewer.pk else event.actor_email,
        channel=_CHANNELS.get(event.channel, event.channel),
        agent=short_agent(event.agent),
        changes=list(_changes(event)),
    )


def _changes(event: AuditEvent) -> Iterator[Change]:
    for key in sorted({*event.before, *event.after}):
        before = value_text(key, event.before[key]) if key in event.before else None
        after = value_text(key, event.after[key]) if key in event.after else None
        # Of what was made or taken away only what it had; its name stands above.
        if (before is None or after is None) and (after or before) in ("none", "no", event.subject_name):
            continue
        yield Change(key.removesuffix("_at").replace("_", " ").capitalize(), before, after)


def value_text(key: str, value: Any) -> str:
    """A logged value as people read it; times in the current zone."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value)[:_LONGEST_VALUE]
    return _moment_text(str(value)) if key.endswith("_at") else str(value)[:_LONGEST_VALUE]


def _moment_text(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text[:_LONGEST_VALUE]
    return format_date(timezone.localtime(moment), "M j, Y, H:i T") if timezone.is_aware(moment) else text
