"""The list: what the query asks for, and the page of rows that answers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from tokens.domain.selection import NEWEST_FIRST, current_secrets, select_tokens
from tokens.domain.states import State, reminder_window
from tokens.models import AccessToken, Policy
from tokens.pages.presentation import TokenRow, token_row
from tokens.pages.tries import still_tried
from tokens.secret_format import holds_secret

PAGE_SIZE = 25
_MAX_QUERY = 200
STATES = [("", "All states"), *((state.value, state.value.capitalize()) for state in State)]
SORTS = [
    (NEWEST_FIRST, "Newest first"),
    ("created", "Oldest first"),
    ("name", "Name, A to Z"),
    ("-name", "Name, Z to A"),
    ("expires", "Ends soonest"),
    ("-expires", "Ends last"),
    ("-used", "Used last"),
    ("used", "Unused longest"),
]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the address asks for; whatever can't be understood counts as not said."""

    q: str = ""
    state: str = ""
    sort: str = NEWEST_FIRST
    page: int = 1
    held_secret: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "ListQuery":
        q = query.get("q", "").replace("\0", "").strip()
        state, sort, page = query.get("state", ""), query.get("sort", ""), query.get("page", "")
        # Before it is cut, which a secret might be in two; whatever else holds one isn't understood anyway.
        in_search = holds_secret(q, settings.TOKEN_PREFIXES)
        return cls(
            q="" if in_search else q[:_MAX_QUERY],
            state=state if state in set(State) else "",
            sort=sort if sort in dict(SORTS) else NEWEST_FIRST,
            # Nine digits are past every end, as is a number that is longer still.
            page=max(1, int(page[:9])) if page.isascii() and page.isdigit() else 1,
            held_secret=in_search or holds_secret(" ".join(query.values()), settings.TOKEN_PREFIXES),
        )

    def known(self) -> QueryDict:
        """What was understood, but for the page: for the links from one to another."""
        said = {"q": self.q, "state": self.state, "sort": self.sort if self.sort != ListQuery().sort else ""}
        known = QueryDict(mutable=True)
        known.update({name: value for name, value in said.items() if value})
        return known

    def address(self) -> str:
        """Of the list with what was understood."""
        known = self.known().urlencode()
        return reverse("tokens:list") + (f"?{known}" if known else "")


def list_context(owner: User, query: ListQuery, *, now: datetime) -> dict[str, Any]:
    """What the templates of the list use; the number of queries does not depend on the number of tokens."""
    window = reminder_window(Policy.current())
    tokens = select_tokens(
        owner.tokens.all(), q=query.q, state=query.state, sort=query.sort, now=now, window=window
    ).prefetch_related(current_secrets())
    page: Page[AccessToken] = Paginator(tokens, PAGE_SIZE).get_page(query.page)
    return {
        "rows": still_tried([token_row(token, now=now, window=window) for token in page], now=now),
        "page": page,
        "q": query.q,
        "state": query.state,
        "sort": query.sort,
        "query": query.known(),
        "held_secret": query.held_secret,
        "total": owner.tokens.count() if query.q or query.state else page.paginator.count,
        "states": STATES,
        "sorts": SORTS,
    }


def row_of(token: AccessToken, *, now: datetime) -> TokenRow:
    return token_row(token, now=now, window=reminder_window(Policy.current()))
