"""The letter that reminds of tokens that end soon or have ended."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from tokens.domain.outbox import Batch
from tokens.domain.reminders import CHOICES, Stage, still_due
from tokens.mail.letters import Letter, page, unlinked
from tokens.models import Notification, TokenSecret
from tokens.models.notification import REMINDER

# A mail is to be read: the others are on the page that it links to.
MOST_LISTED = 30


def reminder_letter(batch: Batch, *, now: datetime) -> Letter | None:
    """None when nothing of it is true any more."""
    standing = still_due(batch.rows, now=now)
    if not standing:
        return None
    items = [_item(row, secret) for row, secret in standing]
    stages = {_stage(row) for row, _secret in standing}
    subject = _subject(items)
    context = {
        "heading": unlinked(subject),
        "ending": [item for item in items if not item["has_ended"]][:MOST_LISTED],
        "ended": [item for item in items if item["has_ended"]][:MOST_LISTED],
        "is_cut": len(items) > MOST_LISTED,
        "list_url": page("tokens:list"),
    }
    choices = [column for stage, column in CHOICES.items() if stage in stages]
    return Letter("reminder", subject, [row for row, _secret in standing], context, choices)


def _stage(row: Notification) -> Stage:
    return Stage(row.kind.removeprefix(REMINDER))


def _item(row: Notification, secret: TokenSecret) -> dict[str, Any]:
    return {
        "token": secret.token,
        "name": unlinked(secret.token.name),
        "hint": secret.hint,
        "has_ended": _stage(row) == Stage.ENDED,
        "regenerate_url": page("tokens:regenerate", secret.token_id),
    }


def _subject(items: list[dict[str, Any]]) -> str:
    if len(items) == 1:
        token, verb = items[0]["token"], "expired" if items[0]["has_ended"] else "expires"
        return f"Access token “{token.name}” {verb} on {date_format(timezone.localtime(token.expires_at), 'M j, Y')}"
    ended = sum(item["has_ended"] for item in items)
    return ", ".join(filter(None, [_counted(len(items) - ended, "expire soon"), _counted(ended, "have expired")]))


def _counted(count: int, verb: str) -> str:
    if count == 0:
        return ""
    if count == 1:
        return f"1 access token {verb.replace('have', 'has').replace('expire ', 'expires ')}"
    return f"{count} access tokens {verb}"
