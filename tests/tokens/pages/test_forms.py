"""Expirations and permissions in forms: what is offered, what is taken, what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.utils import timezone

from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, SetPolicy
from tests.tokens.pages.conftest import IS_SECRET, edit_fields, new_fields
from tokens.models import Policy
from tokens.pages.forms import EditTokenForm, NewTokenForm, RegenerateForm

NOW = datetime(2026, 12, 1, 10, 0, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def sent(**typed: Any) -> QueryDict:
    return QueryDict(urlencode(new_fields(**typed), doseq=True))


def new_form(**typed: Any) -> NewTokenForm:
    return NewTokenForm(sent(**typed), policy=Policy.current(), now=NOW)


def on(day: str, zone: str = "UTC") -> NewTokenForm:
    """A form with that last day, judged in that zone."""
    with timezone.override(ZoneInfo(zone)):
        form = new_form(expires_in="custom", expires_on=day)
        form.full_clean()
    return form


# --- Expirations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "longest", "offered"),
    [
        (30, 365, ["7", "30", "60", "90", "180", "365", "custom"]),
        (30, 30, ["7", "30", "custom"]),
        (14, 45, ["7", "14", "30", "custom"]),
        (1, 1, ["1", "custom"]),
        (400, 3650, ["7", "30", "60", "90", "180", "365", "400", "custom"]),
    ],
)
def test_expirations_offered_are_those_that_the_policy_allows(
    set_policy: SetPolicy, default: int, longest: int, offered: list[str]
) -> None:
    policy = set_policy(default_days=default, longest_days=longest)
    form = RegenerateForm(policy=policy, now=NOW)
    assert [value for value, _ in form.fields["expires_in"].choices] == offered  # type: ignore[attr-defined]
    assert form["expires_in"].value() == str(default)


def test_expirations_offered_say_the_day_in_the_zone_of_who_looks() -> None:
    with timezone.override(ZoneInfo("Pacific/Kiritimati")):
        form = RegenerateForm(policy=Policy.current(), now=NOW)
    assert ("7", "7 days (Dec 9, 2026)") in form.fields["expires_in"].choices  # type: ignore[attr-defined]


def test_expiration_of_days_is_that_many_times_24_hours() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):  # whose clock goes back on the way
        form = NewTokenForm(sent(expires_in="180"), policy=Policy.current(), now=NOW.replace(microsecond=9))
        assert form.is_valid()
    assert form.cleaned_data["expires_at"] == NOW + timedelta(days=180)


@pytest.mark.parametrize("choice", ["8", "0", "-7", "07", "7.0", "٧", "1e2", "full", "366", "9" * 5000, "", "7\0"])
def test_expiration_that_is_not_offered_is_refused(choice: str) -> None:
    form = new_form(expires_in=choice)
    assert not form.is_valid()
    assert form.errors.keys() == {"expires_in"}
    assert "expires_at" not in form.cleaned_data or form.cleaned_data["expires_at"] is None


def test_expiration_of_spaces_around_an_offered_one_is_refused() -> None:
    assert not new_form(expires_in=" 7 ").is_valid()


def test_expiration_past_what_a_stricter_policy_allows_is_refused(set_policy: SetPolicy) -> None:
    set_policy(default_days=30, longest_days=30)
    assert "Choose one of the offered expirations." in new_form(expires_in="60").errors["expires_in"]


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("", "Choose a date."),
        ("   ", "Write the date as 2027-01-31."),
        ("2026-12-01", "Choose a day from tomorrow on."),
        ("2026-11-30", "Choose a day from tomorrow on."),
        ("0001-01-01", "Choose a day from tomorrow on."),
        ("2027-12-01", "A token may live at most 365 days."),
        ("9999-12-31", "A token may live at most 365 days."),
        ("10000-01-01", "Write the date as 2027-01-31."),
        ("2027-02-29", "Write the date as 2027-01-31."),
        ("31.01.2027", "Write the date as 2027-01-31."),
        ("2027-01-31T00:00", "Write the date as 2027-01-31."),
        ("tomorrow", "Write the date as 2027-01-31."),
        ("<script>", "Write the date as 2027-01-31."),
        ("2027\0-01-31", "Write the date as 2027-01-31."),
        ("x" * 10_000, "Write the date as 2027-01-31."),
    ],
)
def test_expiration_on_a_day_that_can_not_be_is_refused_once(day: str, message: str) -> None:
    assert on(day).errors == {"expires_on": [message]}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
def test_expiration_at_an_end_of_the_calendar_is_refused_in_every_zone(day: str, zone: str) -> None:
    assert on(day, zone).errors.keys() == {"expires_on"}


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ("2026-12-02", "UTC", "2026-12-02T23:59:59+00:00"),  # tomorrow
        ("2027-11-30", "UTC", "2027-11-30T23:59:59+00:00"),  # the last whose end the policy allows
        ("2026-12-02", "Etc/GMT+12", "2026-12-03T11:59:59+00:00"),
        ("2026-12-03", "Pacific/Kiritimati", "2026-12-03T09:59:59+00:00"),
        ("2027-03-28", "Europe/Berlin", "2027-03-28T21:59:59+00:00"),  # summer time began that night
        ("2027-10-31", "Europe/Berlin", "2027-10-31T22:59:59+00:00"),  # and ended that night
    ],
)
def test_expiration_on_a_day_is_its_last_second_in_the_zone(day: str, zone: str, end: str) -> None:
    form = on(day, zone)
    assert form.errors == {}
    assert form.cleaned_data["expires_at"] == datetime.fromisoformat(end)


def test_expiration_today_where_it_is_tomorrow_already_is_refused() -> None:
    assert on("2026-12-02", "Pacific/Kiritimati").errors == {"expires_on": ["Choose a day from tomorrow on."]}


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata"])
def test_expiration_days_that_the_field_names_are_taken_and_those_around_them_are_not(zone: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        given = RegenerateForm(policy=Policy.current(), now=NOW).fields["expires_on"].widget.attrs
    first, last = date.fromisoformat(given["min"]), date.fromisoformat(given["max"])
    day = timedelta(days=1)
    assert [on(str(chosen), zone).is_valid() for chosen in (first - day, first, last, last + day)] == [
        False,
        True,
        True,
        False,
    ]


def test_expiration_of_days_leaves_an_old_date_alone() -> None:
    assert new_form(expires_in="7", expires_on="2020-01-01").is_valid()


# --- Permissions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ({"scopes": "none"}, []),
        ({"scopes": ""}, []),
        ({"scopes": "none", "permission_registry": "write"}, []),
        ({"scopes": "full"}, ["full"]),
        ({"scopes": "full", "permission_registry": "read"}, ["full"]),
        ({"scopes": "selected", "permission_registry": "read"}, ["registry:read"]),
        ({"scopes": "selected", "permission_tokens": "rotate"}, ["tokens:rotate"]),
        ({"scopes": "selected", "permission_tokens": "read-rotate"}, ["tokens:read", "tokens:rotate"]),
        ({"scopes": "registry:read"}, ["registry:read"]),
        ({"scopes": "registry:write"}, ["registry:write"]),
        ({"scopes": ["deployments:read", "registry:write"]}, ["deployments:read", "registry:write"]),
        ({"scopes": "deployments:read,registry:write"}, ["deployments:read", "registry:write"]),
        ({"scopes": "deployments:read deployments:write"}, ["deployments:write"]),
        ({"scopes": "tokens:read tokens:rotate"}, ["tokens:read", "tokens:rotate"]),
        ({"scopes": "tokens:rotate tokens:write"}, ["tokens:write"]),
    ],
)
def test_permissions_of_a_form_or_as_scopes_are_the_same(
    resources: list[str], typed: dict[str, Any], chosen: list[str]
) -> None:
    form = new_form(**typed)
    assert form.is_valid(), form.errors
    assert sorted(form.cleaned_data["scopes"]) == chosen


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"scopes": "selected"}, "Choose at least one permission, or “No access”."),
        ({"scopes": "selected", "permission_registry": ""}, "Choose at least one permission, or “No access”."),
        ({"scopes": "everything"}, "There is no such permission."),
        ({"scopes": "introspect"}, "There is no such permission."),
        ({"scopes": "FULL"}, "There is no such permission."),
        ({"scopes": "nothing:read"}, "There is no permission “nothing”."),
        ({"scopes": "selected", "permission_nothing": "read"}, "There is no permission “nothing”."),
        ({"scopes": "registry:read introspect"}, "There is no permission “introspect”."),
        ({"scopes": "registry:read full"}, "There is no permission “full”."),
        ({"scopes": "selected", "permission_introspect": "read"}, "There is no permission “introspect”."),
        ({"scopes": f"{'x' * 10_000}:read"}, f"There is no permission “{'x' * 60}”."),
    ],
)
def test_permissions_that_do_not_exist_are_refused(resources: list[str], typed: dict[str, str], message: str) -> None:
    assert new_form(**typed).errors == {"scopes": [message]}


@pytest.mark.parametrize("level", ["destroy", "rotate", "read-rotate", "read-write", "READ", "write ", "<b>", "\0"])
def test_permissions_at_a_level_that_does_not_exist_are_refused(resources: list[str], level: str) -> None:
    form = new_form(scopes="selected", permission_registry=level, permission_deployments="read")
    assert "Choose one of the offered permissions." in form.errors["permission_registry"]


@pytest.mark.parametrize(
    "scopes",
    [
        "registry:destroy",
        "registry:read registry:destroy",
        "registry:rotate registry:write",
        "registry:read:x",
        "tokens:destroy",
    ],
)
def test_permissions_as_scopes_with_an_unknown_action_are_refused(resources: list[str], scopes: str) -> None:
    assert not new_form(scopes=scopes).is_valid()


def test_permissions_offer_no_full_access_where_the_policy_forbids_it(set_policy: SetPolicy) -> None:
    set_policy(full_access_allowed=False)
    form = new_form(scopes="full")
    assert [value for value, _ in form.fields["scopes"].choices] == ["none", "selected"]  # type: ignore[attr-defined]
    assert form.errors == {"scopes": ["There is no such permission."]}


def test_permissions_refused_by_the_policy_at_the_last_moment_are_refused(set_policy: SetPolicy) -> None:
    form = new_form(scopes="full")
    form.policy = set_policy(full_access_allowed=False)
    assert "allows no full access" in form.errors["scopes"][0]


def test_permissions_levels_of_each_resource_are_none_read_write(resources: list[str]) -> None:
    form = NewTokenForm(policy=Policy.current(), now=NOW)
    levels = {row.resource.name: [str(choice.choice_label) for choice in row.field] for row in form.permission_rows}
    assert levels["registry"] == ["None", "Read", "Write"]
    assert levels["tokens"] == ["None", "Read", "Rotate", "Write"]


def test_permissions_of_an_edit_keep_introspect_which_no_form_gives(
    make_token: MakeToken, resources: list[str]
) -> None:
    token, _ = make_token(scopes=["introspect", "registry:read"], may_introspect=True)
    fields = edit_fields(token, scopes="selected", permission_deployments="read")
    form = EditTokenForm(QueryDict(urlencode(fields)), policy=Policy.current(), token=token)
    assert form.is_valid()
    assert form.cleaned_data["scopes"] == ["introspect", "deployments:read"]


# --- The sentence -----------------------------------------------------------------------------


def summary_of(**typed: Any) -> str:
    return NewTokenForm(QueryDict(urlencode(typed)), policy=Policy.current(), now=NOW).summary()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Choose when it ends; can do nothing yet."),
        ({"expires_in": "7", "scopes": "full"}, "Ends on Dec 8, 2026; can do everything you may do."),
        ({"expires_in": "custom", "scopes": "none"}, "Choose when it ends; can do nothing yet."),
        (
            {"expires_in": "custom", "expires_on": "2026-12-24", "scopes": "selected", "permission_registry": "write"},
            "Ends on Dec 24, 2026; can write Registry.",
        ),
        ({"expires_in": "999", "scopes": "x"}, "Choose when it ends; can do nothing yet."),
    ],
)
def test_summary_follows_what_is_chosen(resources: list[str], typed: dict[str, str], sentence: str) -> None:
    assert summary_of(**typed) == sentence


def test_summary_of_a_fresh_form_says_what_it_starts_with() -> None:
    form = NewTokenForm(policy=Policy.current(), now=NOW)
    assert form.summary() == "Ends on Dec 31, 2026; can do nothing yet."


def test_summary_of_an_edit_keeps_the_end(make_token: MakeToken, now: datetime) -> None:
    token, _ = make_token(expires_at=now + timedelta(days=2))
    form = EditTokenForm(policy=Policy.current(), token=token)
    assert form.summary().endswith("can do everything you may do.")
    assert form.end() == token.expires_at


# --- Secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        {NOBODYS_SECRET: "1"},
        {f"permission_{NOBODYS_SECRET}": "read", "scopes": "selected"},
        {f"permission_{NOBODYS_SECRET}": "read"},
    ],
)
def test_form_with_a_secret_as_the_name_of_a_field_is_refused_without_it(typed: dict[str, str]) -> None:
    form = new_form(**typed)
    assert IS_SECRET in form.non_field_errors()
    assert NOBODYS_SECRET not in str(form) + str(form.errors) + str(form.data)


@pytest.mark.parametrize("scopes", [NOBODYS_SECRET, f"{NOBODYS_SECRET}:read", f"a:read,{NOBODYS_SECRET}:write"])
def test_form_with_a_secret_among_the_scopes_is_refused_without_it(scopes: str) -> None:
    form = new_form(scopes=scopes)
    assert form.errors["scopes"] == [IS_SECRET]
    assert NOBODYS_SECRET not in str(form) + str(form.errors) + str(form.data)
