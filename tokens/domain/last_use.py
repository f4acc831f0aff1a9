"""Writing the last uses of many secrets, and of their tokens, at once."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
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


# One statement, whose locks are taken in the order of ids and never waited for: two processes, or one
# and somebody who edits the token, can't wait for each other. It answers with the ids of rows that
# somebody holds; rows that are gone are no loss. A later use that stands there already stays.
_POSTGRES = """
    WITH given AS (
        SELECT * FROM json_to_recordset(%s::json) AS given(id bigint, at timestamptz, address text, agent text)
    ), locked AS (
        SELECT target.id FROM {table} target JOIN given USING (id)
        ORDER BY target.id FOR NO KEY UPDATE OF target SKIP LOCKED
    ), written AS (
        UPDATE {table} target SET last_used_at = at, last_used_address = address, last_used_agent = agent
        FROM given JOIN locked USING (id)
        WHERE target.id = given.id AND (target.last_used_at IS NULL OR target.last_used_at < at)
    )
    SELECT id FROM given JOIN {table} target USING (id) WHERE id NOT IN (SELECT id FROM locked)
"""
# SQLite has one writer, which waits its turn before the transaction begins.
_SQLITE = """
    UPDATE {table} SET last_used_at = %s, last_used_address = %s, last_used_agent = %s
    WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
"""


@transaction.atomic
def write(batch: Mapping[int, Use]) -> Collection[int]:
    """Write the uses of secrets, by their ids. Returns those that could not be written now."""
    tokens: dict[int, Use] = {}
    for use in batch.values():
        tokens[use.token_id] = later(tokens.get(use.token_id, use), use)
    held_tokens = _write(AccessToken._meta.db_table, tokens)
    held_secrets = _write(TokenSecret._meta.db_table, batch)
    return {key for key, use in batch.items() if key in held_secrets or use.token_id in held_tokens}


def _write(table: str, uses: Mapping[int, Use]) -> set[int]:
    """Returns the ids of the rows that somebody else holds."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = [_given(row_id, use) for row_id, use in uses.items()]
            cursor.execute(_POSTGRES.format(table=table), [json.dumps(given)])
            return {row_id for (row_id,) in cursor.fetchall()}
        cursor.executemany(_SQLITE.format(table=table), [_parameters(row_id, use) for row_id, use in uses.items()])
        return set()


def _given(row_id: int, use: Use) -> dict[str, object]:
    return {"id": row_id, "at": use.at.isoformat(), "address": str(use.address), "agent": use.agent}


def _parameters(row_id: int, use: Use) -> tuple[str | int, ...]:
    at = use.at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")  # as Django keeps times in SQLite
    return at, str(use.address), use.agent, row_id, at
