"""`manage.py seedload`: many tokens at once, under DEBUG."""

import sys
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from tokens.domain.expiry import flag_expiring
from tokens.management.commands import seedload
from tokens.models import AccessToken, Notification, TokenSecret

pytestmark = pytest.mark.django_db


@pytest.fixture
def _debug(settings: Settings) -> None:
    settings.DEBUG = True


def run(tokens: int, due: int = 0) -> str:
    out = StringIO()
    call_command("seedload", f"--tokens={tokens}", f"--due={due}", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("_debug")
def test_seedload_makes_so_many_tokens_of_which_so_many_are_due(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seedload, "BATCH", 120)
    assert run(250, 20) == "Made 250 tokens, of which 20 are due for a reminder.\n"
    assert (AccessToken.objects.count(), TokenSecret.objects.count(), User.objects.count()) == (250, 250, 5)
    counts = flag_expiring(now=now + timedelta(seconds=1)).counts
    assert counts == {"flagged": 20, "unflagged": 0, "reminders": 20}
    assert Notification.objects.count() == 20


@pytest.mark.usefixtures("_debug")
def test_seedload_twice_makes_twice_as_many() -> None:
    for _ in range(2):
        run(3)
    assert AccessToken.objects.count() == 6


@pytest.mark.usefixtures("_debug")
def test_seedload_on_a_terminal_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    run(3)
    assert "100%" in terminal.getvalue()


@pytest.mark.usefixtures("_debug")
@pytest.mark.parametrize(("tokens", "due"), [(0, 0), (-1, 0), (5, 6), (5, -1)])
def test_seedload_with_numbers_that_can_not_be_is_refused(tokens: int, due: int) -> None:
    with pytest.raises(CommandError, match="Give a number"):
        run(tokens, due)


def test_seedload_without_debug_is_refused() -> None:
    with pytest.raises(CommandError, match="DEBUG only"):
        run(5)
    assert not AccessToken.objects.exists()
