"""A token in the words of the pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import format as format_date

from tokens import scopes
from tokens.domain.states import State, state_of
from tokens.models import AccessToken, TokenSecret

NO_ACCESS = "No access: this token can't be used until you grant permissions"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What list and page show of a token.

    `note` is what stands below its state in the place of its end, or "". `tried` is who still uses what
    is dead, "" if nobody does; only list and banner have it.
    """

    token: AccessToken
    state: State
    note: str
    permissions: str
    tried: str = ""

    @property
    def only_tried(self) -> bool:
        """Whether the banner shows it for who still uses it, and not for its end."""
        return self.tried != "" and self.token.expiry_flagged_at is None

    @property
    def is_accepted(self) -> bool:
        return self.state.is_accepted

    @property
    def has_access(self) -> bool:
        """False where the owner should grant permissions; of a revoked token nothing comes of it."""
        return self.token.scopes != "" or self.state is State.REVOKED

    @property
    def can_regenerate(self) -> bool:
        return self.state is not State.REVOKED

    @property
    def can_disable(self) -> bool:
        return self.state is not State.REVOKED and self.token.disabled_at is None

    @property
    def can_enable(self) -> bool:
        by_administrator = self.token.disabled_by == AccessToken.DisabledBy.ADMINISTRATOR
        return self.state is not State.REVOKED and self.token.disabled_at is not None and not by_administrator


def token_row(token: AccessToken, *, now: datetime, window: timedelta) -> TokenRow:
    state = state_of(token, now=now, window=window)
    return TokenRow(token, state, _note(token, state), permissions_text(token.scope_list))


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret that is accepted, and the row that has its last use.

    Of an old one that lives on, when it ends, and for how long it was not used, as text.
    """

    secret: TokenSecret
    used: AccessToken | TokenSecret
    ends_at: datetime | None
    quiet_for: str


def secret_row(secret: TokenSecret, token: AccessToken, *, now: datetime) -> SecretRow:
    used = token.last_use_of(secret)
    if secret.accepted_until is None:
        return SecretRow(secret, used, None, "")
    return SecretRow(secret, used, min(secret.accepted_until, token.expires_at), _quiet_for(used.last_used_at, now))


def _quiet_for(last_used_at: datetime | None, now: datetime) -> str:
    """Empty when it was never used, or just now. Up to two days in hours, since it lives for a week at most."""
    if last_used_at is None:
        return ""
    hours = (now - last_used_at) // timedelta(hours=1)
    return f"{hours} hours" if 24 <= hours < 48 else duration_text(now - last_used_at)


def permissions_text(scope_list: Iterable[str]) -> str:
    """`Deployments: write, Registry: read`; what write includes is not said again."""
    granted = set(scope_list)
    if not granted:
        return "No access"
    if scopes.FULL in granted:
        return "Full access"
    return ", ".join(_scope_text(scope) for scope in _shown(granted))


def summary(scope_list: Iterable[str], expires_at: datetime | None) -> str:
    """`Ends on Dec 22, 2026; can write Deployments and read Metrics.`"""
    end = f"Ends on {date_text(expires_at)}" if expires_at else "Choose when it ends"
    return f"{end}; {_abilities(set(scope_list))}."


def resource_label(name: str) -> str:
    """`ci-runners` as people read it: `Ci runners`."""
    return name.replace("-", " ").replace("_", " ").capitalize()


def date_text(moment: datetime) -> str:
    """`Dec 22, 2026`, in the current time zone."""
    return format_date(timezone.localtime(moment), "M j, Y")


def exact_text(moment: datetime, *, seconds: bool = True) -> str:
    """`Dec 22, 2026, 10:00:00 CET`: to the second, or to the minute, with the zone's name."""
    local = timezone.localtime(moment)
    # Not format's own T: in the hour that the clock goes through twice it says nothing.
    return f"{format_date(local, 'M j, Y, H:i:s' if seconds else 'M j, Y, H:i')} {local.tzname()}"


def end_text(end: datetime, *, now: datetime) -> str:
    """`Expires in 2 days`, and from the end on `Expired on Dec 22, 2026`."""
    return f"Expires {relative_text(end, now=now)}" if end > now else ended_text(end)


def ended_text(end: datetime) -> str:
    return f"Expired on {date_text(end)}"


def relative_text(moment: datetime, *, now: datetime) -> str:
    """`in 2 days`, `3 minutes ago`, `just now`: floored to the largest unit."""
    ahead = moment > now
    amount = duration_text(abs(moment - now))
    if not amount:
        return "in less than a minute" if ahead else "just now"
    return f"in {amount}" if ahead else f"{amount} ago"


def duration_text(length: timedelta) -> str:
    """`2 days`; "" below a minute."""
    seconds = int(length.total_seconds())
    for unit, size in (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return ""


def _note(token: AccessToken, state: State) -> str:
    if state is State.REVOKED:
        return token.why_revoked
    by_administrator = token.disabled_by == AccessToken.DisabledBy.ADMINISTRATOR
    return "Disabled by an administrator" if state is State.DISABLED and by_administrator else ""


def _shown(granted: set[str]) -> list[str]:
    """Without what a write beside it includes."""
    writes = {scope.removesuffix(":write") for scope in granted if scope.endswith(":write")}
    return sorted(scope for scope in granted if scope.endswith(":write") or scope.partition(":")[0] not in writes)


def _scope_text(scope: str) -> str:
    name, _, action = scope.partition(":")
    return f"{resource_label(name)}: {action}" if action else resource_label(name)


def _abilities(granted: set[str]) -> str:
    if not granted:
        return "can do nothing yet"
    if scopes.FULL in granted:
        return "can do everything you may do"
    by_verb: dict[str, list[str]] = {}
    for scope in _shown(granted):
        name, _, action = scope.partition(":")
        by_verb.setdefault(action or "use", []).append(resource_label(name))
    abilities = [f"{verb} {_listed(names)}" for verb, names in by_verb.items()]
    many = any(len(names) > 1 for names in by_verb.values())
    return "can " + (", and ".join(abilities) if many else _listed(abilities))


def _listed(words: list[str]) -> str:
    """`Archive, Metrics and Registry`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
