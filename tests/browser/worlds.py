"""What people have when a page is looked at: nothing, what is usual, a crowd."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.actor import COMMAND, Actor
from accounts.models import User
from tokens.domain import lifecycle
from tokens.domain.expiry import flag_expiring
from tokens.domain.resources import register_resource
from tokens.models import AccessToken, Policy, RefusalMinute

RESOURCES = {
    "deployments": ("Deployments API", "Roll out and roll back releases"),
    "archive": ("Archive", ""),
    "metrics": ("Metrics", ""),
    "registry": ("Registry", ""),
}
LONG_NAME = "a-name-of-sixty-four-characters-in-which-no-space-lets-it-break."

World = Callable[[User, datetime], None]


def register_resources(now: datetime) -> None:
    for name, (title, description) in RESOURCES.items():
        register_resource(name, title=title, description=description, by=COMMAND, now=now)


def make(owner: User, now: datetime, name: str, *scopes: str, days_ago: int = 2, ends_in: int = 88) -> AccessToken:
    """A token that was made so many days ago and ends in so many; an hour more, so that "in 2 days" stays true."""
    then, end = now - timedelta(days=days_ago), now + timedelta(days=ends_in, hours=1)
    by = Actor(owner, "web", address="203.0.113.7")
    return lifecycle.create_token(owner, name=name, scopes=scopes, expires_at=end, by=by, now=then)[0]


def use(token: AccessToken, now: datetime, *, minutes_ago: int, address: str) -> None:
    """Let it have been used then, from there."""
    used_at = now - timedelta(minutes=minutes_ago)
    last_use = {"last_used_at": used_at, "last_used_address": address}
    AccessToken.objects.filter(pk=token.pk).update(**last_use, last_used_agent="curl/8.5.0")
    token.secrets.update(**last_use)


def end_in(token: AccessToken, now: datetime, *, days: int) -> None:
    """Let it end then, and its owner be told."""
    AccessToken.objects.filter(pk=token.pk).update(expires_at=now + timedelta(days=days, hours=1))
    flag_expiring(now=now)


def empty(owner: User, now: datetime) -> None:
    """No tokens."""


def usual(owner: User, now: datetime) -> None:
    """Five tokens in the five states."""
    by = Actor(owner, "web", address="203.0.113.7")
    revoked = make(owner, now, "old-runner", "deployments:write", "registry:write", days_ago=60)
    disabled = make(owner, now, "grafana", "metrics:read", days_ago=41, ends_in=48)
    expired = make(owner, now, "nightly backup to the archive", "archive:read", days_ago=38, ends_in=-8)
    active = make(owner, now, "laptop", "full")
    expiring = make(owner, now, "ci-deploy", "deployments:write", days_ago=27)
    end_in(expiring, now, days=2)
    use(expiring, now, minutes_ago=3, address="203.0.113.7")
    use(active, now, minutes_ago=1500, address="198.51.100.20")
    use(expired, now, minutes_ago=60 * 24 * 9, address="10.0.4.7")
    lifecycle.disable_token(disabled, by=by, now=now)
    lifecycle.revoke_token(revoked, code="leak", reason="Found in a public repository", by=COMMAND, now=now)


def overlapping(owner: User, now: datetime) -> None:
    """The usual five; one was regenerated, and its old secret lives on; one is still tried after its end."""
    usual(owner, now)
    Policy.objects.update(overlap_allowed=True)
    by, laptop = Actor(owner, "web", address="203.0.113.7"), owner.tokens.get(name="laptop")
    lifecycle.regenerate_token(
        laptop, expires_at=now + timedelta(days=30), by=by, now=now - timedelta(hours=1), overlap=timedelta(days=7)
    )
    ended = owner.tokens.get(name="nightly backup to the archive")
    sources = {"10.0.4.7": [300, "curl/8.5.0"], "2001:db8:1234:5678:9abc:def0:1234:5678": [12, "backup/2.1"]}
    minute = now.replace(second=0) - timedelta(minutes=5)
    RefusalMinute.objects.create(token=ended, minute=minute, reason="expired", count=312, sources=sources)


def crowded(owner: User, now: datetime) -> None:
    """Thirty tokens, the last of them with a name that nothing can break, five of them in the banner."""
    every = [f"{name}:{action}" for name in RESOURCES for action in ("read", "write")]
    for number in range(29):
        make(owner, now, f"runner {number:02}", "deployments:read", days_ago=5 + number, ends_in=90 - number)
    long_named = make(owner, now, LONG_NAME, *every)
    AccessToken.objects.filter(pk=long_named.pk).update(
        description="It does what the others do, and so on, for as long as a description may be. " * 2,
        allowed_networks=["2001:db8:1234:5678:9abc:def0::/96", "203.0.113.0/24"],
    )
    use(long_named, now, minutes_ago=5, address="2001:db8:1234:5678:9abc:def0:1234:5678")
    warned_of(5)(owner, now)


def warned_of(count: int) -> World:
    """So many tokens in the banner: of those that are there, or of new ones."""

    def world(owner: User, now: datetime) -> None:
        for number in range(count - owner.tokens.count()):
            make(owner, now, f"expiring {number}", "metrics:read", days_ago=20)
        for number, token in enumerate(owner.tokens.order_by("-created_at", "-pk")[:count]):
            end = now + timedelta(days=number - 1, hours=5)
            AccessToken.objects.filter(pk=token.pk).update(expires_at=end)
        flag_expiring(now=now)

    return world


def many_pages(owner: User, now: datetime) -> None:
    """Three pages of tokens."""
    for number in range(51):
        make(owner, now, f"token {number:02}", days_ago=1 + number)


def of_others(owner: User, now: datetime) -> None:
    """People of all sorts, for the console."""
    owner.is_staff = owner.is_superuser = True
    owner.save()
    for name in ("Ada Lovelace", "Grace Hopper", ""):
        email = f"{name.partition(' ')[0].lower() or 'somebody.with.a.rather.long.address'}@example.com"
        User.objects.create_user(email, None, name=name)
    User.objects.filter(email="grace@example.com").update(deactivated_at=now)
    User.objects.create_user("", None, name="Pipeline", is_service=True)
    usual(owner, now)
    owner.tokens.filter(name="grafana").update(owner=User.objects.get(email="grace@example.com"))
