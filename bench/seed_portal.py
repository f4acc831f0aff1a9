"""python -m bench.seed_portal TOKENS FILE: a portal with so many tokens of a hundredth as many people.

FILE gets a secret a line, FILE.caller that of a service that may introspect.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.actor import COMMAND  # noqa: E402
from accounts.models import User  # noqa: E402
from bench.rows import insert, make_secret, settle  # noqa: E402
from tokens.domain import digests  # noqa: E402
from tokens.domain.lifecycle import create_token  # noqa: E402
from tokens.models import AccessToken, TokenSecret  # noqa: E402
from tokens.secret_format import hint  # noqa: E402

# Rows go in by parts, so that a transaction stays small.
PART = 20_000
PREFIX = "tp_"


def main(count: int, file: Path) -> None:
    call_command("migrate", verbosity=0)
    people = User.objects.bulk_create(
        User(email=f"p{number}@example.com", password="!") for number in range(max(1, count // 100))
    )
    service = User.objects.create(email="", name="service", is_service=True)
    end = timezone.now() + timedelta(days=30)
    _, introspector = create_token(
        service, name="asks", scopes=["introspect"], may_introspect=True, expires_at=end, by=COMMAND, now=timezone.now()
    )
    first = AccessToken.objects.latest("pk").pk + 1
    secrets = add_tokens(people, first=first, count=count)
    file.write_text("\n".join(secrets) + "\n")
    file.with_suffix(".caller").write_text(introspector)


def add_tokens(people: list[User], *, first: int, count: int) -> list[str]:
    """Tokens with the ids from `first` on; their secrets."""
    edges = [*range(first, first + count, PART), first + count]
    secrets = [secret for ids in pairwise(edges) for secret in _add_part(people, range(*ids))]
    settle(AccessToken, TokenSecret)
    return secrets


@transaction.atomic
def _add_part(people: list[User], ids: range) -> list[str]:
    now, pepper = timezone.now(), digests.first_pepper()
    secrets = [make_secret(PREFIX) for _ in ids]
    token = AccessToken(
        scopes="deployments:read deployments:write", created_at=now, updated_at=now, expires_at=now + timedelta(days=30)
    )
    insert(token, ({"id": pk, "owner_id": people[pk % len(people)].pk, **_named(pk)} for pk in ids))
    insert(TokenSecret(pepper=pepper, created_at=now), _secret_rows(ids, secrets, pepper))
    return secrets


def _named(pk: int) -> dict[str, str]:
    return {"name": f"token {pk}", "name_key": f"token {pk}"}


def _secret_rows(ids: range, secrets: list[str], pepper: int) -> Iterator[dict[str, object]]:
    for pk, secret in zip(ids, secrets, strict=True):
        yield {"id": pk, "token_id": pk, "digest": digests.digest(secret, pepper), "hint": hint(secret)}


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
