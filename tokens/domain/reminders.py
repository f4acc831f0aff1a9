"""Who is reminded of which end, and when: in the window before it, on the last day, and when it has come.

Each once for each secret, and of several that are due the latest alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, CharField, DateTimeField, F, Func, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from tokens.domain.states import reminder_window
from tokens.models import Notification, Policy, TokenSecret
from tokens.models.notification import REMINDER

LAST_DAY = timedelta(days=1)
# A reminder that would come later than this is not sent any more.
MOST_LATE = timedelta(days=7)


class Stage(StrEnum):
    """Values as the dedupe keys spell them."""

    FIRST = "first"
    LAST = "last"
    ENDED = "ended"

    @property
    def kind(self) -> str:
        return REMINDER + self.value


# The column of User that turns a stage off; that something has ended is always told.
CHOICES = {Stage.FIRST: "mail_week_before", Stage.LAST: "mail_day_before"}
# How long before the end the next stage begins.
_NEXT_LEAD = {Stage.FIRST: LAST_DAY, Stage.LAST: timedelta(0)}


def stage_due(*, expires_at: datetime, made_at: datetime, window: timedelta, now: datetime) -> Stage | None:
    """What the owner of a secret that was made at `made_at` is to be told now.

    Nothing of a stage that had begun when the secret was made, or more than MOST_LATE ago.
    """
    for stage, lead in _leads(window).items():
        begins = expires_at - lead
        if begins <= now:
            return stage if made_at < begins and now - begins <= MOST_LATE else None
    return None


def add_reminders(*, now: datetime) -> int:
    """Put what is due into the outbox, for flagged tokens; what stands there already is left alone.

    Returns how many were added.
    """
    leads = _leads(reminder_window(Policy.current()))
    return sum(_add(stage, due_for_reminder(stage, lead=lead, now=now), now=now) for stage, lead in leads.items())


def still_due(rows: Sequence[Notification], *, now: datetime) -> list[tuple[Notification, TokenSecret]]:
    """Those reminders that are true now, the soonest end first, with the secrets that they are about.

    Since they were put into the outbox the secret may have been replaced, the token disabled, revoked
    or deleted, the owner deactivated, the next stage begun, the mails turned off.
    """
    window = reminder_window(Policy.current())
    secrets = _telling().select_related("token__owner").in_bulk([row.secret_id for row in rows])
    pairs = [(row, secret) for row in rows if (secret := secrets.get(row.secret_id))]
    standing = [(row, secret) for row, secret in pairs if row.kind == _kind_due(secret, window=window, now=now)]
    return sorted(standing, key=lambda pair: (pair[1].token.expires_at, pair[1].token_id))


def _kind_due(secret: TokenSecret, *, window: timedelta, now: datetime) -> str:
    """The kind of the reminder that is due for this secret and wanted; "" for none."""
    token = secret.token
    stage = stage_due(expires_at=token.expires_at, made_at=secret.created_at, window=window, now=now)
    return stage.kind if stage and (stage not in CHOICES or getattr(token.owner, CHOICES[stage])) else ""


def _telling() -> QuerySet[TokenSecret]:
    """Current secrets of tokens whose end is worth telling: what an owner switched off may end in peace."""
    return TokenSecret.objects.filter(
        replaced_at=None, token__revoked_at=None, token__disabled_at=None, token__owner__deactivated_at=None
    )


def _leads(window: timedelta) -> dict[Stage, timedelta]:
    """How long before the end each begins, the latest first."""
    return {Stage.ENDED: timedelta(0), Stage.LAST: LAST_DAY, Stage.FIRST: window}


def due_for_reminder(stage: Stage, *, lead: timedelta, now: datetime) -> QuerySet[TokenSecret]:
    """The secrets of which `stage_due` says this stage, and whose owners can and want to be told."""
    end = "token__expires_at"
    due = _telling().filter(token__expiry_flagged_at__isnull=False)
    due = due.filter(**{f"{end}__lte": now + lead, f"{end}__gte": now + lead - MOST_LATE}).exclude(
        token__owner__email=""
    )
    if stage in CHOICES:
        due = due.filter(**{f"token__owner__{CHOICES[stage]}": True, f"{end}__gt": now + _NEXT_LEAD[stage]})
    begins = F("end") - int(lead.total_seconds())
    return due.annotate(made=_Epoch("created_at"), end=_Epoch(end)).filter(made__lt=begins)


def _add(stage: Stage, due: QuerySet[TokenSecret], *, now: datetime) -> int:
    """One statement, however many; Django has none that inserts what it selects."""
    columns: dict[str, Combinable] = {
        "dedupe_key": Concat(Value(f"{stage}:"), Cast("pk", CharField())),
        "kind": Value(stage.kind),
        "user_id": F("token__owner_id"),
        "token_id": F("token_id"),
        "secret_id": F("pk"),
        "address": Value(""),
        "created_at": Value(now, DateTimeField()),
        "next_try_at": Value(now, DateTimeField()),
    }
    select, parameters = due.values_list(*columns.values()).query.sql_with_params()
    table = Notification._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) {select} ON CONFLICT DO NOTHING",  # names of our own
            parameters,
        )
        return int(cursor.rowcount)


class _Epoch(Func):
    """Seconds since 1970. SQLite keeps times as text, and Django subtracts from them row by row in Python."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)"
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="unixepoch(%(expressions)s)", **context)
