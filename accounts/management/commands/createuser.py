"""`manage.py createuser`: let somebody in where sign-up is closed."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.people import CannotCreate, create_person


class Command(BaseCommand):
    help = "Make an account for somebody who then chooses a password by a mailed link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address, which counts as confirmed")
        parser.add_argument("--name", default="", help="what others see")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            user = create_person(options["email"], name=options["name"], by=COMMAND, now=timezone.now())
        except CannotCreate as error:
            raise CommandError(error.message) from None
        page = f"{settings.BASE_URL}{reverse('account_reset_password')}"
        way = f"at {page}" if settings.CAN_MAIL else f"once you ran: manage.py changepassword {user.email}"
        self.stdout.write(f"Made the account of {user.email}, who gets in {way}")
