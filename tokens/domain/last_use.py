"""What a last use is, and where it is kept.

A token's row has its last use and says of which secret; a secret's row has the last one before another
secret of its token was used. So nearly every use is one row. What stood in a token's row and gives way
to another secret's goes to the row of its own.

Written are many uses at once (last_use_postgres.py, last_use_sqlite.py), in two steps: at first, by a
plain statement, those of a secret whose token was last used with it too, or never; then, by one that costs
several times as much, what the first left. Of two secrets of a token that was never used the first step may
write either; the second brings both to their places. A later use that stands there already stays.
"""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from tokens.networks import CallerAddress


class Use(NamedTuple):
    at: datetime
    token_id: int
    address: CallerAddress
    agent: str


def later(one: Use, other: Use) -> Use:
    return other if other.at >= one.at else one


address_text = lru_cache(maxsize=1024)(str)  # the same services call again and again
