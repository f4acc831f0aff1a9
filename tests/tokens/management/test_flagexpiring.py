"""`manage.py flagexpiring`: the flagging job from the shell."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.actor import COMMAND
from tests.conftest import MakeToken
from tests.tokens.conftest import SetPolicy
from tokens.domain.expiry import flag_expiring
from tokens.domain.lifecycle import disable_token
from tokens.models import AccessToken, JobRun


def run(*arguments: str) -> str:
    """What the command writes to standard output."""
    out = StringIO()
    call_command("flagexpiring", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def two_and_one(make_token: MakeToken, now: datetime, set_policy: SetPolicy) -> None:
    """Two tokens to flag, and one whose flag has to go."""
    make_token(expires_at=now + timedelta(days=20))
    set_policy(reminder_days=30)
    flag_expiring(now=now)
    set_policy(reminder_days=7)
    for days in (1, 2):
        make_token(expires_at=now + timedelta(days=days))
    disable_token(make_token(expires_at=now + timedelta(days=3))[0], by=COMMAND, now=now)


@pytest.mark.usefixtures("two_and_one")
def test_flagexpiring_flags_and_says_how_many() -> None:
    assert run() == "Flagged 2 and unflagged 1.\n"
    assert run() == "Flagged 0 and unflagged 0.\n"


@pytest.mark.usefixtures("two_and_one")
def test_flagexpiring_as_a_dry_run_says_how_many_and_changes_nothing() -> None:
    before = (list(AccessToken.objects.order_by("pk").values()), JobRun.objects.count())
    assert run("--dry-run") == "Would flag 2 and unflag 1.\n"
    assert (list(AccessToken.objects.order_by("pk").values()), JobRun.objects.count()) == before
