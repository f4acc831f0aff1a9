"""The letters that tell at once what was done to somebody's tokens or account. They can't be turned off."""

from dataclasses import dataclass
from typing import Any

from accounts.activity import Change, activity_row
from accounts.audit import AuditEvent
from accounts.models import User
from tokens.domain.outbox import Batch
from tokens.mail.letters import Letter, page, unlinked
from tokens.mail.reminders import MOST_LISTED

# What the subject of the mail says already.
_SAID = ("Revoked code", "Revoked")
_LABELS = {"Revoked reason": "Reason", "Source": "Found at"}


@dataclass(frozen=True, slots=True)
class Wording:
    """Of a kind: the subject for one and for several, what it means, and what to do about it.

    `page` is what the button opens, the token's where it is about one; `label` stands on it.
    """

    one: str
    many: str
    meaning: str
    advice: str
    page: str = "accounts:security"
    label: str = "Look at your account"

    def subject(self, happened: list[AuditEvent]) -> str:
        """It counts what its words are about: tokens, to each of which it may have happened twice, or acts."""
        of_tokens = "{count} access tokens" in self.many
        count = len({event.subject_id if of_tokens else event.pk for event in happened})
        return (self.one if count == 1 else self.many).format(name=happened[-1].subject_name, count=count)


_DELETE_IT = "If it wasn’t you, delete the token and change your password."
_RESET_IT = "If it wasn’t you, choose a new password at once."

WORDINGS = {
    "token.created": Wording(
        "Access token “{name}” was made",
        "{count} access tokens were made",
        "Whoever holds its secret can do, as you, what it permits.",
        _DELETE_IT,
        "tokens:detail",
        "Look at the token",
    ),
    "token.regenerated": Wording(
        "Access token “{name}” was regenerated",
        "{count} access tokens were regenerated",
        "It has a new secret. Whatever uses the old one has to be given the new one.",
        _DELETE_IT,
        "tokens:detail",
        "Look at the token",
    ),
    "token.widened": Wording(
        "Access token “{name}” may do more now",
        "{count} access tokens may do more now",
        "Its permissions or the networks from which it may be used are wider than before.",
        "If it wasn’t you, take that back and change your password.",
        "tokens:edit",
        "Edit the token",
    ),
    "token.revoked": Wording(
        "Access token “{name}” was revoked",
        "{count} access tokens were revoked",
        "Whatever used it has stopped working, and it can’t be switched on again.",
        "If you still need it, make a new one.",
        "tokens:detail",
        "See why",
    ),
    "token.leaked": Wording(
        "Access token “{name}” was revoked after a leak",
        "{count} access tokens were revoked after a leak",
        "Somebody found a secret in the open and reported it. Its token, and those that were made with it, were "
        "revoked at once: whatever used them has stopped working.",
        "Take the secret out of where it was found, look through the activity for uses that weren’t yours, "
        "and make a new token if you still need one.",
        "tokens:detail",
        "See its activity",
    ),
    "token.leak_reported": Wording(
        "An old secret of “{name}” was found in the open",
        "{count} old secrets of your access tokens were found in the open",
        "Somebody reported it. It opens nothing any more, and your token goes on as it was.",
        "Take it out of where it was found: the next one may end up in the same place.",
        "tokens:detail",
        "Look at the token",
    ),
    "user.email_changed": Wording(
        "Your e-mail address was changed",
        "Your e-mail address was changed",
        "Mails of the portal go to the new address from now on.",
        "If it wasn’t you, tell an administrator of the portal: whoever did it can sign in.",
    ),
    "user.password_changed": Wording(
        "Your password was changed",
        "Your password was changed",
        "All other sessions were signed out.",
        _RESET_IT,
        "account_reset_password",
        "Choose a new password",
    ),
    "user.password_reset": Wording(
        "Your password was reset",
        "Your password was reset",
        "It was done with a link from a mail to you, and all sessions were signed out.",
        _RESET_IT,
        "account_reset_password",
        "Choose a new password",
    ),
    "user.factor_added": Wording(
        "A second factor was added to your account",
        "Second factors were added to your account",
        "It can be used to sign in as you.",
        "If it wasn’t you, remove it and change your password.",
    ),
    "user.sign_in_connected": Wording(
        "A sign-in was connected to your account",
        "Sign-ins were connected to your account",
        "It can be used to sign in as you.",
        "If it wasn’t you, disconnect it and change your password.",
    ),
}


def notice_letter(batch: Batch, user: User) -> Letter | None:
    """None when the log has forgotten the events by now."""
    events = AuditEvent.objects.in_bulk([row.event_id for row in batch.rows])
    told = [row for row in batch.rows if row.event_id in events]
    if not told:
        return None
    wording = WORDINGS[batch.kind]
    happened = _worth_telling([events[row.event_id] for row in told])
    subject = wording.subject(happened)
    context = {
        "heading": unlinked(subject),
        "wording": wording,
        "items": [_item(event, wording, user) for event in happened[:MOST_LISTED]],
        "is_cut": len(happened) > MOST_LISTED,
        "activity_url": page("accounts:activity"),
    }
    return Letter("notice", subject, told, context)


def _worth_telling(happened: list[AuditEvent]) -> list[AuditEvent]:
    """Of a token that was regenerated again by the same person in the same way the latest alone.

    Its new secret is the one that counts. What came from elsewhere is told: it may be a thief's.
    """
    latest: dict[tuple[object, ...], AuditEvent] = {}
    for event in happened:
        way = (event.subject_id, event.actor_id, event.channel, event.address, event.agent)
        latest[way if event.kind == "token.regenerated" else (event.pk,)] = event
    return list(latest.values())


def _item(event: AuditEvent, wording: Wording, user: User) -> dict[str, Any]:
    row = activity_row(event, viewer=user)
    ids = [event.subject_id] if event.subject_type == "token" else []
    return {
        "row": row,
        "subject": unlinked(row.subject),
        "agent": unlinked(row.agent),
        "changes": [_line(change) for change in row.changes if change.label not in _SAID],
        "url": page(wording.page, *ids),
    }


def _line(change: Change) -> str:
    """`Scopes: deployments:read → full`, `Scopes: full` where there was none."""
    before = None if change.before == "none" else change.before
    values = " → ".join(value for value in (before, change.after) if value is not None)
    return f"{_LABELS.get(change.label, change.label)}: {unlinked(values) or 'none'}"
