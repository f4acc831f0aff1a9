"""python -m bench.seed_peers TOKENS FOLDER: the same for the peers; a file of secrets for each.

Every peer has the same people, but that REST framework's own tokens are one a person, so there are as
many people as tokens.
"""

import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.utils import timezone  # noqa: E402
from knox.crypto import create_token_string, hash_token  # noqa: E402
from knox.models import AuthToken  # noqa: E402
from knox.settings import CONSTANTS  # noqa: E402
from oauth2_provider.models import AccessToken, Application  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402

from bench.rows import make_secret  # noqa: E402

BATCH = 2_000  # PostgreSQL takes 65,535 parameters at a time


def main(count: int, folder: Path) -> None:
    call_command("migrate", verbosity=0)
    everybody = save(User(username=f"p{number}", password="!") for number in range(count))
    owners = everybody[: max(1, count // 100)]
    write(folder / "drf", [token.key for token in save(_drf_tokens(everybody))])
    write(folder / "knox", _knox(owners, count))
    write(folder / "api-key", _api_keys(count))
    caller, *secrets = _oauth(owners, count)
    write(folder / "dot", secrets)
    (folder / "dot.caller").write_text(caller)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def save(rows: Iterable[models.Model]) -> list[models.Model]:
    made = list(rows)
    return list(type(made[0])._default_manager.bulk_create(made, batch_size=BATCH))


def write(file: Path, secrets: list[str]) -> None:
    file.write_text("\n".join(secrets) + "\n")


def _drf_tokens(people: list[models.Model]) -> Iterable[Token]:
    return (Token(key=Token.generate_key(), user=person) for person in people)


def _knox(owners: list[models.Model], count: int) -> list[str]:
    secrets = [create_token_string() for _ in range(count)]
    end = timezone.now() + timedelta(days=30)
    save(
        AuthToken(
            digest=hash_token(secret),
            token_key=secret[: CONSTANTS.TOKEN_KEY_LENGTH],
            user=owners[number % len(owners)],
            expiry=end,
        )
        for number, secret in enumerate(secrets)
    )
    return secrets


def _api_keys(count: int) -> list[str]:
    keys = [APIKey(name=f"key {number}") for number in range(count)]
    secrets = [APIKey.objects.assign_key(key) for key in keys]
    save(keys)
    return secrets


def _oauth(owners: list[models.Model], count: int) -> list[str]:
    """The first is that of a caller who may introspect."""
    application = Application.objects.create(
        name="bench", client_type="confidential", authorization_grant_type="client-credentials", user=owners[0]
    )
    secrets = [make_secret("") for _ in range(count + 1)]
    end = timezone.now() + timedelta(days=30)
    save(
        AccessToken(
            token=secret,
            user=owners[number % len(owners)],
            application=application,
            expires=end,
            scope="read" if number else "introspection",
        )
        for number, secret in enumerate(secrets)
    )
    return secrets


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
