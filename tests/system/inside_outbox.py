"""Acts of tests.system.inside on the outbox."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.audit import record
from accounts.models import User
from tokens.domain import lifecycle
from tokens.domain.expiry import flag_expiring
from tokens.domain.outbox import waiting as waiting_rows
from tokens.domain.wake import SEND_NOTIFICATIONS, wake
from tokens.mail.letters import message_id
from tokens.models import Notification

DAY = timedelta(days=1)


def fill_outbox(people: int) -> dict[str, list[str]]:
    """So many people with seven notices each, in four mails; gives the ids of the mails that each is to get."""
    Notification.objects.all().delete()
    now = timezone.now()
    for number in range(people):
        _person_with_notices(f"crowd{number}@example.com", number)
    flag_expiring(now=now)
    emails = dict(User.objects.values_list("pk", "email"))
    mails: dict[str, list[str]] = {}
    for user_id, mail in _unsent():
        mails.setdefault(emails[user_id], []).append(mail)
    return mails


def unsent() -> list[str]:
    """The ids of the mails that wait, or are on their way."""
    return [mail for _user_id, mail in _unsent()]


def _unsent() -> Iterator[tuple[int, str]]:
    rows = waiting_rows().order_by("user_id", "kind")
    for (user_id, _kind), told in groupby(rows, lambda row: (row.user_id, row.kind)):
        yield user_id, message_id(told)


def _person_with_notices(email: str, number: int) -> None:
    now = timezone.now()
    user = User.objects.create(email=email, password=make_password(None))
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    for name in ("a", "b"):
        # A little apart, so that nobody's mail is due before somebody else's by chance.
        made = now - 60 * DAY + timedelta(milliseconds=number)
        lifecycle.create_token(user, name=name, expires_at=now + 3 * DAY, by=COMMAND, now=made)
    for kind in ("user.password_changed", "user.password_changed", "user.factor_added"):
        record(kind, by=COMMAND, subject=user.subject, now=now)


def waiting() -> int:
    return waiting_rows().count()


def claimed() -> list[str]:
    """The ids of the mails that a worker has claimed and not marked: they may be on the line."""
    rows = waiting_rows().exclude(claim="").order_by("claim")
    return [message_id(told) for _claim, told in groupby(rows, lambda row: row.claim)]


def outcomes() -> dict[str, int]:
    counts: dict[str, int] = {}
    for outcome in Notification.objects.values_list("outcome", flat=True):
        counts[outcome or "waiting"] = counts.get(outcome or "waiting", 0) + 1
    return counts


def let_leases_end() -> None:
    """As if so much time had passed that everything that waits is due: pauses, and leases of the dead."""
    waiting_rows().update(next_try_at=timezone.now())


def wake_sender() -> None:
    wake(SEND_NOTIFICATIONS)


def errors() -> list[str]:
    return list(waiting_rows().exclude(error="").order_by("pk").values_list("error", flat=True))
