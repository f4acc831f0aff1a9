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
from tokens.domain import lifecycle, pending
from tokens.domain.expiry import flag_expiring
from tokens.domain.resources import register_resource
from tokens.domain.verification import verify
from tokens.models import AccessToken, Notification
from tokens.networks import CallerAddress, parse_address

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

    def made(name: str, *scopes: str, days_ago: int, ends_in: int) -> tuple[AccessToken, str]:
        # An hour more than whole days, so that "in 3 days" holds while somebody looks around.
        then, end = now - timedelta(days=days_ago), now + timedelta(days=ends_in, hours=1)
        return lifecycle.create_token(ada, name=name, scopes=scopes, expires_at=end, by=by, now=then)

    revoked, runner = made("old-runner", "deployments:write", "registry:write", days_ago=60, ends_in=300)
    disabled, _ = made("grafana", "metrics:read", days_ago=41, ends_in=48)
    _, backup = made("nightly backup to the archive", "archive:read", days_ago=38, ends_in=-8)
    _, laptop = made("laptop", "full", days_ago=2, ends_in=88)
    _, deploy = made("ci-deploy", "deployments:write", days_ago=27, ends_in=3)
    _use(runner, "192.0.2.61", "Go-http-client/2.0", at=now - timedelta(days=27))
    _use(backup, "10.0.4.7", "curl/8.5.0", at=now - timedelta(days=9))
    _use(laptop, "198.51.100.20", "git/2.39.5", at=now - timedelta(hours=22))
    _use(deploy, "203.0.113.7", "python-requests/2.32", at=now - timedelta(minutes=3))
    for minutes in range(26):  # somebody didn't notice that it ended
        _use(backup, "10.0.4.7", "curl/8.5.0", at=now - timedelta(minutes=5 * minutes), times=12)
    pending.flush_all()
    lifecycle.disable_token(disabled, by=by, now=now)
    reason = "Found in a public repository"
    lifecycle.revoke_token(revoked, code="leak", reason=reason, by=COMMAND, now=now)
    Notification.objects.all().delete()  # nobody needs mails of what a demo did long ago


def _use(secret: str, address: str, agent: str, *, at: datetime, times: int = 1) -> None:
    for _ in range(times):
        verify(secret, needed=(), address=CallerAddress(parse_address(address)), agent=agent, now=at)
