"""Finding tokens in the console, and revoking them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from accounts.audit import AuditEvent
from accounts.models import User
from tests.conftest import PASSWORD, MakeToken, Response
from tests.tokens.admin.conftest import Console
from tests.tokens.conftest import NOBODYS_SECRET, Judge, Rotated, events, last_event
from tests.tokens.pages.reading import Page
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.domain.verification import Outcome
from tokens.models import AccessToken
from tokens.pages.presentation import date_text, exact_text

Revoke = Callable[..., Response]
REASON = "Found in a public repository"


def found(console: Console, query: str) -> set[str]:
    """The names that the list shows."""
    return {row.token.name for row in console.get("tokens", query=query).context["rows"]}


def ids(*tokens: AccessToken) -> str:
    return "?" + "&".join(f"token={token.pk}" for token in tokens)


@pytest.fixture
def revoke(console: Console) -> Revoke:
    """Send the form that revokes these tokens."""

    def send(*tokens: AccessToken, reason: str = REASON) -> Response:
        return console.post("token_revoke", query=ids(*tokens), reason=reason)

    return send


# --- Finding ----------------------------------------------------------------------------------


def test_token_list_shows_owner_state_hint_and_scopes(console: Console, make_token: MakeToken) -> None:
    token, _ = make_token(name="ci")
    text = console.text("tokens")
    for shown in ("ci", token.hint, "alice@example.com", "Active", "<code>full</code>", "Never used"):
        assert shown in text
    assert reverse("admin:person", args=[token.owner_id]) in text


def test_token_list_says_states_ends_and_reasons_as_their_owners_see_them(
    console: Console, make_token: MakeToken, now: datetime
) -> None:
    for hours in (49, -49):
        make_token(now=now - timedelta(days=9), expires_at=now + timedelta(hours=hours))
    revoke_token(make_token()[0], code="leak", reason="", by=console.actor, now=now)
    page = Page(console.get("tokens"))
    ended = now - timedelta(hours=49)
    for words in ("Expires in 2 days", f"Expired on {date_text(ended)}", "Revoked Reported as leaked"):
        assert words in page.words
    assert exact_text(ended) in [exact for _, exact, _ in page.times]


@pytest.mark.parametrize("term", ["Ci-De", "CI-deploy ", "alice@", "ALICE@example.com", "{hint}", "{dots}", "{pk}"])
def test_token_list_search_finds_by_name_owner_hint_or_id(
    term: str, console: Console, make_token: MakeToken, bob: User
) -> None:
    token, _ = make_token(name="ci-deploy")
    make_token(name="of bob", owner=bob)
    dots = token.hint.replace("…", "...")
    assert found(console, "?q=" + term.format(hint=token.hint, dots=dots, pk=token.pk)) == {"ci-deploy"}


@pytest.mark.parametrize("term", ["deploy", "example.com", "ci_deploy", "ci%25", "tp_", "…", "0"])
def test_token_list_search_elsewhere_in_the_text_finds_nothing(
    term: str, console: Console, make_token: MakeToken
) -> None:
    make_token(name="ci-deploy")
    assert found(console, f"?q={term}") == set()


def test_token_list_search_for_a_replaced_hint_finds_nothing(
    console: Console, make_token: MakeToken, now: datetime
) -> None:
    token, _ = make_token()
    old = token.hint
    regenerate_token(token, expires_at=now + timedelta(days=9), by=console.actor, now=now)
    assert found(console, f"?q={old}") == set()


@pytest.mark.parametrize("state", ["active", "expiring", "expired", "disabled", "revoked"])
def test_token_list_state_filter_shows_that_state_alone(
    state: str, console: Console, make_token: MakeToken, now: datetime
) -> None:
    then = now - timedelta(days=20)
    make_token(name="active")
    make_token(name="expiring", expires_at=now + timedelta(days=2))
    make_token(name="expired", now=then, expires_at=now - timedelta(days=2))
    disable_token(make_token(name="disabled")[0], by=console.actor, now=now)
    revoked, _ = make_token(name="revoked")
    revoke_token(revoked, code="leak", reason="", by=console.actor, now=now)
    assert found(console, f"?state={state}") == {state}


@pytest.mark.parametrize(
    ("used", "names"),
    [("never", {"old, never", "new, never"}), ("30", {"old, never", "40 days ago"}), ("90", set())],
)
def test_token_list_use_filter_knows_what_is_unused(
    used: str, names: set[str], console: Console, make_token: MakeToken, now: datetime
) -> None:
    make_token(name="new, never")
    make_token(name="old, never", now=now - timedelta(days=50), expires_at=now + timedelta(days=9))
    for name, days in (("40 days ago", 40), ("today", 0)):
        token, _ = make_token(name=name)
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now - timedelta(days=days))
    assert found(console, f"?used={used}") == names


def test_token_list_owner_filter_is_said_and_can_be_taken_off(
    console: Console, make_token: MakeToken, alice: User, bob: User
) -> None:
    make_token(name="hers")
    make_token(name="his", owner=bob)
    assert found(console, f"?owner={bob.pk}&state=active") == {"his"}
    text = console.text("tokens", query=f"?owner={bob.pk}&state=active&p=1")
    assert "<strong>bob@example.com</strong>" in text
    assert 'href="?state=active"' in text
    assert f'<input type="hidden" name="owner" value="{bob.pk}">' in text


# --- One token --------------------------------------------------------------------------------


def test_token_page_shows_what_happened_to_it(console: Console, make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(name="ci", description="For the pipeline", allowed_networks=["10.0.0.0/8"])
    regenerate_token(token, expires_at=now + timedelta(days=9), by=console.actor, now=now)
    text = console.text("token", token.pk)
    for shown in ("For the pipeline", "10.0.0.0/8", "Regenerated", "Replaced", "Created"):
        assert shown in text
    assert text.count('<code class="hint">') == 2
    assert "<strong>Token created</strong></p>" in text  # its name is the heading


def test_token_page_shows_when_each_secret_was_last_used(console: Console, rotated_and_used: Rotated) -> None:
    secrets = console.text("token", rotated_and_used[0].pk).partition("Secrets")[2]
    assert -1 < secrets.index("from 198.51.100.2") < secrets.index("from 198.51.100.1")


def test_token_page_of_a_deactivated_owner_says_that_it_is_refused(
    console: Console, make_token: MakeToken, alice: User, judge: Judge
) -> None:
    token, secret = make_token()
    console.post("person_deactivate", alice.pk)
    assert "Its owner is deactivated" in console.text("token", token.pk)
    assert judge(secret) is Outcome.DEACTIVATED


def test_token_page_of_a_revoked_one_says_why_and_offers_nothing(
    console: Console, make_token: MakeToken, revoke: Revoke
) -> None:
    token, _ = make_token()
    revoke(token)
    text = console.text("token", token.pk)
    assert REASON in text
    assert "Revoked by an administrator" in text
    assert reverse("admin:token_revoke") not in text


# --- Revoking ---------------------------------------------------------------------------------


def test_token_revoke_names_the_token_and_asks_for_a_reason(console: Console, make_token: MakeToken) -> None:
    token, _ = make_token(name="ci")
    text = console.text("token_revoke", query=ids(token))
    for shown in ("Revoke ci?", token.hint, "alice@example.com", 'name="reason"', "Revoke token</button>"):
        assert shown in text


def test_token_revoke_ends_it_with_code_and_reason(
    console: Console, make_token: MakeToken, revoke: Revoke, judge: Judge
) -> None:
    token, secret = make_token()
    assert revoke(token)["Location"] == reverse("admin:token", args=[token.pk])
    token.refresh_from_db()
    assert (token.revoked_code, token.revoked_reason) == ("administrator", REASON)
    assert judge(secret) is Outcome.REVOKED


def test_token_revoke_is_in_the_audit_log(console: Console, make_token: MakeToken, revoke: Revoke, alice: User) -> None:
    revoke(make_token()[0])
    event = last_event("token.revoked")
    assert (event.actor_id, event.owner_id, event.channel) == (console.user.pk, alice.pk, "web")
    assert event.after["revoked_reason"] == REASON
    assert REASON in console.text("audit")


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("", "Say why"),
        ("  ", "Say why"),
        ("x" * 201, "at most 200"),
        ("a\u202eb", "U+202E"),
        ("a\0b", "Null characters"),
        (f"it is {NOBODYS_SECRET}", "This is a secret"),
    ],
)
def test_token_revoke_without_a_proper_reason_is_refused(
    reason: str, message: str, make_token: MakeToken, revoke: Revoke
) -> None:
    token, _ = make_token()
    answer = revoke(token, reason=reason)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert message in text
    assert NOBODYS_SECRET not in text
    assert events(token) == ["token.created"]


def test_token_revoke_several_are_all_ended(make_token: MakeToken, revoke: Revoke, bob: User) -> None:
    tokens = [make_token()[0], make_token()[0], make_token(owner=bob)[0]]
    spared, _ = make_token()
    answer = revoke(*tokens)
    assert answer["Location"] == reverse("admin:tokens")
    assert set(AccessToken.objects.exclude(revoked_at=None)) == set(tokens)
    assert AuditEvent.objects.filter(kind="token.revoked").count() == 3
    assert events(spared) == ["token.created"]


def test_token_revoke_says_how_many(console: Console, make_token: MakeToken, revoke: Revoke) -> None:
    revoke(make_token()[0], make_token()[0])
    assert "2 tokens were revoked." in console.text("tokens")


def test_token_revoke_one_that_is_revoked_keeps_its_first_reason(
    console: Console, make_token: MakeToken, revoke: Revoke
) -> None:
    token, _ = make_token()
    revoke(token, reason="the first")
    assert revoke(token, reason="the second").status_code == 422
    token.refresh_from_db()
    assert token.revoked_reason == "the first"
    assert "Nothing to revoke" in console.text("token_revoke", query=ids(token))


def test_token_revoke_overtaken_by_somebody_else_revokes_the_others(
    console: Console, make_token: MakeToken, revoke: Revoke, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    deleted, kept = make_token()[0], make_token()[0]

    def overtake(request: object) -> None:
        delete_token(deleted, by=console.actor, now=now)

    monkeypatch.setattr("tokens.admin.token_pages.recheck_first", overtake)
    revoke(deleted, kept)
    text = console.text("tokens")
    assert "1 token was revoked." in text
    assert "1 token was revoked or deleted by somebody else just before." in text


@pytest.mark.parametrize("query", ["", "?token=x", "?token=999999", "?token=-1", "?token=" + "9" * 30, "?token=%00"])
def test_token_revoke_of_nothing_is_refused(query: str, console: Console) -> None:
    assert "Nothing to revoke" in console.text("token_revoke", query=query)
    assert console.post("token_revoke", query=query, reason=REASON).status_code == 422


def test_token_revoke_at_most_a_hundred_at_once(console: Console, make_token: MakeToken) -> None:
    token, _ = make_token(name="beyond")
    query = "?" + "token=999999&" * 100 + f"token={token.pk}"
    assert "beyond" not in console.text("token_revoke", query=query)


def test_token_revoke_asks_who_it_is_and_keeps_the_reason(
    console: Console, make_token: MakeToken, revoke: Revoke
) -> None:
    token, _ = make_token()
    console.let_the_check_age(minutes=16)
    answer = revoke(token)
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert events(token) == ["token.created"]
    confirmed = console.client.post(answer["Location"], {"password": PASSWORD}, follow=True)
    assert REASON in confirmed.content.decode()
    assert "Revoke " in confirmed.content.decode()
