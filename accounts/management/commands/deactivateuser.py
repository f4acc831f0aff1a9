"""`manage.py deactivateuser`: keep somebody out, and stop all their tokens."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.models import User
from accounts.people import CannotDeactivate, deactivate_user


class Command(BaseCommand):
    help = "Keep an account from signing in, and stop all its tokens at once. The console can undo it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).order_by("is_service").first()
        if user is None:
            raise CommandError(f"There is nobody with the address {options['email']}.")
        try:
            deactivate_user(user, by=COMMAND, now=timezone.now())
        except CannotDeactivate as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"{user} is deactivated, and so are all tokens of that account.")
