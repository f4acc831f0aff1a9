"""`manage.py createtoken`: a token from the shell, for bootstrapping and scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.models import User
from tokens.domain.expiration import after_days
from tokens.domain.lifecycle import create_token
from tokens.errors import NameTaken, Refused, Unconfirmed
from tokens.models import Policy


class Command(BaseCommand):
    help = "Make a token; its secret, and nothing else, goes to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, metavar="EMAIL", help="the owner")
        parser.add_argument("--name", required=True)
        parser.add_argument("--expires-in", type=int, metavar="DAYS", help="the policy's default unless given")
        parser.add_argument("--scope", action="append", default=[], help="repeatable; none is no access")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = User.objects.filter(email=options["user"].lower()).order_by("is_service").first()
        if owner is None:
            raise CommandError(f"There is nobody with the address {options['user']}.")
        self.stdout.write(self.make(owner, options))

    def make(self, owner: User, options: dict[str, Any]) -> str:
        now = timezone.now()
        days = Policy.current().default_days if options["expires_in"] is None else options["expires_in"]
        try:
            _token, secret = create_token(
                owner,
                name=options["name"],
                scopes=options["scope"],
                expires_at=after_days(days, now=now),
                by=COMMAND,
                now=now,
                may_introspect=True,
            )
        except Refused as refused:
            raise CommandError(_in_words(refused, owner)) from None
        return secret


def _in_words(refused: Refused, owner: User) -> str:
    """The domain speaks to the owner, who is not the one that runs this."""
    if isinstance(refused, NameTaken):
        return f"{owner} already has a token with this name."
    if isinstance(refused, Unconfirmed):
        return f"{owner} hasn't confirmed the e-mail address yet."
    return refused.message
