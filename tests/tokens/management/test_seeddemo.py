"""`manage.py seeddemo`: people and tokens to look around with."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from tokens.domain.states import state_of
from tokens.models import AccessToken, RefusalMinute

Run = Callable[..., str]


@pytest.fixture
def seeddemo(db: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """What the command writes, under DEBUG as on a developer's machine."""
    monkeypatch.setattr(settings, "DEBUG", True)

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("seeddemo", *arguments, stdout=out)
        return out.getvalue()

    return run


def test_seeddemo_makes_an_owner_and_an_administrator_who_can_sign_in(seeddemo: Run) -> None:
    assert "demo-only-password" in seeddemo()
    people = {user.email: user.is_superuser and user.is_staff for user in User.objects.all()}
    assert people == {"ada@example.com": False, "admin@example.com": True}
    for email in people:
        assert authenticate(email=email, password="demo-only-password")
        assert User.objects.get(email=email).has_confirmed_email()


def test_seeddemo_makes_a_token_in_each_of_the_five_states(seeddemo: Run) -> None:
    seeddemo()
    now, week = timezone.now(), timedelta(days=7)
    states = Counter(str(state_of(token, now=now, window=week)) for token in AccessToken.objects.all())
    assert states == {"active": 1, "expiring": 1, "expired": 1, "disabled": 1, "revoked": 1}


def test_seeddemo_flags_what_ends_so_that_the_banner_shows(seeddemo: Run) -> None:
    seeddemo()
    flagged = AccessToken.objects.exclude(expiry_flagged_at=None).values_list("name", flat=True)
    assert set(flagged) == {"ci-deploy", "nightly backup to the archive"}


def test_seeddemo_shows_who_used_the_tokens_and_who_still_tries_a_dead_one(seeddemo: Run) -> None:
    seeddemo()
    used = AccessToken.objects.exclude(last_used_at=None).values_list("name", "last_used_address")
    assert ("ci-deploy", "203.0.113.7") in used
    assert "grafana" not in dict(used)
    backup = AccessToken.objects.get(name="nightly backup to the archive")
    assert sum(RefusalMinute.objects.filter(token_id=backup.pk).values_list("count", flat=True)) == 312


def test_seeddemo_where_people_are_is_refused(seeddemo: Run, alice: User) -> None:
    with pytest.raises(CommandError, match="There are people here already"):
        seeddemo()
    assert User.objects.get() == alice


def test_seeddemo_if_empty_where_people_are_does_nothing(seeddemo: Run, alice: User) -> None:
    assert seeddemo("--if-empty") == ""
    assert User.objects.get() == alice


def test_seeddemo_if_empty_where_nobody_is_makes_the_demo(seeddemo: Run) -> None:
    seeddemo("--if-empty")
    assert AccessToken.objects.count() == 5


def test_seeddemo_on_a_server_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="under DEBUG only"):
        call_command("seeddemo")
    assert not User.objects.exists()
