"""Revoking ends a token for good and keeps it to be seen; deleting leaves nothing but its events."""

from datetime import datetime, timedelta

import pytest

from accounts.actor import COMMAND, Actor
from accounts.models import AuditEvent
from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge, events, last_event
from tokens.domain import lifecycle, rows
from tokens.domain.lifecycle import delete_token, disable_token, dismiss_banner, regenerate_token, revoke_token
from tokens.errors import HoldsSecret, Refused, TokenGone, TokenIsRevoked
from tokens.models import AccessToken, TokenSecret

DAY = timedelta(days=1)


@pytest.mark.parametrize("code", ["administrator", "leak", "holder", "policy"])
def test_revoke_token_ends_it_with_code_and_reason(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, code: str
) -> None:
    token, secret = make_token()
    revoke_token(token, code=code, reason=" Found in a repository ", by=web, now=now)
    row = AccessToken.objects.get()
    assert (row.revoked_at, row.revoked_code, row.revoked_reason) == (now, code, "Found in a repository")
    assert judge(secret) == "revoked"


def test_revoke_token_records_code_and_reason(make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token()
    revoke_token(token, code="leak", reason="Found", by=COMMAND, now=now)
    event = last_event("token.revoked")
    assert (event.actor_id, event.channel) == (None, "command")
    assert event.before == {"revoked_code": "", "revoked_reason": ""}
    assert event.after == {"revoked_code": "leak", "revoked_reason": "Found"}


def test_revoke_token_ends_every_secret(make_token: MakeToken, web: Actor, now: datetime, judge: Judge) -> None:
    token, old = make_token()
    _, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    revoke_token(token, code="leak", reason="", by=web, now=now)
    assert [judge(old), judge(new)] == ["revoked", "revoked"]


@pytest.mark.parametrize("days", [0, 40])
def test_revoke_token_that_is_disabled_or_expired_is_done(
    make_token: MakeToken, web: Actor, now: datetime, days: int
) -> None:
    token, _ = make_token()
    disable_token(token, by=web, now=now)
    assert revoke_token(token, code="leak", reason="", by=web, now=now + days * DAY).revoked_at


def test_revoke_token_twice_is_refused_and_keeps_the_first_word(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token()
    revoke_token(token, code="leak", reason="first", by=web, now=now)
    with pytest.raises(TokenIsRevoked):
        revoke_token(token, code="administrator", reason="second", by=web, now=now + DAY)
    assert AccessToken.objects.get().revoked_reason == "first"


def test_revoke_token_with_a_secret_as_reason_is_refused_without_echo(
    make_token: MakeToken, web: Actor, now: datetime
) -> None:
    token, _ = make_token()
    with pytest.raises(HoldsSecret) as refused:
        revoke_token(token, code="leak", reason=f"it is {NOBODYS_SECRET}", by=web, now=now)
    assert refused.value.field == "reason"
    assert NOBODYS_SECRET[3:] not in refused.value.message
    assert AccessToken.objects.get().revoked_at is None


def test_revoke_token_with_a_long_reason_keeps_its_beginning(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    assert revoke_token(token, code="leak", reason="x" * 1000, by=web, now=now).revoked_reason == "x" * 200


@pytest.mark.parametrize("character", ["\0", "\ud800", "\u202e", "\n"])
def test_revoke_token_with_a_reason_that_can_not_be_shown_is_refused(
    make_token: MakeToken, web: Actor, now: datetime, character: str
) -> None:
    token, _ = make_token()
    with pytest.raises(Refused) as refused:
        revoke_token(token, code="leak", reason=f"a{character}b", by=web, now=now)
    assert refused.value.field == "reason"


def test_revoke_token_with_an_unknown_code_is_an_error(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    with pytest.raises(ValueError, match="boredom"):
        revoke_token(token, code="boredom", reason="", by=web, now=now)


def test_revoke_token_takes_the_flag_off(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    AccessToken.objects.update(expiry_flagged_at=now)
    assert revoke_token(token, code="leak", reason="", by=web, now=now).expiry_flagged_at is None


def test_revoke_token_that_can_not_be_recorded_is_not_done(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = make_token()
    monkeypatch.setattr(rows, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        revoke_token(token, code="leak", reason="", by=web, now=now)
    assert judge(secret) == "good"


def test_delete_token_leaves_no_row_and_no_digest(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge
) -> None:
    token, old = make_token()
    token, new = regenerate_token(token, expires_at=now + DAY, by=web, now=now)
    delete_token(token, by=web, now=now)
    assert not AccessToken.objects.exists()
    assert not TokenSecret.objects.exists()
    assert [judge(old), judge(new)] == ["unknown", "unknown"]


def test_delete_token_keeps_its_events_with_id_and_name(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token(name="ci")
    pk = token.pk
    delete_token(token, by=web, now=now)
    kinds = AuditEvent.objects.filter(subject_id=pk, subject_name="ci").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["token.created", "token.deleted"]
    assert last_event("token.deleted").before | {"name": "ci", "scopes": "full"} == last_event("token.deleted").before


def test_delete_token_leaves_what_it_made(make_token: MakeToken, web: Actor, now: datetime) -> None:
    maker, _ = make_token()
    made, _ = make_token()
    AccessToken.objects.filter(pk=made.pk).update(made_by_token=maker)
    delete_token(maker, by=web, now=now)
    assert AccessToken.objects.get().made_by_token is None


def test_delete_token_twice_is_refused(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    delete_token(AccessToken.objects.get(), by=web, now=now)
    with pytest.raises(TokenGone):
        delete_token(token, by=web, now=now)


def test_delete_token_that_is_revoked_is_done(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    delete_token(revoke_token(token, code="leak", reason="", by=web, now=now), by=web, now=now)
    assert not AccessToken.objects.exists()


def test_delete_token_that_can_not_be_recorded_is_not_done(
    make_token: MakeToken, web: Actor, now: datetime, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = make_token()
    monkeypatch.setattr(lifecycle, "record", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        delete_token(token, by=web, now=now)
    assert judge(secret) == "good"


def test_dismiss_banner_notes_when_and_changes_nothing_else(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    dismiss_banner(token, by=web, now=now + DAY)
    row = AccessToken.objects.get()
    assert (row.banner_dismissed_at, row.updated_at) == (now + DAY, now)
    assert events(token) == ["token.created", "token.banner_dismissed"]


def test_dismiss_banner_of_a_deleted_token_is_refused(make_token: MakeToken, web: Actor, now: datetime) -> None:
    token, _ = make_token()
    delete_token(AccessToken.objects.get(), by=web, now=now)
    with pytest.raises(TokenGone):
        dismiss_banner(token, by=web, now=now)
