"""`manage.py revoketoken`: end a token for good, by its id or by its secret."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.actor import COMMAND
from tokens.domain import lookup
from tokens.domain.lifecycle import revoke_token
from tokens.errors import Refused, TokenIsRevoked
from tokens.models import AccessToken


class Command(BaseCommand):
    help = "Revoke a token for good. Its owner sees the reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("token", metavar="ID|-", help="the token's id; - reads a secret from standard input")
        parser.add_argument("--reason", required=True, help="shown to the owner")

    def handle(self, *_args: Any, **options: Any) -> None:
        token = self.find(options["token"])
        called = f"{token.pk}, {token.name}, of {token.owner}"
        try:
            revoke_token(token, code="administrator", reason=options["reason"], by=COMMAND, now=timezone.now())
        except TokenIsRevoked:
            raise CommandError(f"Token {called} is revoked already.") from None
        except Refused as refused:
            raise CommandError(refused.message) from None
        self.stdout.write(f"Revoked token {called}.")

    def find(self, given: str) -> AccessToken:
        """A secret never stands on a command line, where other people of the machine can read it."""
        pk = self.by_secret(sys.stdin.buffer.readline()) if given == "-" else self.by_id(given)
        token = AccessToken.objects.filter(pk=pk).first() if pk is not None else None
        if token is None:
            raise CommandError("There is no such token." if given == "-" else "There is no token with this id.")
        return token

    def by_id(self, given: str) -> int | None:
        return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None

    def by_secret(self, line: bytes) -> int | None:
        found = lookup.find(line.decode().strip()) if line.isascii() else None
        return found.token_id if found else None
