"""Whoever is deactivated during their own call gets no secret that would be good after a reactivation."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.actor import COMMAND, Actor
from accounts.models import User
from accounts.people import deactivate_user
from tests.conftest import MakeToken, MakeUser
from tests.tokens.conftest import events
from tokens.domain.lifecycle import create_token, disable_token, enable_token, regenerate_token, revoke_token
from tokens.errors import OwnerDeactivated
from tokens.models import AccessToken

DAY = timedelta(days=1)

ACTS: dict[str, Callable[[AccessToken, Actor, datetime], object]] = {
    "create": lambda token, by, now: create_token(token.owner, name="new", expires_at=now + DAY, by=by, now=now),
    "regenerate": lambda token, by, now: regenerate_token(token, expires_at=now + DAY, by=by, now=now),
    "enable": lambda token, by, now: enable_token(token, by=by, now=now),
}


@pytest.fixture
def token(make_token: MakeToken, make_user: MakeUser, web: Actor, now: datetime) -> AccessToken:
    """Switched off, and read before its owner was deactivated."""
    make_user(is_staff=True, is_superuser=True)
    token = disable_token(make_token()[0], by=web, now=now)
    deactivate_user(User.objects.get(pk=token.owner_id), by=COMMAND, now=now)
    return token


@pytest.mark.parametrize("act", ACTS)
def test_act_that_would_give_something_is_refused(token: AccessToken, web: Actor, now: datetime, act: str) -> None:
    with pytest.raises(OwnerDeactivated):
        ACTS[act](token, web, now)
    assert AccessToken.objects.count() == 1
    assert events(token) == ["token.created", "token.disabled"]


def test_revoke_token_of_somebody_deactivated_is_done(token: AccessToken, now: datetime) -> None:
    assert revoke_token(token, code="leak", reason="", by=COMMAND, now=now).revoked_at == now
