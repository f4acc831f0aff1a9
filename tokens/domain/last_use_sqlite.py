"""Writing many last uses at once, on SQLite (see last_use.py).

SQLite has one writer, which waits its turn before the transaction begins: nobody holds a row.
"""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from django.db import connection, transaction

from tokens.domain.last_use import Use, address_text

# One parameter that the database takes apart: meanwhile Python answers requests.
_GIVEN = """
    given AS MATERIALIZED (
        SELECT json_extract(value, '$[0]') AS secret, json_extract(value, '$[1]') AS token,
               json_extract(value, '$[2]') AS at, json_extract(value, '$[3]') AS address,
               json_extract(value, '$[4]') AS agent
        FROM json_each(%s)
    )
"""
_WRITE_SAME = """
    WITH {given}
    UPDATE tokens_accesstoken AS target
    SET last_used_secret_id = secret, last_used_at = at, last_used_address = address, last_used_agent = agent
    FROM given
    WHERE target.id = token AND (target.last_used_secret_id IS NULL OR target.last_used_secret_id = secret)
        AND (target.last_used_at IS NULL OR target.last_used_at < at)
    RETURNING last_used_secret_id
"""
# Beside max() the other columns are those of the very row that has it.
_WRITE_OTHERS = """
    WITH {given}, uses AS (
        SELECT secret, token, at, address, agent FROM given
        UNION ALL
        SELECT last_used_secret_id, id, last_used_at, last_used_address, last_used_agent
        FROM tokens_accesstoken WHERE id IN (SELECT token FROM given) AND last_used_secret_id IS NOT NULL
    ), newest AS (
        SELECT token, secret, max(at) FROM uses GROUP BY token
    ), others AS (
        SELECT uses.secret, max(at) AS at, address, agent FROM uses JOIN newest USING (token)
        WHERE uses.secret <> newest.secret GROUP BY uses.secret
    )
    UPDATE tokens_tokensecret AS target
    SET last_used_at = at, last_used_address = address, last_used_agent = agent
    FROM others WHERE target.id = others.secret AND (target.last_used_at IS NULL OR target.last_used_at < at)
"""
_WRITE_TOKENS = """
    WITH {given}, newest AS (
        SELECT token, secret, max(at) AS at, address, agent FROM given GROUP BY token
    )
    UPDATE tokens_accesstoken AS target
    SET last_used_secret_id = secret, last_used_at = at, last_used_address = address, last_used_agent = agent
    FROM newest WHERE target.id = newest.token AND (target.last_used_at IS NULL OR target.last_used_at < at)
"""


def write(batch: Mapping[int, Use]) -> Collection[int]:
    """Write the uses of secrets, by their ids. Returns those that could not be written now: none."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_SAME.format(given=_GIVEN), [_rows(batch)])
        written = {secret_id for (secret_id,) in cursor.fetchall()}
    left = {secret_id: use for secret_id, use in batch.items() if secret_id not in written}
    if left:
        _write_of_any_secret(_rows(left))
    return ()


@transaction.atomic
def _write_of_any_secret(rows: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_OTHERS.format(given=_GIVEN), [rows])
        cursor.execute(_WRITE_TOKENS.format(given=_GIVEN), [rows])


def _rows(batch: Mapping[int, Use]) -> str:
    return json.dumps(
        [
            (secret_id, use.token_id, _stored_time(use.at), address_text(use.address), use.agent)
            for secret_id, use in batch.items()
        ]
    )


def _stored_time(at: datetime) -> str:
    """As Django keeps times in SQLite, so that they compare as texts."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
