"""What happened to one token, for its own page."""

from dataclasses import replace

from accounts.activity import ActivityRow, Change, activity_row
from accounts.audit import AuditEvent
from accounts.models import User
from tokens.models import AccessToken

_EVENTS_SHOWN = 20


def token_activity(token: AccessToken, *, viewer: User) -> list[ActivityRow]:
    """The latest events, newest first."""
    events = AuditEvent.objects.filter(subject_type="token", subject_id=token.pk, owner_id=viewer.pk)
    rows = [activity_row(event, viewer=viewer) for event in events.order_by("-at", "-pk")[:_EVENTS_SHOWN]]
    return [replace(row, changes=[_in_words(change) for change in row.changes]) for row in rows]


def _in_words(change: Change) -> Change:
    """Why it was revoked, as the rest of the page says it; there was nothing before."""
    match change.label:
        case "Revoked code":
            labels: dict[str | None, str] = dict(AccessToken.RevokedCode.choices)
            return Change("Why", None, labels.get(change.after, change.after))
        case "Revoked reason":
            return Change("Reason", None, change.after)
    return change
