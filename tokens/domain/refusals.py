"""Secrets that are known and refused: counted per token, minute and reason, so that a flood can't fill the disk."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max, Min, QuerySet, Sum

from accounts.models import User
from tokens.domain.pending import Pending, register
from tokens.models import AccessToken, RefusalMinute
from tokens.networks import CallerAddress

MAX_ADDRESSES = 10
AGENT_LENGTH = 80
# Stands for every address after the first few of a minute.
OTHERS = "others"


class Minute(NamedTuple):
    """What is counted together."""

    token_id: int
    minute: datetime
    reason: str


class Source(NamedTuple):
    """How often something came from an address, and what it called itself last."""

    times: int
    agent: str


Sources = Mapping[str, Source]


def note_refusal(token_id: int, reason: str, *, address: CallerAddress, agent: str, now: datetime) -> None:
    """A whole right secret was refused. `agent` holds printable characters alone."""
    minute = Minute(token_id, now.replace(second=0, microsecond=0), reason)
    refusals.note(minute, {str(address): Source(1, agent[:AGENT_LENGTH])})


def merged(older: Sources, newer: Sources) -> Sources:
    """Both together: at most MAX_ADDRESSES addresses, the rest as OTHERS."""
    sources = dict(older)
    for address, source in newer.items():
        if address not in sources and len(sources.keys() - {OTHERS}) >= MAX_ADDRESSES:
            address, source = OTHERS, Source(source.times, "")  # noqa: PLW2901  # both stand for one of many
        before = sources.get(address)
        sources[address] = source._replace(times=source.times + before.times) if before else source
    return sources


class Tries(NamedTuple):
    """The refusals of a token for one reason: how many, from the minute `since` to the minute `last`.

    `sources` are those of that last minute.
    """

    reason: str
    times: int
    since: datetime
    last: datetime
    sources: Sources


def tried_tokens(owner: User, *, reasons: Collection[str], since: datetime) -> QuerySet[AccessToken]:
    """The owner's tokens of which secrets were refused for such a reason from `since` on."""
    minutes = RefusalMinute.objects.filter(token__owner=owner, reason__in=reasons, minute__gte=since)
    return owner.tokens.filter(pk__in=minutes.values("token_id")).order_by("pk")


def recent_tries(token_ids: Collection[int], *, since: datetime) -> Mapping[int, list[Tries]]:
    """What was refused from `since` on, by token; of each the reason that was met last comes first."""
    rows = RefusalMinute.objects.filter(token__in=token_ids, minute__gte=since)
    counted = rows.values("token_id", "reason").annotate(times=Sum("count"), since=Min("minute"), last=Max("minute"))
    groups = list(counted.order_by("-last", "reason").values_list("token_id", "reason", "times", "since", "last"))
    lasts = {last for *_, last in groups}
    latest = {_key(row): sources_of(row) for row in rows.filter(minute__in=lasts)}
    found: dict[int, list[Tries]] = defaultdict(list)
    for token_id, reason, times, start, last in groups:
        sources = latest.get(Minute(token_id, last, reason), {})  # none if it was cleaned up meanwhile
        found[token_id].append(Tries(reason, times, start, last, sources))
    return found


@transaction.atomic
def write_refusals(batch: Mapping[Minute, Sources]) -> Collection[Minute]:
    """Add to the rows. Returns what could not be written now, since somebody holds the token's row.

    Who holds that row is alone with its minutes, so two processes can't overwrite each other's counts.
    """
    ids = {minute.token_id for minute in batch}
    there = set(AccessToken.objects.filter(pk__in=ids).values_list("pk", flat=True))
    held = AccessToken.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(pk__in=there)
    ours = set(held.order_by("pk").values_list("pk", flat=True))
    _add({minute: sources for minute, sources in batch.items() if minute.token_id in ours})
    return [minute for minute in batch if minute.token_id in there - ours]


def _add(batch: Mapping[Minute, Sources]) -> None:
    before = {_key(row): sources_of(row) for row in _rows_of(batch)}
    together = {minute: merged(before.get(minute, {}), sources) for minute, sources in batch.items()}
    RefusalMinute.objects.bulk_create(
        [_row(minute, sources) for minute, sources in together.items()],
        update_conflicts=True,
        unique_fields=["token", "minute", "reason"],
        update_fields=["count", "sources"],
    )


def _row(minute: Minute, sources: Sources) -> RefusalMinute:
    return RefusalMinute(**minute._asdict(), count=sum(source.times for source in sources.values()), sources=sources)


def _rows_of(batch: Iterable[Minute]) -> Iterable[RefusalMinute]:
    minutes = list(batch)
    rows = RefusalMinute.objects.filter(
        token__in={minute.token_id for minute in minutes}, minute__in={minute.minute for minute in minutes}
    )
    return (row for row in rows if _key(row) in set(minutes))


def _key(row: RefusalMinute) -> Minute:
    return Minute(row.token_id, row.minute, row.reason)


def sources_of(row: RefusalMinute) -> Sources:
    return {address: Source(*source) for address, source in row.sources.items()}


# Each holds up to eleven sources: fewer of them than of other things are kept while the database is away.
refusals = register(Pending("refusals", write_refusals, merge=merged, limit=10_000))
