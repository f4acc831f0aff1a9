"""A token in words: badges, notes, permissions, the summary, times."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.html import strip_tags

from tests.tokens.pages.reading import squeezed
from tokens.domain.states import State
from tokens.models import AccessToken
from tokens.pages.presentation import (
    TokenRow,
    date_text,
    duration_text,
    end_text,
    exact_text,
    permissions_text,
    relative_text,
    resource_label,
    summary,
    token_row,
)

NOW = datetime(2026, 12, 1, 10, 0, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def row(**columns: object) -> TokenRow:
    """Of a token that was never saved; an hour old, and with a month to go."""
    times = {"created_at": NOW - timedelta(hours=1), "expires_at": NOW + timedelta(days=30)}
    return token_row(AccessToken(pk=7, name="ci", **times | columns), now=NOW, window=WEEK)


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=7), "Expires in 7 days"),
        (timedelta(days=2, hours=23, minutes=59), "Expires in 2 days"),
        (timedelta(days=1), "Expires in 1 day"),
        (timedelta(hours=23, minutes=59, seconds=59), "Expires in 23 hours"),
        (timedelta(hours=5), "Expires in 5 hours"),
        (timedelta(minutes=59, seconds=59), "Expires in 59 minutes"),
        (timedelta(minutes=1), "Expires in 1 minute"),
        (timedelta(seconds=59), "Expires in less than a minute"),
        (timedelta(seconds=1), "Expires in less than a minute"),
        (timedelta(0), "Expired on Dec 1, 2026"),
        (-timedelta(days=40), "Expired on Oct 22, 2026"),
    ],
)
def test_end_with_so_much_left_says_so(left: timedelta, text: str) -> None:
    assert end_text(NOW + left, now=NOW) == text


OFF = {"disabled_at": NOW, "disabled_by": "owner"}
OFF_BY_ADMINISTRATOR = {"disabled_at": NOW, "disabled_by": "administrator"}
REVOKED = {"revoked_at": NOW, "revoked_code": "leak"}
ENDED = {"expires_at": NOW}


@pytest.mark.parametrize(
    ("columns", "state", "note"),
    [
        ({}, State.ACTIVE, ""),
        ({"expires_at": NOW + WEEK + timedelta(seconds=1)}, State.ACTIVE, ""),
        ({"expires_at": NOW + WEEK}, State.EXPIRING, ""),
        (ENDED, State.EXPIRED, ""),
        (OFF, State.DISABLED, ""),
        (OFF_BY_ADMINISTRATOR, State.DISABLED, "Disabled by an administrator"),
        (OFF | ENDED, State.EXPIRED, ""),
        (REVOKED, State.REVOKED, "Reported as leaked"),
        (REVOKED | {"revoked_reason": "in a log"}, State.REVOKED, "in a log"),
        (REVOKED | ENDED | OFF, State.REVOKED, "Reported as leaked"),
    ],
)
def test_state_and_note_are_of_the_first_state_that_holds(columns: dict[str, object], state: State, note: str) -> None:
    shown = row(**columns)
    assert (shown.state, shown.note) == (state, note)


@pytest.mark.parametrize(
    ("state", "left", "note", "words"),
    [
        (State.ACTIVE, 30, "", "Active Expires {end}"),
        (State.DISABLED, 30, "", "Disabled Expires {end}"),
        (State.DISABLED, 30, "Disabled by an administrator", "Disabled Disabled by an administrator"),
        (State.EXPIRING, 2, "", "Expires in 2 days {end}"),
        (State.EXPIRED, -2, "", "Expired on {day} {end}"),
        (State.REVOKED, 30, "in a log", "Revoked in a log"),
    ],
)
def test_state_in_the_list_has_the_words_and_for_all_the_exact_end(
    state: State, left: int, note: str, words: str
) -> None:
    end = timezone.now() + timedelta(days=left, hours=1)
    shown = TokenRow(AccessToken(expires_at=end), state, note, "")
    page = Template("{% include 'tokens/_state.html' %}").render(Context({"row": shown}))
    text = squeezed(strip_tags(page))
    assert text == words.format(day=date_text(end), end=exact_text(end))


@pytest.mark.parametrize("code", AccessToken.RevokedCode.values)
def test_note_of_a_revoked_token_without_a_reason_says_what_the_code_means(code: str) -> None:
    assert len(row(revoked_at=NOW, revoked_code=code).note.split()) > 2


@pytest.mark.parametrize(
    ("columns", "can"),
    [
        ({}, {"regenerate", "disable"}),
        (ENDED, {"regenerate", "disable"}),
        (OFF, {"regenerate", "enable"}),
        (OFF_BY_ADMINISTRATOR, {"regenerate"}),
        ({"disabled_at": NOW, "disabled_by": "policy"}, {"regenerate", "enable"}),
        (REVOKED, set()),
        (REVOKED | OFF, set()),
    ],
)
def test_row_offers_what_can_be_done(columns: dict[str, object], can: set[str]) -> None:
    shown = row(**columns)
    assert {act for act in ("regenerate", "disable", "enable") if getattr(shown, f"can_{act}")} == can


def test_row_knows_its_state_and_whether_it_has_access() -> None:
    assert row().state is State.ACTIVE
    assert not row().has_access
    assert row(scopes="tokens:read").has_access
    assert row(**REVOKED).has_access  # nothing that its owner grants would change a thing


# --- Permissions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "text", "ability"),
    [
        ("", "No access", "can do nothing yet"),
        ("full", "Full access", "can do everything you may do"),
        ("deployments:read", "Deployments: read", "can read Deployments"),
        ("deployments:read deployments:write", "Deployments: write", "can write Deployments"),
        ("ci-runners:read", "Ci runners: read", "can read Ci runners"),
        ("a_b:read", "A b: read", "can read A b"),
        ("introspect", "Introspect", "can use Introspect"),
        ("tokens:rotate", "Tokens: rotate", "can rotate Tokens"),
        ("tokens:read tokens:rotate", "Tokens: read, Tokens: rotate", "can read Tokens and rotate Tokens"),
        ("a:read b:read c:read", "A: read, B: read, C: read", "can read A, B and C"),
        (
            "a:read b:read c:read c:write d:read d:write",
            "A: read, B: read, C: write, D: write",
            "can read A and B, and write C and D",
        ),
        (
            "a:read b:read b:write introspect",
            "A: read, B: write, Introspect",
            "can read A, write B and use Introspect",
        ),
        ("readers:read readers:write", "Readers: write", "can write Readers"),
    ],
)
def test_permissions_and_summary_say_each_once(scopes: str, text: str, ability: str) -> None:
    assert permissions_text(scopes.split()) == text
    assert summary(scopes.split(), NOW) == f"Ends on Dec 1, 2026; {ability}."


def test_permissions_of_tokens_that_may_write_do_not_say_rotate_too() -> None:
    assert permissions_text(["tokens:read", "tokens:rotate", "tokens:write"]) == "Tokens: write"
    assert "rotate" not in summary(["tokens:read", "tokens:rotate", "tokens:write"], NOW)


def test_summary_without_an_end_asks_for_one() -> None:
    assert summary(["full"], None) == "Choose when it ends; can do everything you may do."


def test_resource_label_is_the_name_as_people_read_it() -> None:
    assert resource_label("my-ci_runner") == "My ci runner"


# --- Times ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, ""),
        (59, ""),
        (60, "1 minute"),
        (119, "1 minute"),
        (3599, "59 minutes"),
        (3600, "1 hour"),
        (2 * 3600 - 1, "1 hour"),
        (86400 - 1, "23 hours"),
        (86400, "1 day"),
        (365 * 86400 - 1, "364 days"),
        (365 * 86400, "1 year"),
        (3650 * 86400, "10 years"),
    ],
)
def test_duration_floors_to_the_largest_unit(seconds: int, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("apart", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=59), "in less than a minute"),
        (timedelta(minutes=-3, seconds=-59), "3 minutes ago"),
        (timedelta(days=2, hours=23), "in 2 days"),
    ],
)
def test_relative_time_says_which_way(apart: timedelta, text: str) -> None:
    assert relative_text(NOW + apart, now=NOW) == text


@pytest.mark.parametrize(
    ("zone", "moment", "day", "exact"),
    [
        ("UTC", datetime(2026, 12, 22, 9, 5, 6, tzinfo=UTC), "Dec 22, 2026", "Dec 22, 2026, 09:05:06 UTC"),
        ("Europe/Berlin", datetime(2026, 10, 24, 23, 30, tzinfo=UTC), "Oct 25, 2026", "Oct 25, 2026, 01:30:00 CEST"),
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Oct 25, 2026", "Oct 25, 2026, 02:30:00 CEST"),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Oct 25, 2026", "Oct 25, 2026, 02:30:00 CET"),
        ("America/New_York", datetime(2026, 3, 1, 4, 59, 59, tzinfo=UTC), "Feb 28, 2026", "Feb 28, 2026, 23:59:59 EST"),
    ],
)
def test_date_and_exact_time_are_those_of_the_zone(zone: str, moment: datetime, day: str, exact: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert date_text(moment) == day
        assert exact_text(moment) == exact


def test_when_shows_the_relative_time_and_the_exact_one_to_all() -> None:
    moment = timezone.now() - timedelta(hours=2, minutes=59)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        shown = Template("{% load portal %}{% when moment %}").render(Context({"moment": moment}))
        exact = exact_text(moment)
    assert f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}" title="{exact}" data-relative>2 hours ago</time>' in shown
    assert f"({exact})" in squeezed(shown)


def test_end_in_a_template_is_a_time_with_what_is_said_once_it_has_come() -> None:
    moment = timezone.now() + timedelta(hours=2, minutes=59)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        badge = Template("{% load portal %}{% until moment %}").render(Context({"moment": moment}))
        banner = Template("{% load portal %}{% until moment capital=False %}").render(Context({"moment": moment}))
        exact, day = exact_text(moment), date_text(moment)
    start = f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}" title="{exact}"'
    assert badge == f'{start} data-relative="Expires" data-after="Expired on {day}">Expires in 2 hours</time>'
    assert banner == f'{start} data-relative="expires" data-after="expired on {day}">expires in 2 hours</time>'


def test_end_that_has_come_is_a_time_that_says_the_day() -> None:
    moment = timezone.now() - timedelta(hours=2)
    shown = Template("{% load portal %}{% until moment capital=False %}").render(Context({"moment": moment}))
    assert shown.endswith(f">expired on {date_text(moment)}</time>")


def test_day_is_a_time_with_the_exact_one_for_all() -> None:
    moment = datetime(2026, 12, 22, 9, 5, 6, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        shown = Template("{% load portal %}{% day moment %}").render(Context({"moment": moment}))
    assert shown == (
        '<time datetime="2026-12-22T09:05:06Z" title="Dec 22, 2026, 10:05:06 CET">Dec 22, 2026'
        '<span class="visually-hidden">, 10:05:06 CET</span></time>'
    )


def test_when_of_a_minute_says_no_seconds() -> None:
    moment = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=2)
    shown = Template("{% load portal %}{% when moment seconds=False %}").render(Context({"moment": moment}))
    exact = f"{date_text(moment)}, {moment:%H:%M} UTC"
    assert f'<time datetime="{moment:%Y-%m-%dT%H:%MZ}" title="{exact}" data-relative>2 minutes ago</time>' in shown
    assert f"({exact})" in shown


def test_exact_in_a_template_names_the_zone_even_in_the_hour_that_comes_twice() -> None:
    moment = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        shown = Template("{% load portal %}{{ moment|exact }}").render(Context({"moment": moment}))
    assert shown == "Oct 25, 2026, 02:30:00 CEST"
