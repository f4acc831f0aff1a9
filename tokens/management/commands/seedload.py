"""`manage.py seedload`: very many tokens, to measure with."""

import os
import secrets
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from tokens.domain.digests import first_pepper
from tokens.domain.states import reminder_window
from tokens.models import AccessToken, Policy, TokenSecret

PER_OWNER = 100
BATCH = 5000
# The others end within that, after the reminder window.
LATER_ENDS = timedelta(days=300)


class Command(BaseCommand):
    help = "Make very many tokens in bulk, past the domain and without events; their secrets are nobody's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tokens", type=int, required=True, help="how many")
        parser.add_argument("--due", type=int, default=0, help="how many of them end within the reminder window")

    def handle(self, *_args: Any, **options: Any) -> None:
        count, due = options["tokens"], options["due"]
        if not settings.DEBUG:
            raise CommandError("These rows are of no use on a server: they are made under DEBUG only.")
        if count < 1 or not 0 <= due <= count:
            raise CommandError("Give a number of tokens, and no more that are due.")
        now = timezone.now().replace(microsecond=0)
        ends = list(_ends(count, due, now=now))
        bar = click.progressbar(length=count, file=sys.stderr, hidden=not sys.stderr.isatty())
        with bar:
            for first in range(0, count, BATCH):
                bar.update(_make_batch(ends[first : first + BATCH], now=now))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the planner has to know of so many
        self.stdout.write(f"Made {count} tokens, of which {due} are due for a reminder.")


def _ends(count: int, due: int, *, now: datetime) -> Iterator[datetime]:
    """Spread evenly; one that is due stands among every `count / due`."""
    window = reminder_window(Policy.current())
    for number in range(count):
        nth = (number + 1) * due // count
        if nth > number * due // count:
            yield now + timedelta(hours=1) + (window - timedelta(hours=2)) * nth / due
        else:
            yield now + window + timedelta(days=1) + LATER_ENDS * number / count


@transaction.atomic
def _make_batch(ends: list[datetime], *, now: datetime) -> int:
    """A token and its secret for each end, of owners of their own."""
    mark, made = secrets.token_hex(4), now - timedelta(days=60)
    emails = [f"load-{mark}-{number}@example.com" for number in range(-(-len(ends) // PER_OWNER))]
    owners = User.objects.bulk_create(User(email=email, password=make_password(None)) for email in emails)
    rows = AccessToken.objects.bulk_create(
        AccessToken(
            owner=owners[number // PER_OWNER],
            name=f"load-{mark}-{number}",
            name_key=f"load-{mark}-{number}",
            created_at=made,
            updated_at=made,
            expires_at=end.replace(microsecond=0),
        )
        for number, end in enumerate(ends)
    )
    pepper = first_pepper()
    TokenSecret.objects.bulk_create(
        TokenSecret(
            token=row, digest=os.urandom(32), pepper=pepper, hint=f"tp_{mark[:4]}…{row.pk % 10000:04}", created_at=made
        )
        for row in rows
    )
    return len(rows)
