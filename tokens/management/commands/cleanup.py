"""`manage.py cleanup`: forget what is old enough, by hand or from cron."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tokens.domain.cleanup import clean_up


class Command(BaseCommand):
    help = "Remove expired tokens, old activity and what served its time, by the ages of the policy."

    def handle(self, *_args: Any, **_options: Any) -> None:
        counts = clean_up(clock=timezone.now).counts
        gone = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
        self.stdout.write(f"Removed {', '.join(gone) or 'nothing'}.")
