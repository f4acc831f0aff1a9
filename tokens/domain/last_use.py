"""Writing the last uses of many secrets, and of their tokens, at once."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from django.db import connection, transaction

from tokens.models import AccessToken, TokenSecret
from tokens.networks import CallerAddress


class Use(NamedTuple):
    at: datetime
    token_id: int
    address: CallerAddress
    agent: str


def later(one: Use, other: Use) -> Use:
    return other if other.at >= one.at else one


# The uses come as one parameter, JSON that the database takes apart: meanwhile Python answers requests.
_STATEMENTS = {
    # Its locks are taken in the order of ids and never waited for: two processes, or one and somebody
    # who edits the token, can't wait for each other. It answers with the ids of rows that somebody holds;
    # rows that are gone are no loss. A later use that stands there already stays.
    "postgresql": """
        WITH given AS (
            SELECT DISTINCT ON ({key}) {key} AS id, at, address, agent
            FROM json_to_recordset(%s::json)
                AS uses(secret bigint, token bigint, at timestamptz, address text, agent text)
            ORDER BY {key}, at DESC
        ), locked AS (
            SELECT target.id FROM {table} target JOIN given USING (id)
            ORDER BY target.id FOR NO KEY UPDATE OF target SKIP LOCKED
        ), written AS (
            UPDATE {table} target SET last_used_at = at, last_used_address = address, last_used_agent = agent
            FROM given JOIN locked USING (id)
            WHERE target.id = given.id AND (target.last_used_at IS NULL OR target.last_used_at < at)
        )
        SELECT id FROM given JOIN {table} target USING (id) WHERE id NOT IN (SELECT id FROM locked)
    """,
    # It has one writer, which waits its turn before the transaction begins: nobody holds a row. Beside
    # max() the other columns are those of the very row that has it.
    "sqlite": """
        WITH given AS (
            SELECT json_extract(value, '$.{key}') AS id, max(json_extract(value, '$.at')) AS at,
                   json_extract(value, '$.address') AS address, json_extract(value, '$.agent') AS agent
            FROM json_each(%s) GROUP BY 1
        )
        UPDATE {table} AS target SET last_used_at = at, last_used_address = address, last_used_agent = agent
        FROM given WHERE target.id = given.id AND (target.last_used_at IS NULL OR target.last_used_at < at)
    """,
}


@transaction.atomic
def write(batch: Mapping[int, Use]) -> Collection[int]:
    """Write the uses of secrets, by their ids. Returns those that could not be written now."""
    time_of = _time_sqlite if connection.vendor == "sqlite" else _time_postgres
    given = json.dumps([_given(secret_id, use, time_of(use.at)) for secret_id, use in batch.items()])
    held_tokens = _write(AccessToken._meta.db_table, "token", given)
    held_secrets = _write(TokenSecret._meta.db_table, "secret", given)
    return [key for key, use in batch.items() if key in held_secrets or use.token_id in held_tokens]


def _write(table: str, key: str, given: str) -> set[int]:
    """Returns the ids of the rows that somebody else holds."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[connection.vendor].format(table=table, key=key), [given])
        return {row_id for (row_id,) in cursor.fetchall()}


def _given(secret_id: int, use: Use, at: str) -> dict[str, object]:
    address = _address_text(use.address)
    return {"secret": secret_id, "token": use.token_id, "at": at, "address": address, "agent": use.agent}


_address_text = lru_cache(maxsize=1024)(str)  # the same services call again and again
_time_postgres = datetime.isoformat


def _time_sqlite(at: datetime) -> str:
    """As Django keeps times there, so that they compare as texts."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
