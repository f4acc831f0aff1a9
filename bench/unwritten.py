"""The portal, but that last uses are dropped where PostgreSQL would write them: what the writing costs."""

from tokenportal.wsgi import application
from tokens.domain import last_use_postgres

__all__ = ["application"]

last_use_postgres.write = lambda _batch: ()
