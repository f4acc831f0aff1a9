"""In words, who was refused with a token's secrets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import format as format_date

from accounts.agents import short_agent
from accounts.models import User
from tokens.domain.refusals import OTHERS, Sources, Tries, recent_tries, tried_tokens
from tokens.domain.verification import Outcome
from tokens.models import AccessToken
from tokens.pages.presentation import TokenRow, date_text

_LOOKS_BACK = timedelta(days=1)
_PAGE_LOOKS_BACK = timedelta(days=30)
REASONS = {
    Outcome.REVOKED: "After it was revoked",
    Outcome.DEACTIVATED: "While its owner was deactivated",
    Outcome.REPLACED: "With a replaced secret",
    Outcome.EXPIRED: "After it expired",
    Outcome.DISABLED: "While it was disabled",
    Outcome.WRONG_NETWORK: "From a network that it is not for",
    Outcome.INSUFFICIENT_SCOPE: "Without the permission that was needed",
}
# A living token that is refused somewhere is no news about its end, and its owner reads this as an active person.
_DEAD = frozenset({Outcome.REVOKED, Outcome.REPLACED, Outcome.EXPIRED, Outcome.DISABLED})


@dataclass(frozen=True, slots=True)
class TryRow:
    reason: str
    text: str
    last: datetime


def with_tries(shown: Iterable[AccessToken], owner: User, *, now: datetime) -> list[tuple[AccessToken, str]]:
    """The tokens that the banner shows, then the owner's others that are dead and still used; with how much."""
    since, ending = now - _LOOKS_BACK, list(shown)
    # What is flagged and not shown, its owner has dismissed.
    others = list(tried_tokens(owner, reasons=_DEAD, since=since).filter(expiry_flagged_at=None))
    tokens = ending + others
    tries = recent_tries([token.pk for token in tokens], since=since) if tokens else {}
    said = [(token, tried_text(_of_the_dead(token, tries.get(token.pk, [])), now=now)) for token in tokens]
    return said[: len(ending)] + [(token, tried) for token, tried in said[len(ending) :] if tried]


def still_tried(rows: list[TokenRow], *, now: datetime) -> list[TokenRow]:
    """Rows of the list, those of dead tokens with how much they were used in the last day."""
    dead = [row.token.pk for row in rows if not row.is_accepted]
    tries = recent_tries(dead, since=now - _LOOKS_BACK) if dead else {}
    return [
        replace(row, tried=tried_text(_of_the_dead(row.token, tries.get(row.token.pk, [])), now=now)) for row in rows
    ]


def _of_the_dead(token: AccessToken, tries: list[Tries]) -> list[Tries]:
    """Without what was refused while a token was switched off that is on again."""
    dead = _DEAD if token.disabled_at else _DEAD - {Outcome.DISABLED}
    return [entry for entry in tries if entry.reason in dead]


def try_rows(token: AccessToken, *, now: datetime) -> list[TryRow]:
    """A line for each reason for which its secrets were refused in the last month."""
    tries = recent_tries([token.pk], since=now - _PAGE_LOOKS_BACK).get(token.pk, [])
    return [TryRow(REASONS[Outcome(entry.reason)], tried_text([entry], now=now), entry.last) for entry in tries]


def tried_text(tries: list[Tries], *, now: datetime) -> str:
    """`tried 312 times since 02:00 from 10.0.4.7 (curl/8.5.0)`; "" of no tries. The latest come first."""
    if not tries:
        return ""
    times = sum(entry.times for entry in tries)
    count = f"{times} times" if times > 1 else "once"
    return f"tried {count} since {_since_text(min(entry.since for entry in tries), now)}{_from_text(tries[0].sources)}"


def _since_text(since: datetime, now: datetime) -> str:
    clock = format_date(timezone.localtime(since), "H:i")
    return clock if date_text(since) == date_text(now) else f"{date_text(since)}, {clock}"


def _from_text(sources: Sources) -> str:
    """The busiest address, and whether there were others that are known; `sources` are those of the last minute."""
    known = {address: source for address, source in sources.items() if address not in ("", OTHERS)}
    if not known:
        return ""
    address = max(known, key=lambda name: known[name].times)
    agent = short_agent(known[address].agent)
    others = " and others" if len(known) > 1 or OTHERS in sources else ""
    return f" from {address}" + (f" ({agent})" if agent else "") + others
