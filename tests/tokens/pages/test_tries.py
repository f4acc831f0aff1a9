"""What the owner sees of secrets that are refused and still used: on the token's page, and in the banner."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tests.tokens.pages.conftest import LIST, address, edit_fields, htmx
from tests.tokens.pages.reading import Page
from tokens.domain.expiry import flag_expiring
from tokens.domain.lifecycle import disable_token, dismiss_banner, enable_token, regenerate_token, revoke_token
from tokens.domain.refusals import OTHERS, Source, Sources, Tries
from tokens.domain.verification import Outcome
from tokens.models import AccessToken, RefusalMinute
from tokens.pages.presentation import date_text
from tokens.pages.tries import REASONS, tried_text

if TYPE_CHECKING:
    from tests.conftest import Response

MINUTE = timedelta(minutes=1)
CURL: Sources = {"10.0.4.7": Source(1, "curl/8.5.0")}
Refuse = Callable[..., None]


@pytest.fixture
def refuse(now: datetime) -> Refuse:
    """So many refusals, some minutes ago."""

    def count(
        token: AccessToken, reason: str, times: int = 1, *, ago: timedelta = MINUTE, sources: Sources = CURL
    ) -> None:
        RefusalMinute.objects.create(token=token, minute=now - ago, reason=reason, count=times, sources=sources)

    return count


def rows_of(answer: "Response") -> list[str]:
    """What the rows of the list say."""
    return [item for item in Page(answer).items if "Created " in item]


# --- In words ---------------------------------------------------------------------------------

TWO = datetime.fromisoformat("2026-12-22T02:00:00+00:00")


@pytest.mark.parametrize(
    ("times", "sources", "hours", "text"),
    [
        (312, {"10.0.4.7": Source(2, "curl/8.5.0")}, 3, "tried 312 times since 02:00 from 10.0.4.7 (curl/8.5.0)"),
        (1, {"10.0.4.7": Source(1, "")}, 3, "tried once since 02:00 from 10.0.4.7"),
        (2, {"": Source(2, "curl")}, 3, "tried 2 times since 02:00"),
        (2, {}, 3, "tried 2 times since 02:00"),
        (2, {"": Source(2, "")}, 23, "tried 2 times since Dec 22, 2026, 02:00"),
        (
            9,
            {"::1": Source(2, ""), "::2": Source(3, "git/2")},
            3,
            "tried 9 times since 02:00 from ::2 (git/2) and others",
        ),
        (9, {"::1": Source(1, ""), OTHERS: Source(3, "")}, 3, "tried 9 times since 02:00 from ::1 and others"),
        # Where the second came from is not known: it may be the same place.
        (2, {"::1": Source(1, ""), "": Source(1, "")}, 3, "tried 2 times since 02:00 from ::1"),
    ],
)
def test_tried_text_says_how_often_since_when_and_from_where(
    times: int, sources: Sources, hours: int, text: str
) -> None:
    assert tried_text([Tries("expired", times, TWO, TWO, sources)], now=TWO + timedelta(hours=hours)) == text


def test_tried_text_of_several_reasons_adds_up_and_names_the_latest_source() -> None:
    later = Tries("replaced", 2, TWO + MINUTE, TWO + 2 * MINUTE, {"::2": Source(2, "")})
    earlier = Tries("expired", 3, TWO, TWO, CURL)
    assert tried_text([later, earlier], now=TWO) == "tried 5 times since 02:00 from ::2"


def test_tried_text_of_nothing_is_empty(now: datetime) -> None:
    assert tried_text([], now=now) == ""


def test_every_reason_has_its_words() -> None:
    assert REASONS.keys() == set(Outcome) - {Outcome.GOOD, Outcome.UNKNOWN}


# --- On the token's page ----------------------------------------------------------------------


def test_page_of_a_token_that_is_refused_says_why_how_often_and_from_where(
    alices: Client, make_token: MakeToken, refuse: Refuse
) -> None:
    token, _ = make_token()
    refuse(token, "replaced", 300, ago=10 * MINUTE)
    refuse(token, "replaced", 12)
    refuse(token, "wrong_network", ago=5 * MINUTE)
    words = Page(alices.get(address("detail", token))).words
    assert "With a replaced secret" in words
    assert "Tried 312 times since " in words
    assert "from 10.0.4.7 (curl/8.5.0)" in words
    assert words.index("With a replaced secret") < words.index("From a network that it is not for")


def test_page_of_a_token_says_the_latest_refusal_to_the_minute_as_it_was_counted(
    alices: Client, make_token: MakeToken, refuse: Refuse, now: datetime
) -> None:
    token, _ = make_token()
    refuse(token, "revoked", ago=timedelta(seconds=now.second) + MINUTE)
    minute = now - MINUTE
    times = Page(alices.get(address("detail", token))).times
    assert f"{date_text(minute)}, {minute:%H:%M} UTC" in [exact for _, exact, _ in times]


def test_page_of_a_token_shows_no_refusals_of_another_or_of_long_ago(
    alices: Client, make_token: MakeToken, refuse: Refuse
) -> None:
    (token, _), (other, _) = make_token(), make_token()
    refuse(other, "expired")
    refuse(token, "expired", ago=timedelta(days=31))
    assert "Refused" not in Page(alices.get(address("detail", token))).headings


def test_page_of_a_token_with_an_agent_of_markup_shows_it_as_text(
    alices: Client, make_token: MakeToken, refuse: Refuse
) -> None:
    token, _ = make_token()
    refuse(token, "expired", sources={"10.0.4.7": Source(1, "<script>alert(1)</script>")})
    answer = alices.get(address("detail", token))
    assert "(<script>alert(1)</script>)" in Page(answer).words
    assert "<script>alert" not in answer.content.decode()


# --- In the list ------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["expire", "revoke", "disable"])
def test_list_of_a_dead_token_that_is_still_used_says_so_in_its_row(
    alices: Client, make_token: MakeToken, refuse: Refuse, web: Actor, now: datetime, *, act: str
) -> None:
    token, _ = make_token(name="ci", now=now - timedelta(days=9), expires_at=now + timedelta(days=1))
    if act == "expire":
        AccessToken.objects.update(expires_at=now)
    elif act == "revoke":
        revoke_token(token, code="leak", reason="", by=web, now=now)
    else:
        disable_token(token, by=web, now=now)
    refuse(token, {"expire": "expired", "revoke": "revoked", "disable": "disabled"}[act], 312)
    [row] = rows_of(alices.get(LIST))
    assert "Tried 312 times since " in row
    assert "from 10.0.4.7 (curl/8.5.0)" in row


def test_list_of_a_living_token_or_of_old_tries_says_nothing_of_them(
    alices: Client, make_token: MakeToken, refuse: Refuse, now: datetime
) -> None:
    living, ended = make_token()[0], make_token(now=now - timedelta(days=9), expires_at=now)[0]
    refuse(living, "wrong_network")
    refuse(living, "replaced")
    refuse(ended, "expired", ago=timedelta(hours=25))
    assert not any("Tried" in row for row in rows_of(alices.get(LIST)))


def test_row_that_was_swapped_by_itself_still_says_that_the_token_is_tried(
    alices: Client, expired: AccessToken, refuse: Refuse
) -> None:
    refuse(expired, "expired", 312)
    answer = alices.post(address("edit", expired), edit_fields(expired, name="renamed"), headers=htmx())
    assert any("renamed" in row and "Tried 312 times since " in row for row in rows_of(answer))


def test_list_of_many_dead_tokens_asks_no_more_of_the_database(
    alices: Client, make_token: MakeToken, refuse: Refuse, now: datetime
) -> None:
    def queries() -> int:
        refuse(make_token(now=now - timedelta(days=9), expires_at=now)[0], "expired")
        with CaptureQueriesContext(connection) as captured:
            alices.get(LIST)
        return len(captured)

    counts = [queries() for _ in range(5)]
    assert counts == [counts[0]] * 5


# --- In the banner ----------------------------------------------------------------------------


@pytest.fixture
def expired(make_token: MakeToken, now: datetime) -> AccessToken:
    token, _ = make_token(name="ci", now=now - timedelta(days=31))
    flag_expiring(now=now)
    return token


def test_banner_of_an_expired_token_says_that_it_is_still_used(
    alices: Client, expired: AccessToken, refuse: Refuse
) -> None:
    refuse(expired, "expired", 312)
    words = Page(alices.get("/settings/profile/")).words
    assert "; tried 312 times since " in words
    assert "from 10.0.4.7 (curl/8.5.0) Regenerate" in words


def test_banner_leaves_out_what_is_older_than_a_day_or_no_death(
    alices: Client, expired: AccessToken, make_token: MakeToken, refuse: Refuse
) -> None:
    refuse(expired, "expired", ago=timedelta(hours=25))
    refuse(expired, "wrong_network")
    refuse(make_token()[0], "insufficient_scope")
    assert "tried" not in Page(alices.get(LIST)).words


@pytest.fixture
def replaced(make_token: MakeToken, web: Actor, now: datetime) -> AccessToken:
    token, _ = make_token(name="ci")
    return regenerate_token(token, expires_at=now + timedelta(days=20), by=web, now=now)[0]


def test_banner_shows_a_token_whose_replaced_secret_is_still_used(
    alices: Client, replaced: AccessToken, refuse: Refuse
) -> None:
    refuse(replaced, "replaced", 5)
    page = Page(alices.get("/settings/profile/"))
    assert "ci has an old secret that was tried 5 times since " in page.words
    assert page.links["View"] == address("detail", replaced)
    assert "Dismiss" not in page.buttons


def test_banner_shows_a_revoked_token_that_is_still_used(
    alices: Client, replaced: AccessToken, refuse: Refuse, web: Actor, now: datetime
) -> None:
    revoke_token(replaced, code="leak", reason="", by=web, now=now)
    refuse(replaced, "revoked", 5)
    assert "ci is revoked, but was tried 5 times since " in Page(alices.get("/settings/profile/")).words


def test_banner_shows_a_disabled_token_that_is_still_used_until_it_is_on_again(
    alices: Client, replaced: AccessToken, refuse: Refuse, web: Actor, now: datetime
) -> None:
    disable_token(replaced, by=web, now=now)
    refuse(replaced, "disabled", 5)
    assert "ci is disabled, but was tried 5 times since " in Page(alices.get("/settings/profile/")).words
    enable_token(replaced, by=web, now=now)
    assert "tried" not in Page(alices.get("/settings/profile/")).words


def test_banner_that_was_dismissed_stays_away_though_the_token_is_still_used(
    alices: Client, expired: AccessToken, refuse: Refuse, web: Actor, now: datetime
) -> None:
    refuse(expired, "expired", 5)
    dismiss_banner(expired, by=web, now=now)
    assert "tried" not in Page(alices.get(LIST)).words


def test_banner_shows_nothing_of_somebody_elses(
    client_of: ClientOf, bob: User, expired: AccessToken, refuse: Refuse
) -> None:
    refuse(expired, "expired")
    assert "tried" not in Page(client_of(bob).get(LIST)).words


def test_banner_of_many_tokens_asks_no_more_of_the_database(
    alices: Client, make_token: MakeToken, refuse: Refuse
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            alices.get("/settings/profile/")
        return len(captured)

    refuse(make_token()[0], "revoked")
    one = queries()
    for _ in range(10):
        refuse(make_token()[0], "revoked")
    assert queries() == one
