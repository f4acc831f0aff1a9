"""Many tabs of one browser that post at the same moment, on real transactions."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.tokens.conftest import events
from tests.tokens.pages.conftest import NEW, address, made, new_fields, regenerate_fields

pytestmark = pytest.mark.django_db(transaction=True)

TABS = 50


def post_at_once(browser: Client, path: str, typed: dict[str, Any]) -> Counter[int]:
    """How many of the tabs were answered with which status."""
    barrier = Barrier(TABS)

    def post(_number: int) -> int:
        tab = Client()
        tab.cookies = browser.cookies
        barrier.wait()
        try:
            return int(tab.post(path, typed).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(TABS) as pool:
        return Counter(pool.map(post, range(TABS)))


# One test: two of them on two workers would want more connections than PostgreSQL has.
def test_fifty_tabs_that_post_at_once_do_each_act_once(alices: Client) -> None:
    assert post_at_once(alices, NEW, new_fields()) == {200: 1, 409: TABS - 1}
    token = made()
    assert post_at_once(alices, address("regenerate", token), regenerate_fields(token)) == {200: 1, 409: TABS - 1}
    assert token.secrets.count() == 2
    deleted = post_at_once(alices, address("delete", token), {})
    assert (deleted[302], deleted[404] + deleted[409]) == (1, TABS - 1)
    assert events(token) == ["token.created", "token.regenerated", "token.deleted"]
