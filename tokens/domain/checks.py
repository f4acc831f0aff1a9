"""What must hold before an act may change a token. Nothing here changes one."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from tokens import scopes as scope_rules
from tokens.domain.names import refuse_secret
from tokens.domain.rows import refuse_revoked
from tokens.errors import DisabledByAdministrator, InvalidScopes, TooManyTokens, Unconfirmed
from tokens.models import AccessToken, Policy, Resource
from tokens.networks import normalise_networks

_MOST_RESOURCES = 1000


def allowed_scopes(scopes: Iterable[str], *, policy: Policy, may_introspect: bool = False) -> str:
    """The canonical text of registered scopes that the policy allows. Raises InvalidScopes, HoldsSecret."""
    wanted, names = list(scopes), set(Resource.objects.values_list("name", flat=True))
    refuse_secret(" ".join(wanted), field="scopes")
    text = scope_rules.normalise(wanted, resources=names, may_introspect=may_introspect)
    if text == scope_rules.FULL and not policy.full_access_allowed:
        raise InvalidScopes("The policy of this portal allows no full access. Choose the permissions it needs.")
    return text


def hold_resources(scopes: Iterable[str]) -> None:
    """Keep what these scopes name from being retired until the transaction ends.

    To be called before a token is locked: retiring locks the resource first and then its tokens.
    Raises InvalidScopes when they are more than any portal has.
    """
    # No database takes every text that somebody may send.
    names = set(filter(scope_rules.RESOURCE_NAME.fullmatch, (scope.partition(":")[0] for scope in scopes)))
    if len(names) > _MOST_RESOURCES:  # a database takes only so many values in one statement
        raise InvalidScopes(f"Name at most {_MOST_RESOURCES} resources.")
    # Evaluated for its locks; in one order, so that no two acts wait for each other.
    list(Resource.objects.select_for_update(no_key=True).filter(name__in=names).order_by("pk"))


def clean_networks(entries: Iterable[str]) -> list[str]:
    """Canonical ranges, of which none holds a secret. Raises InvalidNetworks, HoldsSecret."""
    ranges = list(entries)
    refuse_secret(" ".join(ranges), field="allowed_networks")
    return normalise_networks(ranges)


def refuse_unconfirmed(owner: User) -> None:
    """Whoever signed up with somebody else's address must not act in that name. Raises Unconfirmed."""
    if not (owner.is_service or owner.has_confirmed_email()):
        raise Unconfirmed


def changed_scopes(token: AccessToken, wanted: list[str]) -> str:
    """What the token has already may stay, whatever the policy gives today. Raises as allowed_scopes does."""
    kept = token.scopes if sorted(wanted) == sorted(token.scope_list) else None
    may_introspect = scope_rules.INTROSPECT in token.scope_list
    return kept if kept is not None else allowed_scopes(wanted, policy=Policy.current(), may_introspect=may_introspect)


def refuse_one_too_many(owner: User, *, policy: Policy, now: datetime, besides: AccessToken | None = None) -> None:
    """Revoked and expired tokens don't count, nor does the one that is acted on. Raises TooManyTokens."""
    living = owner.tokens.filter(revoked_at=None, expires_at__gt=now)
    count = living.exclude(pk=besides.pk).count() if besides else living.count()
    if count >= policy.tokens_per_owner:
        raise TooManyTokens(
            f"Nobody may have more tokens here than {policy.tokens_per_owner}. Delete one that you don't need."
        )


def refuse_enabling(token: AccessToken, *, as_administrator: bool = False) -> None:
    """Raises TokenIsRevoked, DisabledByAdministrator."""
    refuse_revoked(token)
    if token.disabled_by == AccessToken.DisabledBy.ADMINISTRATOR and not as_administrator:
        raise DisabledByAdministrator
