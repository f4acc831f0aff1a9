"""Writing the last uses of many secrets, and of their tokens, at once."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from django.db import connection, transaction

from tokens.networks import CallerAddress


class Use(NamedTuple):
    at: datetime
    token_id: int
    address: CallerAddress
    agent: str


def later(one: Use, other: Use) -> Use:
    return other if other.at >= one.at else one


# The uses come as one parameter, JSON that the database takes apart: meanwhile Python answers requests.
#
# One statement, whose locks are taken in the order of ids and never waited for: two processes, or one
# and somebody who edits the token, can't wait for each other. It answers with the ids of secrets of which
# somebody holds a row; rows that are gone are no loss. A later use that stands there already stays.
_POSTGRES = """
    WITH given AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%s::json)
            AS uses(secret bigint, token bigint, at timestamptz, address text, agent text)
    ), newest AS (
        SELECT DISTINCT ON (token) * FROM given ORDER BY token, at DESC
    ), locked_tokens AS (
        SELECT newest.* FROM tokens_accesstoken target JOIN newest ON target.id = token
        ORDER BY token FOR NO KEY UPDATE OF target SKIP LOCKED
    ), locked_secrets AS (
        SELECT given.* FROM tokens_tokensecret target JOIN given ON target.id = secret
        ORDER BY secret FOR NO KEY UPDATE OF target SKIP LOCKED
    ), written_tokens AS (
        UPDATE tokens_accesstoken target
        SET last_used_at = at, last_used_address = address, last_used_agent = agent
        FROM locked_tokens
        WHERE target.id = token AND (target.last_used_at IS NULL OR target.last_used_at < at)
    ), written_secrets AS (
        UPDATE tokens_tokensecret target
        SET last_used_at = at, last_used_address = address, last_used_agent = agent
        FROM locked_secrets
        WHERE target.id = secret AND (target.last_used_at IS NULL OR target.last_used_at < at)
    )
    SELECT secret FROM given
    WHERE (token NOT IN (SELECT token FROM locked_tokens)
           AND EXISTS (SELECT 1 FROM tokens_accesstoken target WHERE target.id = token))
       OR (secret NOT IN (SELECT secret FROM locked_secrets)
           AND EXISTS (SELECT 1 FROM tokens_tokensecret target WHERE target.id = secret))
"""
# SQLite has one writer, which waits its turn before the transaction begins: nobody holds a row. Beside
# max() the other columns are those of the very row that has it.
_SQLITE = """
    WITH given AS (
        SELECT json_extract(value, '$.{key}') AS id, max(json_extract(value, '$.at')) AS at,
               json_extract(value, '$.address') AS address, json_extract(value, '$.agent') AS agent
        FROM json_each(%s) GROUP BY 1
    )
    UPDATE {table} AS target SET last_used_at = at, last_used_address = address, last_used_agent = agent
    FROM given WHERE target.id = given.id AND (target.last_used_at IS NULL OR target.last_used_at < at)
"""


def write(batch: Mapping[int, Use]) -> Collection[int]:
    """Write the uses of secrets, by their ids. Returns those that could not be written now."""
    return _write_sqlite(batch) if connection.vendor == "sqlite" else _write_postgres(batch)


def _write_postgres(batch: Mapping[int, Use]) -> Collection[int]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRES, [_as_json(batch, datetime.isoformat)])
        return [secret_id for (secret_id,) in cursor.fetchall()]


@transaction.atomic
def _write_sqlite(batch: Mapping[int, Use]) -> Collection[int]:
    given = _as_json(batch, _stored_time)
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE.format(table="tokens_accesstoken", key="token"), [given])
        cursor.execute(_SQLITE.format(table="tokens_tokensecret", key="secret"), [given])
    return ()


def _as_json(batch: Mapping[int, Use], time_text: Callable[[datetime], str]) -> str:
    return json.dumps(
        [
            {
                "secret": secret_id,
                "token": use.token_id,
                "at": time_text(use.at),
                "address": _address_text(use.address),
                "agent": use.agent,
            }
            for secret_id, use in batch.items()
        ]
    )


_address_text = lru_cache(maxsize=1024)(str)  # the same services call again and again


def _stored_time(at: datetime) -> str:
    """As Django keeps times in SQLite, so that they compare as texts."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
