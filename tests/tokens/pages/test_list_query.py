"""What can be asked of the list, and what is asked of it by mistake or malice."""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from accounts.actor import Actor
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET
from tests.tokens.pages.conftest import DAY, IS_SECRET, LIST, htmx, kept_in_sessions
from tests.tokens.pages.reading import Page
from tests.tokens.pages.test_list import names
from tokens.domain.lifecycle import disable_token, regenerate_token, revoke_token
from tokens.models import AccessToken
from tokens.pages.listing import ListQuery

if TYPE_CHECKING:
    from tests.conftest import Response

Tokens = dict[str, AccessToken]


@pytest.fixture
def five(make_token: MakeToken, now: datetime, web: Actor) -> Tokens:
    """A token in each state, and one that has ended while it was disabled."""
    lives = {"active": 30, "expiring": 3, "expired": -3, "disabled": 30, "revoked": 30, "ended while off": -3}
    tokens = {
        name: make_token(name=name, now=now - 9 * DAY, expires_at=now + days * DAY)[0] for name, days in lives.items()
    }
    disable_token(tokens["disabled"], by=web, now=now)
    disable_token(tokens["ended while off"], by=web, now=now - 8 * DAY)
    revoke_token(tokens["revoked"], code="policy", reason="", by=web, now=now)
    return tokens


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("active", ["active"]),
        ("expiring", ["expiring"]),
        ("expired", ["ended while off", "expired"]),
        ("disabled", ["disabled"]),
        ("revoked", ["revoked"]),
    ],
)
def test_list_by_state_shows_those_whose_badge_says_so(
    alices: Client, five: Tokens, state: str, shown: list[str]
) -> None:
    answer = alices.get(LIST, {"state": state, "sort": "name"})
    assert names(answer) == shown
    assert {row.state for row in answer.context["rows"]} == {state}


def test_list_filter_offers_the_five_states_and_keeps_the_chosen(alices: Client, five: Tokens) -> None:
    page = Page(alices.get(LIST, {"state": "expired", "q": "x", "sort": "-used"}))
    assert page.choices["state"] == ["All states", "Active", "Expiring", "Expired", "Disabled", "Revoked"]
    assert page.form("") == {"q": ["x"], "state": ["expired"], "sort": ["-used"]}


@pytest.mark.parametrize("query", ["state=x", "state=ACTIVE", "state=active%00", "sort=x", "sort=--name", "sort=pk"])
def test_list_asked_for_what_does_not_exist_shows_all(alices: Client, five: Tokens, query: str) -> None:
    assert len(names(alices.get(f"{LIST}?{query}"))) == len(five)


@pytest.mark.parametrize(
    ("sort", "shown"),
    [
        ("", "cab"),
        ("created", "bac"),
        ("-created", "cab"),
        ("name", "abc"),
        ("-name", "cba"),
        ("expires", "acb"),
        ("-expires", "bca"),
        ("used", "cba"),
        ("-used", "bca"),
    ],
)
def test_list_sorted_puts_never_used_last_either_way(
    alices: Client, make_token: MakeToken, now: datetime, sort: str, shown: str
) -> None:
    for name, made, ends, used in (("b", 3, 9, 1), ("a", 2, 7, None), ("c", 1, 8, 2)):
        token, _ = make_token(name=name, now=now - made * DAY, expires_at=now + ends * DAY)
        last_used_at = now - used * DAY if used else None
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=last_used_at)
    assert "".join(names(alices.get(LIST, {"sort": sort}))) == shown


def test_list_sorted_by_name_ignores_case(alices: Client, make_token: MakeToken) -> None:
    for name in ("beta", "Alpha", "alpine", "Bern"):
        make_token(name=name)
    assert names(alices.get(LIST, {"sort": "name"})) == ["Alpha", "alpine", "Bern", "beta"]


@pytest.mark.parametrize(
    "q",
    ["ci-DEPLOY", "deploy", "  deploy  ", "STRAßE", "strasse", "ｄｅｐｌｏｙ", "nightly", "NIGHTLY", "build of the"],
)
def test_list_search_finds_part_of_name_or_description_in_any_case(
    alices: Client, make_token: MakeToken, q: str
) -> None:
    make_token(name="ci-deploy Straße", description="Nightly build of the site")
    make_token(name="other")
    assert names(alices.get(LIST, {"q": q})) == ["ci-deploy Straße"]


def test_list_search_finds_a_hint_as_it_is_shown_and_its_parts(alices: Client, make_token: MakeToken) -> None:
    token, secret = make_token(name="mine")
    make_token(name="other")
    for q in (token.hint, secret[3:7], token.hint[-4:]):
        assert "mine" in names(alices.get(LIST, {"q": q}))


def test_list_search_for_the_hint_of_a_replaced_secret_finds_nothing(
    alices: Client, make_token: MakeToken, now: datetime, web: Actor
) -> None:
    token, _ = make_token()
    old_hint = token.hint
    regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    assert names(alices.get(LIST, {"q": old_hint})) == []


@pytest.mark.parametrize("q", ["%", "ci_d", "%%", "\\", "'; drop table tokens_accesstoken; --", "nothing", "x" * 9000])
def test_list_search_for_what_is_nowhere_says_that_nothing_matches(
    alices: Client, make_token: MakeToken, q: str
) -> None:
    make_token(name="ci-deploy")
    page = Page(alices.get(LIST, {"q": q}))
    assert "Nothing matches" in page.headings
    assert page.links["Show all tokens"] == LIST


@pytest.mark.parametrize("q", ["", "   ", "\0", "\0\0 ", "\u2003"])
def test_list_search_for_nothing_shows_all(alices: Client, make_token: MakeToken, q: str) -> None:
    make_token(name="ci-deploy")
    assert names(alices.get(LIST, {"q": q})) == ["ci-deploy"]


def test_list_search_for_markup_shows_it_as_text(alices: Client, make_token: MakeToken) -> None:
    make_token()
    answer = alices.get(LIST, {"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.content.decode()
    assert Page(answer).form("")["q"] == ['"><script>alert(1)</script>']


@pytest.mark.parametrize("q", ["\ud800", "👩‍👩‍👧", "\u202etxt.exe", "a\nb", "\x1b[2J"])
def test_list_search_for_odd_characters_answers(alices: Client, make_token: MakeToken, q: str) -> None:
    make_token()
    answer = alices.get(
        LIST, QUERY_STRING="q=" + "".join(f"%{byte:02X}" for byte in q.encode("utf-8", "surrogatepass"))
    )
    assert answer.status_code == 200


# --- A secret in the search field --------------------------------------------------------------


def told_of_secret(answer: "Response", secret: str) -> bool:
    page = answer.content.decode()
    return IS_SECRET in Page(answer).words and secret not in page and secret[10:] not in page


@pytest.mark.parametrize(
    "q", ["{}", "  {}\n", "token={}&x", "{0} {0}", "{}\0", "x" * 170 + "{}", "x" * 5000 + "{}", "Bearer {}"]
)
def test_list_search_for_a_secret_is_refused_and_shows_all(alices: Client, make_token: MakeToken, q: str) -> None:
    _, secret = make_token(name="ci-deploy")
    answer = alices.get(LIST, {"q": q.format(secret), "sort": "name"}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}?sort=name", 302)]  # nor does it stay in the address
    assert told_of_secret(answer, secret)
    assert names(answer) == ["ci-deploy"]
    assert secret not in kept_in_sessions()


def test_list_search_for_a_secret_that_a_null_cuts_is_refused(alices: Client, make_token: MakeToken) -> None:
    _, secret = make_token()
    assert told_of_secret(alices.get(LIST, {"q": secret[:9] + "\0" + secret[9:]}, follow=True), secret)


def test_list_search_by_htmx_for_a_secret_is_refused(alices: Client, make_token: MakeToken) -> None:
    _, secret = make_token()
    answer = alices.get(LIST, {"q": secret, "state": "active"}, headers=htmx(target="results"))
    assert told_of_secret(answer, secret)
    assert answer["HX-Push-Url"] == f"{LIST}?state=active"


def test_list_with_a_secret_in_its_address_repeats_it_on_no_page(alices: Client, make_token: MakeToken) -> None:
    for _ in range(26):
        make_token()
    for field in ("q", "state", "sort", "page", "other"):
        answer = alices.get(LIST, {field: NOBODYS_SECRET}, follow=True)
        assert answer.redirect_chain == [(LIST, 302)]
        assert Page(answer).links.keys() & {"Next", "Previous"}
        assert NOBODYS_SECRET not in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "page"),
    [("0", 1), ("-1", 1), ("x", 1), ("2.5", 1), ("²", 1), ("٢", 1), ("\0", 1), ("", 1), ("9" * 5000, 999999999)],
)
def test_list_query_of_an_odd_page_takes_the_first_and_of_a_huge_one_what_is_past_the_end(text: str, page: int) -> None:
    assert ListQuery.of({"page": text}).page == page


def test_list_query_knows_what_was_understood_and_no_more() -> None:
    query = ListQuery.of({"q": "ci", "state": "active", "sort": "name", "page": "3", "other": "x"})
    assert query.known().dict() == {"q": "ci", "state": "active", "sort": "name"}
    assert ListQuery.of({"q": NOBODYS_SECRET, "state": "x", "sort": "-created"}).known().dict() == {}
