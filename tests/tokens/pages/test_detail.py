"""One token's own page."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.actor import Actor
from accounts.models import User
from tests.conftest import MakeToken
from tests.tokens.pages.conftest import DAY, LIST, NEW, NO_ACCESS, address, edit_fields, regenerate_fields
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.models import AccessToken, TokenSecret


@pytest.fixture
def token(make_token: MakeToken, resources: list[str]) -> AccessToken:
    return make_token(name="ci", description="Nightly", scopes=["registry:write"], allowed_networks=["10.0.0.0/8"])[0]


def test_page_of_a_token_shows_all_that_is_known(alices: Client, token: AccessToken, now: datetime) -> None:
    AccessToken.objects.update(
        last_used_at=now - timedelta(minutes=4), last_used_address="203.0.113.7", last_used_agent="curl/8"
    )
    page = Page(alices.get(address("detail", token)))
    assert page.title == "ci · Settings · Token Portal"
    assert page.headings[0] == "ci"
    for words in ("Nightly", "Registry: write", "10.0.0.0/8", "from 203.0.113.7 (curl/8)", "Active", token.hint):
        assert words in page.words


def test_page_of_a_token_offers_every_act(alices: Client, token: AccessToken) -> None:
    links = Page(alices.get(address("detail", token))).links
    for act in ("Edit", "Regenerate", "Disable", "Delete"):
        assert links[act] == address(act.lower(), token)
    assert links["Duplicate"] == f"{NEW}?from={token.pk}"
    assert "Enable" not in links


def test_page_of_a_disabled_token_offers_to_enable_it(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    disable_token(token, by=web, now=now)
    links = Page(alices.get(address("detail", token))).links
    assert links["Enable"] == address("enable", token)
    assert "Disable" not in links


def test_page_of_a_revoked_token_says_why_and_offers_no_new_secret(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    revoke_token(token, code="leak", reason="found in a <b>repository</b>", by=web, now=now)
    answer = alices.get(address("detail", token))
    assert "Reported as leaked: found in a <b>repository</b>" in Page(answer).words
    assert "<b>repository" not in answer.content.decode()
    assert not {"Regenerate", "Disable", "Enable"} & Page(answer).links.keys()


def test_page_of_a_token_that_was_revoked_without_a_reason_says_what_the_code_means(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    revoke_token(token, code="holder", reason="", by=web, now=now)
    words = Page(alices.get(address("detail", token))).words
    assert "Revoked Ended by whoever held the secret Expires" in words


def test_page_of_a_token_without_access_or_networks_says_so(alices: Client, make_token: MakeToken) -> None:
    token, _ = make_token(scopes=[])
    words = Page(alices.get(address("detail", token))).words
    assert NO_ACCESS in words
    assert "From anywhere" in words
    assert "Never used" in words


def test_page_of_a_token_says_its_end_to_the_second_with_the_zone(
    alices: Client, alice: User, make_token: MakeToken, now: datetime
) -> None:
    alice.time_zone = "Europe/Berlin"
    alice.save()
    token, _ = make_token(now=now - 400 * DAY, expires_at=now - 100 * DAY)
    AccessToken.objects.update(expires_at=datetime(2026, 10, 25, 0, 30, 1, tzinfo=now.tzinfo))
    assert "Oct 25, 2026, 02:30:01 CEST" in Page(alices.get(address("detail", token))).words


def test_page_of_a_token_tells_its_recent_activity_newest_first(alices: Client, token: AccessToken) -> None:
    alices.post(address("disable", token), REMOTE_ADDR="203.0.113.9")
    answer = alices.get(address("detail", token))
    kinds = [row.event.kind for row in answer.context["events"]]
    assert kinds == ["token.disabled", "token.created"]
    assert "from 203.0.113.9" in Page(answer).words


def test_page_of_a_token_tells_its_activity_without_its_name(alices: Client, token: AccessToken) -> None:
    assert "Token created ci" not in Page(alices.get(address("detail", token))).words
    assert "Token created ci" in Page(alices.get("/settings/activity/")).words


def test_page_of_a_revoked_token_tells_in_its_activity_why_in_words(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    revoke_token(token, code="leak", reason="found in a log", by=web, now=now)
    words = Page(alices.get(address("detail", token))).words
    assert "Token revoked Why: Reported as leaked Reason: found in a log" in words
    assert "Revoked code" not in words


def test_page_of_a_token_tells_twenty_events_at_most(alices: Client, token: AccessToken) -> None:
    for number in range(25):
        token.refresh_from_db()
        alices.post(address("edit", token), edit_fields(token, scopes="none", description=str(number)))
    assert len(alices.get(address("detail", token)).context["events"]) == 20


def test_page_of_a_token_tells_nothing_of_a_token_that_had_its_name(
    alices: Client, token: AccessToken, make_token: MakeToken
) -> None:
    alices.post(address("delete", token))
    namesake, _ = make_token(name="ci")
    events = alices.get(address("detail", namesake)).context["events"]
    assert [row.event.kind for row in events] == ["token.created"]


def test_page_of_a_regenerated_token_shows_the_hint_that_it_has_now(alices: Client, token: AccessToken) -> None:
    old = token.hint
    alices.post(address("regenerate", token), regenerate_fields(token))
    words = Page(alices.get(address("detail", token))).words
    assert AccessToken.objects.get().hint in words
    assert old not in words
    assert "Regenerated" in words


def test_page_of_a_token_whose_old_secret_lives_on_shows_both_the_new_one_first(
    alices: Client, token: AccessToken, web: Actor, now: datetime
) -> None:
    old = token.hint
    regenerate_token(token, expires_at=now + 30 * DAY, by=web, now=now)
    TokenSecret.objects.filter(hint=old).update(accepted_until=now + DAY)
    words = Page(alices.get(address("detail", token))).words
    new = AccessToken.objects.get().hint
    assert -1 < words.index(new) < words.index(old)
    assert "Replaced; works until" in words


def test_page_of_a_token_shows_no_dead_secret(alices: Client, token: AccessToken, web: Actor, now: datetime) -> None:
    old = token.hint
    regenerate_token(token, expires_at=now + 30 * DAY, by=web, now=now)
    words = Page(alices.get(address("detail", token))).words
    assert old not in words
    assert "works until" not in words


def test_page_of_a_token_asks_no_more_for_a_long_history(
    alices: Client, token: AccessToken, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for _ in range(5):
        token = AccessToken.objects.get()
        alices.post(address("regenerate", token), regenerate_fields(token))
    with django_assert_max_num_queries(10):  # type: ignore[operator]  # a context manager, which the plugin does not name
        alices.get(address("detail", token))


def test_page_of_a_token_leads_back_to_the_list_by_the_menu(alices: Client, token: AccessToken) -> None:
    assert Page(alices.get(address("detail", token))).links["Access Tokens"] == LIST


def test_page_of_a_token_that_a_token_made_names_that_one(
    alices: Client, token: AccessToken, make_token: MakeToken
) -> None:
    made, _ = make_token(name="child", made_by=token)
    page = Page(alices.get(address("detail", made)))
    assert "Made by" in page.words
    assert page.links[token.name] == address("detail", token)
    assert "Made by" not in Page(alices.get(address("detail", token))).words


def test_page_of_a_token_whose_maker_was_deleted_shows_none(
    alices: Client, token: AccessToken, make_token: MakeToken, web: Actor, now: datetime
) -> None:
    made, _ = make_token(name="child", made_by=token)
    delete_token(token, by=web, now=now)
    assert "Made by" not in Page(alices.get(address("detail", made))).words
