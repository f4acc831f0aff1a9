"""`manage.py changepassword`: give somebody a new password where no mail can be sent.

It takes the place of Django's, which tells neither the audit log nor the owner.
"""

import getpass
import warnings
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.models import User
from accounts.passwords import change_password


class Command(BaseCommand):
    help = "Ask for a new password of somebody, and sign out all their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower(), is_service=False).first()
        if user is None:
            raise CommandError(f"There is nobody with the address {options['email']}.")
        change_password(user, _ask_for_password(user), by=COMMAND, now=timezone.now())
        self.stdout.write(f"The password of {user} is changed.")


def _ask_for_password(user: User) -> str:
    """Typed twice and fit for that person. Raises CommandError."""
    password = _ask(f"New password of {user}: ")
    if _ask("New password (again): ") != password:
        raise CommandError("The two passwords are not the same. Nothing was changed.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password


def _ask(prompt: str) -> str:
    with warnings.catch_warnings():
        # Of getpass, before it reads what would be shown while it is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning:
            raise CommandError("This needs a terminal, where a password isn't shown while it is typed.") from None
        except (EOFError, KeyboardInterrupt):
            raise CommandError("No password was typed. Nothing was changed.") from None
