"""`manage.py seeddemo`: two people and tokens in every state, to look around with."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.actor import COMMAND, Actor
from accounts.models import User
from tokens.domain import lifecycle
from tokens.domain.expiry import flag_expiring
from tokens.domain.resources import register_resource
from tokens.models import AccessToken, Notification

PASSWORD = "demo-only-password"  # noqa: S105  # shown to whoever starts the demo
RESOURCES = {"deployments": "Deployments API", "archive": "Archive", "metrics": "Metrics", "registry": "Registry"}


class Command(BaseCommand):
    help = "Make the demo: ada@example.com and admin@example.com, and tokens in every state."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only when there are no people yet")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's password is known to everybody: it is made under DEBUG only.")
        if User.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("There are people here already.")
        now = timezone.now()
        seed(now)
        flag_expiring(now=now)  # as the worker will, so that the banner shows at once
        self.stdout.write(f"Made ada@example.com and admin@example.com, both with the password {PASSWORD}")


@transaction.atomic
def seed(now: datetime) -> None:
    User.objects.create_superuser("admin@example.com", PASSWORD, name="Admin")
    ada = User.objects.create_user("ada@example.com", PASSWORD, name="Ada Lovelace")
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    for name, title in RESOURCES.items():
        register_resource(name, title=title, by=COMMAND, now=now)
    _tokens(ada, now)


def _tokens(ada: User, now: datetime) -> None:
    by = Actor(ada, "command")

    def made(name: str, *scopes: str, days_ago: int, ends_in: int) -> AccessToken:
        # An hour more than whole days, so that "in 3 days" holds while somebody looks around.
        then, end = now - timedelta(days=days_ago), now + timedelta(days=ends_in, hours=1)
        return lifecycle.create_token(ada, name=name, scopes=scopes, expires_at=end, by=by, now=then)[0]

    revoked = made("old-runner", "deployments:write", "registry:write", days_ago=60, ends_in=300)
    disabled = made("grafana", "metrics:read", days_ago=41, ends_in=48)
    made("nightly backup to the archive", "archive:read", days_ago=38, ends_in=-8)
    made("laptop", "full", days_ago=2, ends_in=88)
    made("ci-deploy", "deployments:write", days_ago=27, ends_in=3)
    lifecycle.disable_token(disabled, by=by, now=now)
    reason = "Found in a public repository"
    lifecycle.revoke_token(revoked, code="leak", reason=reason, by=COMMAND, now=now)
    Notification.objects.all().delete()  # nobody needs mails of what a demo did long ago
