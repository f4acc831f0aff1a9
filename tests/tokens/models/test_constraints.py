"""What the database itself refuses, whoever writes to it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import F, ProtectedError
from django.utils import timezone

from accounts.models import User
from tests.conftest import MakeToken
from tokens.models import (
    AccessToken,
    JobRun,
    Notification,
    Policy,
    RefusalMinute,
    RequestKey,
    Resource,
    TokenSecret,
    UsageDay,
)

DAY = timedelta(days=1)
NOW = timezone.now()
REVOKED = {"revoked_at": NOW, "revoked_code": "leak"}

# Constraint, the row of which model, and the columns that break it.
BROKEN_CHECKS: list[tuple[str, type[models.Model], dict[str, Any]]] = [
    ("token_has_name", AccessToken, {"name": ""}),
    ("token_has_name", AccessToken, {"name_key": ""}),
    ("token_ends_after_start", AccessToken, {"expires_at": F("created_at")}),
    ("token_ends_after_start", AccessToken, {"expires_at": NOW - 400 * DAY}),
    ("token_disabled_by_someone", AccessToken, {"disabled_at": NOW}),
    ("token_disabled_by_someone", AccessToken, {"disabled_by": "owner"}),
    ("token_disabled_by_someone", AccessToken, {"disabled_at": NOW, "disabled_by": "burglar"}),
    ("token_revoked_with_code", AccessToken, {"revoked_at": NOW}),
    ("token_revoked_with_code", AccessToken, {"revoked_code": "leak"}),
    ("token_revoked_with_code", AccessToken, {"revoked_reason": "why"}),
    ("token_revoked_with_code", AccessToken, {"revoked_at": NOW, "revoked_code": "boredom"}),
    ("token_full_stands_alone", AccessToken, {"scopes": "full tokens:read"}),
    ("token_full_stands_alone", AccessToken, {"scopes": "deployments:read full"}),
    ("token_full_stands_alone", AccessToken, {"scopes": "deployments:read full tokens:read"}),
    ("secret_digest_length", TokenSecret, {"digest": b"x" * 31}),
    ("secret_digest_length", TokenSecret, {"digest": b"x" * 33}),
    ("secret_digest_length", TokenSecret, {"digest": b""}),
    ("secret_replaced_with_end", TokenSecret, {"replaced_at": NOW + DAY}),
    ("secret_replaced_with_end", TokenSecret, {"accepted_until": NOW + DAY}),
    ("secret_replaced_with_end", TokenSecret, {"replaced_at": NOW - 400 * DAY, "accepted_until": NOW}),
    ("policy_one_row", Policy, {"id": 2}),
    ("policy_life", Policy, {"default_days": 0}),
    ("policy_life", Policy, {"default_days": 366}),
    ("policy_life", Policy, {"longest_days": 29}),
    ("policy_life", Policy, {"longest_days": 3651}),
    ("policy_tokens_per_owner", Policy, {"tokens_per_owner": 0}),
    ("policy_reminder_days", Policy, {"reminder_days": 0}),
    ("policy_reminder_days", Policy, {"reminder_days": 31}),
    ("policy_recheck_minutes", Policy, {"recheck_minutes": 0}),
    ("policy_recheck_minutes", Policy, {"recheck_minutes": 1441}),
    ("policy_keep_days", Policy, {"keep_expired_days": 0}),
    ("policy_keep_days", Policy, {"keep_activity_days": 0}),
    ("resource_name_form", Resource, {"name": "Deployments"}),
    ("resource_name_form", Resource, {"name": "9a"}),
    ("resource_name_form", Resource, {"name": "a:b"}),
    ("resource_name_form", Resource, {"name": ""}),
    ("resource_name_form", Resource, {"name": "a\n"}),
    ("resource_name_form", Resource, {"name": "a\nb"}),
    ("resource_name_not_reserved", Resource, {"name": "full"}),
    ("resource_name_not_reserved", Resource, {"name": "any"}),
    ("resource_name_not_reserved", Resource, {"name": "introspect"}),
    ("resource_has_title", Resource, {"title": ""}),
    ("job_run_ends_after_start", JobRun, {"finished_at": NOW - 400 * DAY}),
    ("refusal_minute_counts", RefusalMinute, {"count": 0}),
    ("notification_has_one_cause", Notification, {"event_id": None}),
    ("notification_has_one_cause", Notification, {"secret_id": 1}),
    ("notification_has_one_cause", Notification, {"kind": "reminder.first"}),
    ("notification_has_one_cause", Notification, {"kind": "reminder.first", "event_id": None, "secret_id": 1}),
    ("notification_has_one_cause", Notification, {"kind": "reminder.first", "token_id": 1, "secret_id": 1}),
    ("notification_done_with_outcome", Notification, {"outcome": "sent"}),
    ("notification_done_with_outcome", Notification, {"done_at": NOW}),
    ("notification_done_with_outcome", Notification, {"outcome": "lost", "done_at": NOW}),
]
UNIQUE = {
    "token_name_unique",
    "secret_one_current_per_token",
    "request_key_once_per_owner",
    "usage_day_outcome_once",
    "refusal_minute_once",
}


def copy_of(row: models.Model, **changed: Any) -> models.Model:
    """An unsaved second row, like the first but for what is changed."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    del values["id"]
    return type(row)(**values | changed)


def named(value: Any) -> str:
    """A case, without the time of day, so that every worker of a parallel run names it alike."""
    if isinstance(value, dict):
        return "+".join(value)
    return value if isinstance(value, str) else value.__name__


@pytest.mark.parametrize(("constraint", "model", "broken"), BROKEN_CHECKS, ids=named)
def test_check_of_the_database_refuses_what_breaks_it(
    make_token: MakeToken, constraint: str, model: type[models.Model], broken: dict[str, Any]
) -> None:
    token, _ = make_token()
    JobRun.objects.create(job="flag_expiring", started_at=NOW)
    RefusalMinute.objects.create(token=token, minute=NOW, reason="expired", count=1, sources={})
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._default_manager.update(**broken)


def test_every_constraint_of_the_tables_has_its_test() -> None:
    tables = apps.get_app_config("tokens").get_models()
    constraints = {constraint.name for table in tables for constraint in table._meta.constraints}
    assert constraints == {name for name, _, _ in BROKEN_CHECKS} | UNIQUE


def test_token_name_is_unique_for_its_owner(make_token: MakeToken, bob: User) -> None:
    token, _ = make_token()
    copy_of(token, owner_id=bob.pk).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(token).save()


def test_token_has_one_current_secret(make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token()
    copy_of(token.current_secret, digest=b"y" * 32, replaced_at=now, accepted_until=now).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(token.current_secret, digest=b"x" * 32).save()


def test_digest_belongs_to_one_secret(make_token: MakeToken) -> None:
    (one, _), (two, _) = make_token(), make_token()
    with pytest.raises(IntegrityError), transaction.atomic():
        TokenSecret.objects.filter(token=one).update(digest=TokenSecret.objects.get(token=two).digest)


def test_request_key_is_kept_once_for_its_owner(make_token: MakeToken, bob: User) -> None:
    make_token(request_key="k")
    key = RequestKey.objects.get()
    copy_of(key, owner_id=bob.pk).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(key).save()


def test_notification_is_made_once_for_its_cause(make_token: MakeToken) -> None:
    make_token()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(Notification.objects.get()).save()


def test_resource_name_is_registered_once(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(Resource.objects.get(name="tokens")).save()


@pytest.mark.parametrize("column", ["expires_at", "created_at", "updated_at", "name", "scopes", "allowed_networks"])
def test_token_without_a_column_that_it_needs_is_refused(make_token: MakeToken, column: str) -> None:
    make_token()
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessToken.objects.update(**{column: None})


def test_owner_of_tokens_can_not_be_deleted(make_token: MakeToken, alice: User) -> None:
    make_token()
    with pytest.raises(ProtectedError):
        alice.delete()


def test_full_in_the_name_of_a_scope_is_no_full_access(make_token: MakeToken) -> None:
    make_token()
    assert AccessToken.objects.update(scopes="a-full:read fully:read") == 1


def test_usage_of_one_day_and_outcome_is_one_row(db: None) -> None:
    UsageDay.objects.create(day=NOW.date(), outcome="good")
    with pytest.raises(IntegrityError), transaction.atomic():
        UsageDay.objects.create(day=NOW.date(), outcome="good")


def test_refusals_of_one_token_minute_and_reason_are_one_row(make_token: MakeToken) -> None:
    RefusalMinute.objects.create(token=make_token()[0], minute=NOW, reason="expired", count=1, sources={})
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_of(RefusalMinute.objects.get()).save()


def test_policy_has_exactly_the_one_row(db: None) -> None:
    assert Policy.current() == Policy.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.create(pk=3)


def test_rows_read_as_people_know_them(make_token: MakeToken, now: datetime) -> None:
    token, secret = make_token(name="ci", request_key="k")
    assert str(Notification.objects.get()).startswith("event:")
    assert (str(token), str(RequestKey.objects.get()), str(Policy.current())) == ("ci", "k", "Policy")
    assert str(token.current_secret) == f"tp_{secret[3:7]}…{secret[39:43]}"
    assert str(Resource.objects.get(name="tokens")) == "Token Portal API"
    refusal = RefusalMinute(minute=now, count=3, reason="expired")
    assert str(refusal) == f"3 expired at {now:%Y-%m-%d %H:%M}"
    assert str(UsageDay(day=now.date(), outcome="good")) == f"{now.date()} good"
    assert secret[3:] not in repr(token) + repr(token.current_secret) + repr(token.__dict__)
