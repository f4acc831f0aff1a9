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


# A token's row has its last use and says of which secret; a secret's row has the last one before another
# secret of its token was used. So nearly every use is one row. What stood in a token's row and gives way
# to another secret's goes to the row of its own.
#
# The uses come as one parameter, JSON that the database takes apart: meanwhile Python answers requests.
#
# One statement, whose locks are taken in the order of ids and never waited for: two processes, or one
# and somebody who edits the token, can't wait for each other. It answers with the ids of secrets of whose
# uses somebody holds a row; rows that are gone are no loss. A later use that stands there already stays.
_POSTGRES = """
    WITH given AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%s::json)
            AS uses(secret bigint, token bigint, at timestamptz, address text, agent text)
    ), locked AS MATERIALIZED (
        SELECT id, last_used_secret_id, last_used_at, last_used_address, last_used_agent
        FROM tokens_accesstoken WHERE id IN (SELECT token FROM given)
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), uses AS (
        SELECT given.* FROM given JOIN locked ON locked.id = token
        UNION ALL
        SELECT last_used_secret_id, id, last_used_at, last_used_address, last_used_agent
        FROM locked WHERE last_used_secret_id IS NOT NULL
    ), newest AS MATERIALIZED (
        SELECT DISTINCT ON (token) * FROM uses ORDER BY token, at DESC
    ), others AS MATERIALIZED (
        SELECT DISTINCT ON (uses.secret) uses.* FROM uses JOIN newest USING (token)
        WHERE uses.secret <> newest.secret ORDER BY uses.secret, uses.at DESC
    ), locked_others AS MATERIALIZED (
        SELECT others.* FROM tokens_tokensecret target JOIN others ON target.id = others.secret
        ORDER BY others.secret FOR NO KEY UPDATE OF target SKIP LOCKED
    ), held AS MATERIALIZED (
        SELECT token FROM given WHERE token NOT IN (SELECT id FROM locked)
            AND EXISTS (SELECT 1 FROM tokens_accesstoken target WHERE target.id = token)
        UNION
        SELECT token FROM others WHERE secret NOT IN (SELECT secret FROM locked_others)
            AND EXISTS (SELECT 1 FROM tokens_tokensecret target WHERE target.id = secret)
    ), written AS (
        UPDATE tokens_accesstoken target
        SET last_used_secret_id = secret, last_used_at = at, last_used_address = address, last_used_agent = agent
        FROM newest
        WHERE target.id = token AND token NOT IN (SELECT token FROM held)
            AND (target.last_used_at IS NULL OR target.last_used_at < at)
    ), written_others AS (
        UPDATE tokens_tokensecret target
        SET last_used_at = at, last_used_address = address, last_used_agent = agent
        FROM locked_others
        WHERE target.id = secret AND locked_others.token NOT IN (SELECT token FROM held)
            AND (target.last_used_at IS NULL OR target.last_used_at < at)
    )
    SELECT secret FROM given WHERE token IN (SELECT token FROM held)
"""
# SQLite has one writer, which waits its turn before the transaction begins: nobody holds a row. Beside
# max() the other columns are those of the very row that has it.
_SQLITE_GIVEN = """
    given AS (
        SELECT json_extract(value, '$.secret') AS secret, json_extract(value, '$.token') AS token,
               json_extract(value, '$.at') AS at, json_extract(value, '$.address') AS address,
               json_extract(value, '$.agent') AS agent
        FROM json_each(%s)
    )
"""
_SQLITE_OTHERS = """
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
_SQLITE_TOKENS = """
    WITH {given}, newest AS (
        SELECT token, secret, max(at) AS at, address, agent FROM given GROUP BY token
    )
    UPDATE tokens_accesstoken AS target
    SET last_used_secret_id = secret, last_used_at = at, last_used_address = address, last_used_agent = agent
    FROM newest WHERE target.id = newest.token AND (target.last_used_at IS NULL OR target.last_used_at < at)
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
        cursor.execute(_SQLITE_OTHERS.format(given=_SQLITE_GIVEN), [given])
        cursor.execute(_SQLITE_TOKENS.format(given=_SQLITE_GIVEN), [given])
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
