"""The one row that verification reads: one SELECT, as near to the database as its own library goes.

Every request of every service is one such SELECT, and the way there costs several times what the
database does: the ORM a millisecond, a cursor a tenth of that, a prepared statement executed by
libpq itself half of that again. It goes over Django's own connection, so it sees what a transaction
that is open there has done.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, NotSupportedError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import abc, generators, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from tokens.domain import digests


class Found(NamedTuple):
    """A secret that exists, its token and its owner; in the order of the columns below."""

    secret_id: int
    pepper: int
    token_id: int
    token_name: str
    scopes: str
    revoked_code: str
    networks_json: str
    owner_id: int
    owner_email: str
    owner_name: str
    created_at: datetime
    expires_at: datetime
    replaced_at: datetime | None
    accepted_until: datetime | None
    disabled_at: datetime | None
    revoked_at: datetime | None
    deactivated_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        """When this very secret stops being accepted."""
        return self.expires_at if self.accepted_until is None else min(self.expires_at, self.accepted_until)

    @property
    def allowed_networks(self) -> tuple[str, ...]:
        return () if self.networks_json == "[]" else tuple(json.loads(self.networks_json))


_COLUMNS = (
    *("secret.id", "secret.pepper", "token.id", "token.name", "token.scopes", "token.revoked_code"),
    *("token.allowed_networks", "owner.id", "owner.email", "owner.name"),
)
_TIMES = (
    *("secret.created_at", "token.expires_at", "secret.replaced_at", "secret.accepted_until"),
    *("token.disabled_at", "token.revoked_at", "owner.deactivated_at"),
)
_SELECT = """
    SELECT {columns}
    FROM tokens_tokensecret secret
    JOIN tokens_accesstoken token ON token.id = secret.token_id
    JOIN accounts_user owner ON owner.id = token.owner_id
    WHERE secret.digest IN ({digests})
"""


class _Thread(threading.local):
    """Django's connection of this thread; on PostgreSQL what was prepared, and on which connection below it.

    After an answer that was watched for in vain, `missed` are slept for at once; `unwatched` of these are left.
    """

    raw: "psycopg.Connection[Any] | None" = None
    loader: abc.Transformer
    counts: set[int]
    missed = 0
    unwatched = 0

    def __init__(self) -> None:
        self.connection = connections[DEFAULT_DB_ALIAS]  # which takes as long as all of Python in between


_thread = _Thread()
# What a new connection may mend: one that was lost, and a plan whose columns a migration has changed.
_MENDABLE = (OperationalError, InterfaceError, NotSupportedError)


def find(secret: str) -> Found | None:
    """The row of a well-formed secret, by the unique index on digests.

    Raises django.db.Error when the database does not answer, a second try on a new connection included.
    """
    candidates = digests.candidates(secret)
    connection = _thread.connection
    try:
        return _select(connection, candidates)
    except _MENDABLE:
        if connection.in_atomic_block:
            raise  # a new connection would not be in that transaction
        connection.close()
        return _select(connection, candidates)


def _select(connection: BaseDatabaseWrapper, candidates: Sequence[bytes]) -> Found | None:
    if connection.connection is None:
        connection.ensure_connection()
    connection.validate_no_broken_transaction()
    try:
        if connection.vendor == "postgresql":
            return _select_postgres(connection, candidates)
        return _select_sqlite(connection.connection, candidates)
    except (psycopg.Error, sqlite3.Error):
        with connection.wrap_database_errors:
            raise


# --- SQLite -----------------------------------------------------------------------------------


def _select_sqlite(raw: sqlite3.Connection, candidates: Sequence[bytes]) -> Found | None:
    row = raw.execute(_sql_sqlite(len(candidates)), candidates).fetchone()
    if row is None:
        return None
    return Found(*row[:_FIRST_TIME], *[text and datetime.fromisoformat(text) for text in row[_FIRST_TIME:]])


_FIRST_TIME = len(_COLUMNS)


@lru_cache
def _sql_sqlite(count: int) -> str:
    # An expression has no declared type, so no converter of Django's is looked for, and none makes a time of it.
    plain, times = (f"+{column}" for column in _COLUMNS), (f"{column} || '+00:00'" for column in _TIMES)
    return _SELECT.format(columns=", ".join((*plain, *times)), digests=", ".join("?" * count))


# --- PostgreSQL -------------------------------------------------------------------------------

_NO_SUCH_STATEMENT = b"26000"  # its SQLSTATE


def _select_postgres(connection: BaseDatabaseWrapper, candidates: Sequence[bytes]) -> Found | None:
    raw: psycopg.Connection[Any] = connection.connection
    in_transaction = connection.in_atomic_block
    result = _execute(raw, candidates, in_transaction=in_transaction)
    if result.status != pq.ExecStatus.TUPLES_OK:
        if result.error_field(pq.DiagnosticField.SQLSTATE) == _NO_SUCH_STATEMENT:
            _thread.raw = None  # psycopg deallocates every statement after a rollback
            result = _execute(raw, candidates, in_transaction=in_transaction)
        _check(raw, result)
    loader = _thread.loader
    # The columns of a prepared statement never change, so how to load them is found out once.
    loader.set_pgresult(result, set_loaders=in_transaction or loader.pgresult is None)
    rows = loader.load_rows(0, result.ntuples, Found._make)
    return rows[0] if rows else None


def _execute(raw: "psycopg.Connection[Any]", candidates: Sequence[bytes], *, in_transaction: bool) -> "pq.abc.PGresult":
    if _thread.raw is not raw:
        _thread.raw, _thread.loader, _thread.counts = raw, Transformer(raw), set()
    count = len(candidates)
    # In a transaction the name that is always free: to meet one that is gone would break the transaction.
    name = b"" if in_transaction else b"tokens_lookup_%d" % count
    if in_transaction or count not in _thread.counts:
        _check(raw, raw.pgconn.prepare(name, _sql_postgres(count)))
        if not in_transaction:
            _thread.counts.add(count)
    raw.pgconn.send_query_prepared(name, candidates, [pq.Format.BINARY] * count, pq.Format.BINARY)
    _watch_for_answer(raw.pgconn)
    answers: list[pq.abc.PGresult] = raw.wait(generators.execute(raw.pgconn))
    return answers[0]


# In seconds: a database on this machine answers within it.
_WATCHED = 0.0001
_MOST_UNWATCHED = 100


def _watch_for_answer(pgconn: "pq.abc.PGconn") -> None:
    """Look for the answer a few times before the thread sleeps for it, which takes longer than the answer.

    Where it comes later than that, fewer and fewer answers are watched for, down to one of a hundred.
    """
    if _thread.unwatched:
        _thread.unwatched -= 1
    elif _comes_at_once(pgconn):
        _thread.missed = 0
    else:
        _thread.missed = _thread.unwatched = min(2 * _thread.missed + 1, _MOST_UNWATCHED)


def _comes_at_once(pgconn: "pq.abc.PGconn") -> bool:
    until = time.perf_counter() + _WATCHED
    while pgconn.is_busy() and time.perf_counter() < until:
        os.sched_yield()  # to the database, should it wait for this very processor
        pgconn.consume_input()
    return not pgconn.is_busy()


@lru_cache
def _sql_postgres(count: int) -> bytes:
    parameters = ", ".join(f"${number}::bytea" for number in range(1, count + 1))
    columns = ", ".join((*_COLUMNS, *_TIMES)).replace("token.allowed_networks", "token.allowed_networks::text")
    return _SELECT.format(columns=columns, digests=parameters).encode()


def _check(raw: "psycopg.Connection[Any]", result: "pq.abc.PGresult") -> None:
    """Raises what psycopg's cursor would."""
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise psycopg.OperationalError("the connection is lost") if raw.closed else error_from_result(result)
