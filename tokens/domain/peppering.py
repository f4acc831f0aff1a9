"""Secrets that an older pepper digested move to the first one when they are used, so that the old one can go."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import transaction

from tokens.domain import digests
from tokens.domain.pending import Pending, register
from tokens.models import TokenSecret


class Move(NamedTuple):
    old_digest: bytes
    new_digest: bytes
    pepper: int


def note_pepper(secret: str, secret_id: int, pepper: int) -> None:
    """The secret was found under `pepper`; nothing of it but digests is kept."""
    first = digests.first_pepper()
    if pepper != first:
        moves.note(secret_id, Move(digests.digest(secret, pepper), digests.digest(secret, first), first))


@transaction.atomic
def write_moves(batch: Mapping[int, Move]) -> Collection[int]:
    """Write the new digests over the old ones. Returns the ids of secrets that somebody holds."""
    there = set(TokenSecret.objects.filter(pk__in=batch).values_list("pk", flat=True))
    held = TokenSecret.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=there)
    ours = set(held.order_by("pk").values_list("pk", flat=True))
    for pk in ours:
        move = batch[pk]
        # Another process may have moved it, perhaps to another pepper yet.
        TokenSecret.objects.filter(pk=pk, digest=move.old_digest).update(digest=move.new_digest, pepper=move.pepper)
    return there - ours


moves = register(Pending("moves", write_moves, merge=lambda _older, newer: newer, limit=10_000))
