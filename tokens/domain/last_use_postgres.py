"""Writing many last uses at once, on PostgreSQL (see last_use.py).

Locks are taken in the order of ids and never waited for: two processes, or one and somebody who edits
the token, can't wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection

from tokens.domain.last_use import Use, address_text

# Arrays as texts, which the database takes apart: meanwhile Python answers requests.
_GIVEN = """
    given AS MATERIALIZED (
        SELECT * FROM unnest(
            %(secrets)s::bigint[], %(tokens)s::bigint[], %(times)s::timestamptz[],
            %(addresses)s::text[], %(agents)s::text[]
        ) AS uses (secret, token, at, address, agent)
    )
"""
_WRITE_SAME = """
    WITH {given}, locked AS MATERIALIZED (
        SELECT id, last_used_secret_id, last_used_at FROM tokens_accesstoken
        WHERE id = ANY (%(tokens)s::bigint[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE tokens_accesstoken target
    SET last_used_secret_id = secret, last_used_at = at, last_used_address = address, last_used_agent = agent
    FROM given JOIN locked ON locked.id = token
    WHERE target.id = token
        AND (locked.last_used_secret_id IS NULL OR locked.last_used_secret_id = secret)
        AND (locked.last_used_at IS NULL OR locked.last_used_at < at)
    RETURNING secret
"""
# Answers with the ids of secrets of whose uses somebody holds a row; rows that are gone are no loss.
_WRITE_ANY = """
    WITH {given}, locked AS MATERIALIZED (
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


def write(batch: Mapping[int, Use]) -> Collection[int]:
    """Write the uses of secrets, by their ids. Returns those that could not be written now."""
    written = _ids(_WRITE_SAME, batch)
    left = {secret_id: use for secret_id, use in batch.items() if secret_id not in written}
    return _ids(_WRITE_ANY, left) if left else ()


def _ids(statement: str, batch: Mapping[int, Use]) -> Collection[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(given=_GIVEN), _columns(batch))
        return {secret_id for (secret_id,) in cursor.fetchall()}


def _columns(batch: Mapping[int, Use]) -> dict[str, str]:
    uses = batch.values()
    return {
        "secrets": _array(map(str, batch)),
        "tokens": _array([str(use.token_id) for use in uses]),
        "times": _array([use.at.isoformat() for use in uses]),
        "addresses": _array([_quoted(address_text(use.address)) for use in uses]),
        "agents": _array([_quoted(use.agent) for use in uses]),
    }


def _array(elements: Iterable[str]) -> str:
    """Its text, as PostgreSQL reads it (its manual, 8.15.2); by psycopg's own lists it takes three times as long."""
    return "{" + ",".join(elements) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
