"""What happened to the owner's tokens and account."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from accounts.activity import events_of
from accounts.audit import AuditEvent
from accounts.models import User
from tokens.api.answers import answers
from tokens.api.auth import ApiRequest, TokenAuth
from tokens.api.fields import EPOCH, MAX_ID, MICROSECOND, Digits, Text, Time, TimeText
from tokens.presenting import rfc3339

router = Router(tags=["activity"])
PAGE_SIZE = 100
# Time, in microseconds since 1970, and id of the last event of a page.
_CURSOR = "^[0-9]{1,17}-[0-9]{1,18}$"


class ActivityIn(Schema):
    token: Annotated[int | None, Digits, Field(description="Only of the token with this id.", ge=1, le=MAX_ID)] = None
    kind: Annotated[Text, Field(max_length=64, examples=["token.regenerated"])] = ""
    since: Annotated[Time | None, Field(description="From this time on.")] = None
    until: Annotated[Time | None, Field(description="Before this time.")] = None
    cursor: Annotated[
        str | None, Field(description="As it was in `next_cursor`.", pattern=_CURSOR, examples=["1795565030000000-77"])
    ] = None


class SubjectOut(Schema):
    type: Annotated[str, Field(examples=["token"])]
    id: int | None
    name: str


class EventOut(Schema):
    """`before` and `after` are what changed; the keys depend on the kind."""

    id: int
    at: TimeText
    kind: Annotated[str, Field(examples=["token.regenerated"])]
    subject: SubjectOut
    by: Annotated[str, Field(description="The e-mail address of who did it, empty for the portal itself.")]
    by_token: Annotated[int | None, Field(description="The id of the token by which it was done.")]
    channel: Annotated[str, Field(examples=["web"])]
    address: str
    agent: str
    request_id: str
    before: dict[str, Any]
    after: dict[str, Any]


class ActivityOut(Schema):
    items: list[EventOut]
    next_cursor: Annotated[str | None, Field(description="For the next page; null on the last.")]


@router.get(
    "/activity",
    summary="List what happened",
    **answers(TokenAuth("tokens:read"), {200: ActivityOut}, "invalid_input"),
)
def list_activity(request: ApiRequest, response: HttpResponse, query: Query[ActivityIn]) -> ActivityOut:
    """Newest first, by 100."""
    owner = User.objects.get(pk=request.auth.owner_id)
    events = list(events_of(owner).filter(_wanted(query))[: PAGE_SIZE + 1])
    shown, cursor = events[:PAGE_SIZE], None
    if len(events) > PAGE_SIZE:
        cursor = f"{(shown[-1].at - EPOCH) // MICROSECOND}-{shown[-1].pk}"
        response["Link"] = _next(request, cursor)
    return ActivityOut(items=[_event_out(event) for event in shown], next_cursor=cursor)


def _wanted(query: ActivityIn) -> Q:
    wanted = Q()
    if query.token:
        wanted &= Q(subject_type="token", subject_id=query.token)
    if query.kind:
        wanted &= Q(kind=query.kind)
    if query.since:
        wanted &= Q(at__gte=query.since)
    if query.until:
        wanted &= Q(at__lt=query.until)
    if query.cursor:
        moment, _, last = query.cursor.partition("-")
        at = EPOCH + int(moment) * MICROSECOND
        wanted &= Q(at__lt=at) | Q(at=at, pk__lt=int(last))
    return wanted


def _next(request: ApiRequest, cursor: str) -> str:
    asked = {name: request.GET[name] for name in ("token", "kind", "since", "until") if request.GET.get(name)}
    return f'<{settings.BASE_URL}/api/v1/activity?{urlencode({**asked, "cursor": cursor})}>; rel="next"'


def _event_out(event: AuditEvent) -> EventOut:
    return EventOut(
        id=event.pk,
        at=rfc3339(event.at),
        kind=event.kind,
        subject=SubjectOut(type=event.subject_type, id=event.subject_id, name=event.subject_name),
        by=event.actor_email,
        by_token=event.actor_token_id,
        channel=event.channel,
        address=event.address,
        agent=event.agent,
        request_id=event.request_id,
        before=_with_times(event.before),
        after=_with_times(event.after),
    )


def _with_times(values: dict[str, Any]) -> dict[str, Any]:
    """Times as they are everywhere here; the log keeps them with their offset."""
    return {
        key: rfc3339(datetime.fromisoformat(value)) if key.endswith("_at") and isinstance(value, str) else value
        for key, value in values.items()
    }
