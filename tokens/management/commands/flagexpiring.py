"""`manage.py flagexpiring`: the flagging job, by hand or from cron."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tokens.domain import expiry


class Command(BaseCommand):
    help = "Flag the tokens that end soon or have ended, and take the flag off the others."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many it would be")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["dry_run"]:
            flagged, unflagged = expiry.due_for_flag(now=now).count(), expiry.due_for_unflag(now=now).count()
            self.stdout.write(f"Would flag {flagged} and unflag {unflagged}.")
            return
        counts = expiry.flag_expiring(now=now).counts
        self.stdout.write(f"Flagged {counts['flagged']} and unflagged {counts['unflagged']}.")
