"""Every changing act of the console asks who it is when the last check is too long ago."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.audit import AuditEvent
from accounts.models import User
from tests.conftest import PASSWORD
from tests.tokens.admin.conftest import Console
from tests.tokens.conftest import SetPolicy
from tokens.domain.policy import LIMITS
from tokens.models import Resource

ACTS = ["person_deactivate", "person_reactivate", "resource_register", "resource_edit", "resource_retire", "policy"]
FIELDS: dict[str, Any] = {"name": "metrics", "title": "A new title", **dict.fromkeys(LIMITS, 20)}


@pytest.fixture
def ids(alice: User, resources: list[str]) -> dict[str, int]:
    """What each act is done to."""
    resource = Resource.objects.get(name="deployments").pk
    return {view: alice.pk if "person" in view else resource for view in ACTS[:2] + ACTS[3:5]}


def post(console: Console, view: str, ids: dict[str, int]) -> str:
    """Where the form leads."""
    args = [ids[view]] if view in ids else []
    return str(console.post(view, *args, **FIELDS)["Location"])


@pytest.mark.parametrize("view", ACTS)
def test_act_with_an_old_check_asks_first_and_does_nothing(view: str, console: Console, ids: dict[str, int]) -> None:
    console.let_the_check_age(minutes=16)
    events = AuditEvent.objects.count()
    assert post(console, view, ids).startswith(reverse("account_reauthenticate"))
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("view", ACTS)
def test_act_with_a_recent_check_is_done_at_once(view: str, console: Console, ids: dict[str, int]) -> None:
    console.let_the_check_age(minutes=14)
    assert post(console, view, ids).startswith("/admin/")


def test_act_age_of_the_check_is_the_policys(console: Console, ids: dict[str, int], set_policy: SetPolicy) -> None:
    set_policy(recheck_minutes=5)
    console.let_the_check_age(minutes=6)
    assert post(console, "resource_edit", ids).startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("view", ["resource_register", "resource_edit", "policy"])
def test_act_after_the_check_finds_what_was_typed(view: str, console: Console, ids: dict[str, int]) -> None:
    console.let_the_check_age(minutes=16)
    answer = console.client.post(post(console, view, ids), {"password": PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert answer.request["PATH_INFO"].startswith("/admin/")
    typed = "20" if view == "policy" else "A new title"
    assert f'value="{typed}"' in answer.content.decode()
