"""The page of the policy."""

import pytest
from django.urls import reverse

from tests.tokens.admin.conftest import Console
from tests.tokens.conftest import NOBODYS_SECRET, last_event
from tokens.domain.policy import LIMITS, SWITCHES
from tokens.models import Policy


@pytest.fixture
def rules(console: Console) -> dict[str, str]:
    """What the form sends when nothing was touched: a box that is off sends nothing."""
    policy = Policy.current()
    ticked = {name: "on" for name in SWITCHES if getattr(policy, name)}
    return {name: str(getattr(policy, name)) for name in LIMITS} | ticked


def test_policy_page_shows_what_it_is(console: Console) -> None:
    text = console.text("policy")
    for name in LIMITS:
        assert f'name="{name}" value="{getattr(Policy.current(), name)}"' in text


def test_policy_saved_is_in_force_and_in_the_audit_log(console: Console, rules: dict[str, str]) -> None:
    answer = console.post("policy", **rules | {"longest_days": "90", "overlap_allowed": "on"})
    assert answer["Location"] == reverse("admin:policy")
    assert (Policy.current().longest_days, Policy.current().overlap_allowed) == (90, True)
    event = last_event("policy.changed")
    assert (event.actor_id, event.after) == (console.user.pk, {"longest_days": 90, "overlap_allowed": True})
    assert "365 <span" in console.text("audit", query="?about=policy")


def test_policy_box_that_is_off_is_no(console: Console, rules: dict[str, str]) -> None:
    rules.pop("full_access_allowed")
    console.post("policy", **rules)
    assert Policy.current().full_access_allowed is False


@pytest.mark.parametrize("value", ["", "0", "-1", "1e3", "7.5", "x", "9" * 30, "9" * 5000, "NaN", "\0", NOBODYS_SECRET])
def test_policy_with_strange_values_is_refused_at_each_field(value: str, console: Console) -> None:
    before = Policy.objects.values().get()
    answer = console.post("policy", **dict.fromkeys(LIMITS, value))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(LIMITS)
    assert NOBODYS_SECRET not in answer.content.decode()
    assert Policy.objects.values().get() == before


def test_policy_default_longer_than_longest_stands_at_the_field(console: Console, rules: dict[str, str]) -> None:
    answer = console.post("policy", **rules | {"default_days": "60", "longest_days": "30"})
    assert answer.status_code == 422
    assert "default_days" in answer.context["form"].errors
    assert 'value="60"' in answer.content.decode()


def test_policy_empty_form_is_refused(console: Console) -> None:
    answer = console.post("policy")
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(LIMITS)
