"""Whatever is done in whatever order: after a run the flags are what the rule says, in between none is too many."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.actor import COMMAND
from accounts.models import User
from accounts.people import deactivate_user, reactivate_user
from tests.conftest import MakeUser
from tokens.domain import lifecycle
from tokens.domain.expiry import flag_expiring
from tokens.domain.policy import change_policy
from tokens.models import AccessToken

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIVES = st.sampled_from([HOUR, DAY, 7 * DAY, 8 * DAY, 30 * DAY])
STEPS = st.sampled_from([timedelta(seconds=1), HOUR, DAY, 6 * DAY, 7 * DAY, 30 * DAY])
PICKS = st.integers(0, 1000)


@dataclass
class Expected:
    """A token as the rule sees it."""

    token: AccessToken
    ends_at: datetime
    is_on: bool = True
    is_revoked: bool = False
    is_flagged: bool = False


class Flags(RuleBasedStateMachine):
    """Two owners and their tokens; every act on one that is picked by a number."""

    owners: ClassVar[list[User]]

    def __init__(self) -> None:
        super().__init__()
        self._undo = transaction.atomic()
        self._undo.__enter__()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.window = 7 * DAY
        self.active = [True, True]
        self.tokens: list[Expected] = []
        self.made = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undo.__exit__(None, None, None)

    # --- Acts ---------------------------------------------------------------------------------

    @rule(life=LIVES, owner=st.integers(0, 1))
    def create(self, life: timedelta, owner: int) -> None:
        if not self.active[owner]:
            return  # who gets no new secret and none back
        self.made += 1
        end = self.now + life
        token, _ = lifecycle.create_token(
            self.owners[owner], name=f"token {self.made}", expires_at=end, by=COMMAND, now=self.now
        )
        self.tokens.append(Expected(token, end))

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS)
    def edit(self, pick: int) -> None:
        token = self.picked(pick).token
        lifecycle.edit_token(
            token, name=token.name, description="edited", scopes=[], allowed_networks=[], by=COMMAND, now=self.now
        )

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS, life=LIVES)
    def regenerate(self, pick: int, life: timedelta) -> None:
        expected = self.picked(pick)
        if not expected.is_revoked and self.has_active_owner(expected):
            end = self.now + life
            lifecycle.regenerate_token(expected.token, expires_at=end, by=COMMAND, now=self.now)
            expected.ends_at, expected.is_flagged = end, False

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS)
    def switch(self, pick: int) -> None:
        expected = self.picked(pick)
        if not expected.is_revoked and (expected.is_on or self.has_active_owner(expected)):
            act = lifecycle.disable_token if expected.is_on else lifecycle.enable_token
            act(expected.token, by=COMMAND, now=self.now)
            expected.is_on, expected.is_flagged = not expected.is_on, False

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS)
    def revoke(self, pick: int) -> None:
        if not (expected := self.picked(pick)).is_revoked:
            lifecycle.revoke_token(expected.token, code="leak", reason="", by=COMMAND, now=self.now)
            expected.is_revoked, expected.is_flagged = True, False

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS)
    def dismiss(self, pick: int) -> None:
        lifecycle.dismiss_banner(self.picked(pick).token, by=COMMAND, now=self.now)

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        expected = self.picked(pick)
        lifecycle.delete_token(expected.token, by=COMMAND, now=self.now)
        self.tokens.remove(expected)

    @rule(owner=st.integers(0, 1))
    def switch_owner(self, owner: int) -> None:
        act = deactivate_user if self.active[owner] else reactivate_user
        act(self.owners[owner], by=COMMAND, now=self.now)
        self.active[owner] = not self.active[owner]

    @rule(days=st.integers(1, 30))
    def change_window(self, days: int) -> None:
        change_policy(reminder_days=days, by=COMMAND, now=self.now)
        self.window = days * DAY

    # --- Time, and the job --------------------------------------------------------------------

    @rule(step=STEPS)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @precondition(lambda self: self.tokens)
    @rule(pick=PICKS, seconds=st.integers(-1, 1))
    def wait_for_the_window(self, pick: int, seconds: int) -> None:
        """Up to where a token enters the window, to the second."""
        self.now = max(self.now, self.picked(pick).ends_at - self.window + timedelta(seconds=seconds))

    @rule()
    def run(self) -> None:
        before = self.flags()
        counts = flag_expiring(now=self.now).counts
        for expected in self.tokens:
            expected.is_flagged = self.should_be_flagged(expected)
        after = self.flags()
        kept = {pk: at for pk, at in before.items() if pk in after}
        assert kept.items() <= after.items(), "a flag was set anew"
        assert counts["flagged"] == len(after.keys() - before.keys())
        assert counts["unflagged"] == len(before.keys() - after.keys())

    # --- What holds ---------------------------------------------------------------------------

    @invariant()
    def flags_are_as_expected(self) -> None:
        assert set(self.flags()) == {expected.token.pk for expected in self.tokens if expected.is_flagged}

    def should_be_flagged(self, expected: Expected) -> bool:
        """The rule, in words of its own."""
        needs_warning = self.has_active_owner(expected) and expected.is_on and not expected.is_revoked
        return needs_warning and expected.ends_at - self.now <= self.window

    def has_active_owner(self, expected: Expected) -> bool:
        return self.active[self.owners.index(expected.token.owner)]

    def flags(self) -> dict[int, datetime]:
        tokens = AccessToken.objects.values_list("pk", "expiry_flagged_at")
        return {pk: flagged_at for pk, flagged_at in tokens if flagged_at is not None}

    def picked(self, number: int) -> Expected:
        return self.tokens[number % len(self.tokens)]


def test_flags_after_any_sequence_of_acts_are_what_the_rule_says(make_user: MakeUser) -> None:
    class FlagsOfTwo(Flags):
        owners: ClassVar = [make_user(), make_user()]

    run_state_machine_as_test(
        FlagsOfTwo,
        settings=settings(max_examples=20, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]),
    )
