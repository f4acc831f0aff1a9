"""Reported leaks, and secrets that their holders give up."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.actor import Actor
from accounts.models import AuditEvent, User
from accounts.text import first_invisible
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge, SetPolicy, by_token, events, last_event
from tokens.domain import delegation
from tokens.domain.expiration import WantedEnd
from tokens.domain.lifecycle import delete_token, disable_token, regenerate_token, revoke_token
from tokens.domain.reports import clean_source, end_by_holder, report_leaks
from tokens.models import AccessToken, TokenSecret
from tokens.secret_format import holds_secret

DAY = timedelta(days=1)
FINDER = Actor(None, "service", address="198.51.100.9", request_id="r-9")


def report(*secrets: str, now: datetime, source: str = "https://paste.example/1") -> None:
    report_leaks(secrets, source=source, by=FINDER, now=now)


def test_report_leaks_of_a_current_secret_revokes_the_token(make_token: MakeToken, judge: Judge, now: datetime) -> None:
    token, secret = make_token()
    report(secret, now=now)
    assert judge(secret) == "revoked"
    token.refresh_from_db()
    assert (token.revoked_code, token.revoked_reason) == ("leak", "Found at https://paste.example/1")
    assert events(token) == ["token.created", "token.leak_reported", "token.revoked"]
    assert last_event("token.leak_reported").after == {
        "hint": token.hint,
        "source": "https://paste.example/1",
        "revoked": True,
    }
    assert last_event("token.revoked").address == "198.51.100.9"


def test_report_leaks_without_a_source_revokes_too(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token()
    report(secret, source="", now=now)
    token.refresh_from_db()
    assert (token.revoked_code, token.revoked_reason) == ("leak", "")


def test_report_leaks_of_a_disabled_secret_revokes_it_too(
    make_token: MakeToken, web: Actor, judge: Judge, now: datetime
) -> None:
    token, secret = make_token()
    disable_token(token, by=web, now=now)
    report(secret, now=now)
    assert judge(secret) == "revoked"


def test_report_leaks_of_a_deactivated_owners_secret_revokes_it_too(
    make_token: MakeToken, alice: User, judge: Judge, now: datetime
) -> None:
    _, secret = make_token()
    User.objects.filter(pk=alice.pk).update(deactivated_at=now)
    report(secret, now=now)
    assert judge(secret) == "revoked"


def test_report_leaks_of_a_replaced_secret_leaves_the_new_one_and_is_recorded(
    make_token: MakeToken, web: Actor, judge: Judge, now: datetime
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    report(old, now=now)
    assert (judge(old), judge(new)) == ("replaced", "good")
    assert events(token)[-1] == "token.leak_reported"


@pytest.mark.parametrize("code", ["leak", "holder"])
def test_report_of_an_old_secret_that_lives_on_ends_it_alone(
    make_token: MakeToken, judge: Judge, now: datetime, set_policy: SetPolicy, code: str
) -> None:
    set_policy(overlap_allowed=True)
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, overlap=timedelta(hours=1), by=FINDER, now=now)
    if code == "leak":
        report(old, now=now)
    else:
        end_by_holder(old, by=FINDER, now=now)
    assert [judge(old), judge(new)] == ["replaced", "good"]
    assert events(token)[-1] == "token.secret_ended"


def test_report_leaks_of_an_expired_secret_is_recorded_and_changes_nothing_else(
    make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    token, secret = make_token(now=now - 40 * DAY)
    report(secret, now=now)
    assert judge(secret) == "expired"
    assert events(token) == ["token.created", "token.leak_reported"]


def test_report_leaks_of_a_revoked_secret_keeps_the_first_reason(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, secret = make_token()
    revoke_token(token, code="administrator", reason="first", by=web, now=now)
    report(secret, now=now)
    token.refresh_from_db()
    assert (token.revoked_code, token.revoked_reason) == ("administrator", "first")
    assert events(token)[-1] == "token.leak_reported"


def test_report_leaks_of_one_secret_again_and_again_is_recorded_once(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token(now=now - 40 * DAY)
    for minute in range(5):
        report(secret, secret, source=f"https://paste.example/{minute}", now=now + timedelta(minutes=minute))
    assert events(token) == ["token.created", "token.leak_reported"]


def test_report_leaks_of_two_secrets_of_a_token_is_recorded_for_each(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    report(new, old, now=now)
    assert events(token)[2:] == ["token.leak_reported", "token.leak_reported", "token.revoked"]


def test_report_leaks_of_what_is_not_known_writes_nothing(
    make_token: MakeToken, web: Actor, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token, deleted = make_token()
    delete_token(token, by=web, now=now)
    before = AuditEvent.objects.count()
    with django_assert_num_queries(1):
        report(NOBODYS_SECRET, deleted, "x", "", "\0", "é" * 49, now=now)
    assert AuditEvent.objects.count() == before


def test_report_leaks_of_a_secret_that_is_deleted_meanwhile_does_nothing(
    make_token: MakeToken, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = make_token()
    row = TokenSecret.objects.select_related("token").get(token=token)
    AccessToken.objects.get(pk=token.pk).delete()
    monkeypatch.setattr("tokens.domain.reports._known", lambda _texts: [row])
    report(secret, now=now)
    end_by_holder(secret, by=FINDER, now=now)
    assert events(token) == ["token.created"]


def test_report_leaks_of_a_secret_that_is_replaced_meanwhile_leaves_the_new_one(
    make_token: MakeToken, web: Actor, judge: Judge, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between finding the row and taking hold of it the owner was quicker."""
    token, old = make_token()
    row = TokenSecret.objects.select_related("token").get(token=token)
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    monkeypatch.setattr("tokens.domain.reports._known", lambda _texts: [row])
    report(old, now=now)
    end_by_holder(old, by=FINDER, now=now)
    assert judge(new) == "good"


def test_end_by_holder_of_a_current_secret_revokes_the_token(
    make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    token, secret = make_token()
    end_by_holder(secret, by=FINDER, now=now)
    token.refresh_from_db()
    assert (judge(secret), token.revoked_code) == ("revoked", "holder")
    assert events(token) == ["token.created", "token.revoked"]


def test_end_by_holder_does_not_touch_what_the_token_made(make_token: MakeToken, judge: Judge, now: datetime) -> None:
    token, secret = make_token()
    made, made_secret = make_token()
    AccessToken.objects.filter(pk=made.pk).update(made_by_token=token)
    end_by_holder(secret, by=FINDER, now=now)
    assert judge(made_secret) == "good"


# --- Where it was found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("https://paste.example/1", "https://paste.example/1"),
        ("  two\r\nlines\0 \u202e ", "twolines"),
        (f"https://paste.example/?token={NOBODYS_SECRET}", "https://paste.example/?token=tp_[secret]"),
        # Something invisible within hides a secret from nobody.
        (f"{NOBODYS_SECRET[:20]}\u200f{NOBODYS_SECRET[20:]}", "tp_[secret]"),
        ("x." * 100, "x." * 90),
        ("y-" * 1_000_000, "y-" * 90),
        ("\ud800", ""),
        ("", ""),
    ],
    ids=lambda value: value[:20].encode("ascii", "replace").decode(),
)
def test_clean_source_keeps_a_short_line_without_secrets(source: str, kept: str) -> None:
    assert clean_source(source) == kept


@given(st.lists(st.one_of(st.text(), st.just(NOBODYS_SECRET), st.just("\u202e"))).map("".join))
def test_clean_source_of_any_text_is_fit_to_be_shown(source: str) -> None:
    kept = clean_source(source)
    assert len(kept) <= 180
    assert not first_invisible(kept)
    assert not holds_secret(kept, ("tp_",))


@pytest.mark.parametrize("source", ["x" * 500, f"see {NOBODYS_SECRET}", "a\0b", "\u202e", "<b>&"])
def test_report_leaks_whatever_the_source_says_revokes(
    make_token: MakeToken, judge: Judge, now: datetime, source: str
) -> None:
    _, secret = make_token()
    report(secret, source=source, now=now)
    assert judge(secret) == "revoked"


# --- What a leaked token made -----------------------------------------------------------------


@pytest.fixture
def line(make_token: MakeToken) -> list[tuple[AccessToken, str]]:
    """Three tokens, each made by the one before."""
    line = [make_token() for _ in range(3)]
    for (maker, _), (made, _) in pairwise(line):
        AccessToken.objects.filter(pk=made.pk).update(made_by_token=maker)
    return line


def test_report_leaks_revokes_what_the_token_made_and_what_that_made(
    line: list[tuple[AccessToken, str]], make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    (first, secret), (second, _), (third, _) = line
    _, other = make_token()
    report(secret, now=now)
    assert [judge(made) for _, made in line] == ["revoked"] * 3
    assert judge(other) == "good"
    third.refresh_from_db()
    assert third.revoked_code == "leak"
    assert third.revoked_reason == f"Its secret was made by “{first.name}”, which was reported as leaked"
    assert events(second)[-1] == "token.revoked"


def test_report_leaks_revokes_what_the_token_regenerated_and_what_that_made(
    line: list[tuple[AccessToken, str]], make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    (leaked, secret), (maker, _) = make_token(), line[0]
    stolen = delegation.regenerate_token(maker, end=WantedEnd(days=7), by=by_token(leaked), now=now).secret
    report(secret, now=now)
    assert [judge(text) for text in (stolen, line[1][1], line[2][1])] == ["revoked"] * 3


def test_report_leaks_leaves_what_the_owner_regenerated_since(
    make_token: MakeToken, web: Actor, judge: Judge, now: datetime
) -> None:
    (leaked, secret), (other, _) = make_token(), make_token()
    delegation.regenerate_token(other, end=WantedEnd(days=7), by=by_token(leaked), now=now)
    _, kept = regenerate_token(other, expires_at=now + DAY, by=web, now=now)
    report(secret, now=now)
    assert judge(kept) == "good"


def test_report_leaks_reaches_past_one_in_between_that_regenerated(
    make_token: MakeToken, web: Actor, judge: Judge, now: datetime
) -> None:
    (leaked, secret), (other, _) = make_token(), make_token()
    between = make_token(made_by=leaked)[0]
    stolen = delegation.regenerate_token(other, end=WantedEnd(days=7), by=by_token(between), now=now).secret
    delete_token(between, by=web, now=now)
    report(secret, now=now)
    assert judge(stolen) == "revoked"


def test_report_leaks_of_two_that_regenerated_each_other_comes_to_an_end(
    make_token: MakeToken, judge: Judge, now: datetime
) -> None:
    (one, _), (other, _) = make_token(), make_token()
    secrets = []
    for asks, asked in ((one, other), (other, one)):
        asked.refresh_from_db()
        made = delegation.regenerate_token(asked, end=WantedEnd(days=7), by=by_token(asks), now=now)
        secrets.append(made.secret)
    report(secrets[0], now=now)
    assert [judge(secret) for secret in secrets] == ["revoked", "revoked"]


@pytest.mark.parametrize("code", ["holder", "administrator"])
def test_report_leaks_of_a_token_that_was_revoked_before_revokes_what_it_made(
    line: list[tuple[AccessToken, str]], judge: Judge, now: datetime, code: str
) -> None:
    revoke_token(line[0][0], code=code, reason="", by=FINDER, now=now)
    report(line[0][1], now=now)
    assert [judge(secret) for _, secret in line] == ["revoked"] * 3
    line[0][0].refresh_from_db()
    assert line[0][0].revoked_code == code


def test_report_leaks_of_a_replaced_secret_of_a_revoked_token_leaves_what_it_made(
    line: list[tuple[AccessToken, str]], web: Actor, judge: Judge, now: datetime
) -> None:
    regenerate_token(line[0][0], expires_at=now + DAY, by=web, now=now)
    revoke_token(line[0][0], code="administrator", reason="", by=web, now=now)
    report(line[0][1], now=now)
    assert judge(line[1][1]) == "good"


def test_report_leaks_of_the_one_in_between_leaves_its_maker(
    line: list[tuple[AccessToken, str]], judge: Judge, now: datetime
) -> None:
    report(line[1][1], now=now)
    assert [judge(secret) for _, secret in line] == ["good", "revoked", "revoked"]


@pytest.mark.parametrize("end", [delete_token, disable_token])
def test_report_leaks_reaches_past_one_in_between_that_the_thief_ended(
    line: list[tuple[AccessToken, str]], web: Actor, judge: Judge, now: datetime, end: object
) -> None:
    end(line[1][0], by=web, now=now)  # type: ignore[operator]  # an act of lifecycle
    report(line[0][1], now=now)
    assert judge(line[2][1]) == "revoked"


def test_report_leaks_reaches_past_one_in_between_that_was_revoked(
    line: list[tuple[AccessToken, str]], web: Actor, judge: Judge, now: datetime
) -> None:
    revoke_token(line[1][0], code="administrator", reason="first", by=web, now=now)
    report(line[0][1], now=now)
    line[1][0].refresh_from_db()
    assert (judge(line[2][1]), line[1][0].revoked_reason) == ("revoked", "first")


def test_revoke_token_for_another_reason_leaves_what_it_made(
    line: list[tuple[AccessToken, str]], web: Actor, judge: Judge, now: datetime
) -> None:
    revoke_token(line[0][0], code="administrator", reason="", by=web, now=now)
    assert [judge(secret) for _, secret in line] == ["revoked", "good", "good"]


def test_report_leaks_of_a_token_with_the_longest_name_fits_the_reason(
    make_token: MakeToken, web: Actor, judge: Judge, now: datetime
) -> None:
    (maker, secret), (made, _) = make_token(name="x" * 64), make_token()
    AccessToken.objects.filter(pk=made.pk).update(made_by_token=maker)
    report(secret, now=now)
    made.refresh_from_db()
    assert "x" * 64 in made.revoked_reason
