"""Whatever is typed into a field: nothing is made or changed, what was typed stays, and no page breaks."""

from typing import Any

import pytest
from django.test import Client

from tests.conftest import MakeToken
from tests.tokens.conftest import NOBODYS_SECRET, Judge
from tests.tokens.pages.conftest import (
    IS_SECRET,
    NEW,
    address,
    edit_fields,
    htmx,
    kept_in_sessions,
    made,
    new_fields,
    regenerate_fields,
    secret_in,
)
from tests.tokens.pages.reading import Page
from tokens.domain.verification import Outcome
from tokens.models import AccessToken

ODD = [
    "",
    "   ",
    "x" * 10_000,
    "👩‍👩‍👧 🏳️‍🌈",
    "\u202etxt.exe\u200f",
    "<script>alert(1)</script>",
    '" onfocus="alert(1)" x="',
    "a\nb\r\nc",
    "a\0b",
    "{{ secret }}{% debug %}%s",
    "e" + "\u0301" * 5000,
    "9" * 400,
]
NEW_FIELDS = [
    "name",
    "description",
    "expires_in",
    "expires_on",
    "scopes",
    "permission_registry",
    "allowed_networks",
    "form_key",
]
EDIT_FIELDS = ["name", "description", "scopes", "permission_registry", "allowed_networks", "version"]
SELECTED = {"scopes": "selected", "permission_registry": "read"}
PAST = {"expires_in": "custom", "expires_on": "2020-01-01"}


@pytest.fixture
def token(make_token: MakeToken, resources: list[str]) -> AccessToken:
    return make_token(name="ci", scopes=["registry:read"])[0]


def is_whole(answer: Any) -> bool:
    """Whether the page came to its end, and no markup that was typed is in it."""
    text = answer.content.decode()
    return "</main>" in text and "<script>alert" not in text and '" onfocus="' not in text


@pytest.mark.parametrize("field", NEW_FIELDS)
def test_create_token_with_odd_input_beside_a_wrong_one_makes_nothing_and_keeps_the_rest(
    alices: Client, resources: list[str], field: str
) -> None:
    typed = new_fields(name="kept", description="kept too", **SELECTED, **PAST)
    for odd in ODD:
        answer = alices.post(NEW, typed | {field: odd})
        form = Page(answer).form(NEW)
        assert answer.status_code == 422, odd
        assert is_whole(answer), odd
        assert field == "name" or form["name"] == ["kept"], odd
        assert field == "description" or form["description"] == ["kept too"], odd
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("field", NEW_FIELDS)
def test_create_token_with_odd_input_alone_is_made_or_refused_but_never_breaks(
    alices: Client, resources: list[str], field: str
) -> None:
    for number, odd in enumerate(ODD):
        AccessToken.objects.all().delete()
        answer = alices.post(NEW, new_fields(**SELECTED | {"form_key": f"key {number}", field: odd}))
        assert answer.status_code in (200, 422), odd
        assert is_whole(answer), odd
        assert AccessToken.objects.exists() == (answer.status_code == 200), odd


@pytest.mark.parametrize("field", EDIT_FIELDS)
def test_edit_token_with_odd_input_is_done_or_refused_but_never_breaks(
    alices: Client, token: AccessToken, field: str
) -> None:
    for odd in ODD:
        before = made()
        answer = alices.post(address("edit", token), edit_fields(before, **SELECTED | {field: odd}))
        assert answer.status_code in (302, 409, 422), odd
        if answer.status_code != 302:
            assert is_whole(answer), odd
            assert made().updated_at == before.updated_at, odd


@pytest.mark.parametrize("field", ["expires_in", "expires_on", "replaces"])
def test_regenerate_token_with_odd_input_is_refused(
    alices: Client, make_token: MakeToken, judge: Judge, field: str
) -> None:
    token, secret = make_token()
    for odd in ODD:
        answer = alices.post(address("regenerate", token), regenerate_fields(token, **PAST) | {field: odd})
        assert answer.status_code == 422, odd
        assert is_whole(answer), odd
    assert judge(secret) is Outcome.GOOD


@pytest.mark.parametrize("field", ["expires_in", "expires_on", "scopes", "permission_registry"])
def test_summary_with_odd_input_is_a_sentence(alices: Client, resources: list[str], field: str) -> None:
    for odd in ODD:
        typed = {"expires_in": "custom", "scopes": "selected"} | {field: odd}
        answer = alices.get(NEW, typed, headers=htmx(NEW, target="summary"))
        assert answer.status_code == 200, odd
        assert "<" not in answer.content.decode(), odd


# --- Which sentence says it ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("name", "", "Give the token a name."),
        ("name", "   ", "Give the token a name."),
        ("name", "\u200d\ufe0f", "Give the token a name."),
        ("name", "x" * 65, "Use at most 64 characters; this has 65."),
        ("name", "x" * 10_000, "Use at most 64 characters; this has 10000."),
        ("name", "a\nb", "Take out the invisible character U+000A."),
        ("name", "ab\u202e", "Take out the invisible character U+202E."),
        ("name", "a\u2028b", "Take out the invisible character U+2028."),
        ("name", "a\0b", "Null characters are not allowed."),
        ("description", "x" * 201, "Use at most 200 characters; this has 201."),
        ("description", "a\u2066b", "Take out the invisible character U+2066."),
        ("description", "a\0b", "Null characters are not allowed."),
        ("allowed_networks", "10.0.0.5/8", "“10.0.0.5/8” is not a network. Did you mean 10.0.0.0/8?"),
        ("allowed_networks", "localhost", "“localhost” is not a network. Write a range such as 203.0.113.0/24"),
        ("allowed_networks", "10.0.0.0/8\n10.0.0.0/33", "“10.0.0.0/33” is not a network."),
        ("allowed_networks", "\n".join(f"10.0.{n}.0/24" for n in range(51)), "Give at most 50 networks."),
        ("allowed_networks", "fe80::1%eth0", "“fe80::1%eth0” is not a network."),
        ("allowed_networks", "2001:db8::%" + "x" * 10_000, "is not a network."),
    ],
)
def test_field_with_bad_input_says_what_is_wrong_and_keeps_it(
    alices: Client, field: str, text: str, message: str
) -> None:
    answer = alices.post(NEW, new_fields(**{field: text}))
    assert answer.status_code == 422
    assert message in Page(answer).words
    assert Page(answer).form(NEW)[field][0].replace("\0", "") == text.replace("\0", "")
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "x" * 64),
        ("name", "👩‍👩‍👧‍👦"),
        ("name", "名前"),
        ("name", "<b>&amp;"),
        ("name", "שלום"),
        ("description", "y" * 200),
        ("description", "<script>alert(1)</script>"),
        ("allowed_networks", "\n".join(f"10.0.{n}.0/24" for n in range(50))),
    ],
)
def test_field_with_unusual_but_good_input_is_taken_as_it_is(alices: Client, field: str, text: str) -> None:
    answer = alices.post(NEW, new_fields(**{field: text}))
    secret_in(answer)
    assert is_whole(answer)
    kept = getattr(made(), field)
    assert (kept if isinstance(kept, str) else "\n".join(sorted(kept))) == "\n".join(sorted(text.split("\n")))


def test_form_with_several_faults_says_all_of_them_at_once(alices: Client) -> None:
    typed = new_fields(name="", description="x" * 201, expires_in="8", scopes="x", allowed_networks="x")
    words = Page(alices.post(NEW, typed)).words
    for message in (
        "Please check these:",
        "Give the token a name.",
        "Use at most 200 characters",
        "Choose one of the offered expirations.",
        "There is no such permission.",
        "“x” is not a network.",
    ):
        assert message in words


def test_form_with_very_many_scopes_is_refused(alices: Client) -> None:
    # A form for a page that must not take longer than its length: looked at pair by pair they would take an hour.
    many = " ".join(f"r{number}:read" for number in range(70_000))
    answer = alices.post(NEW, new_fields(scopes=many))
    assert answer.status_code == 422
    assert is_whole(answer)


def test_field_with_an_error_points_at_it(alices: Client) -> None:
    text = alices.post(NEW, new_fields(name="")).content.decode()
    assert 'aria-invalid="true"' in text
    assert 'id="id_name_error"' in text


# --- Secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("field", [*NEW_FIELDS, "other"])
def test_create_token_with_a_secret_in_any_field_is_refused_and_never_repeats_it(
    alices: Client, make_token: MakeToken, resources: list[str], field: str
) -> None:
    _, secret = make_token(name="mine")
    typed = new_fields(description="kept", **SELECTED)
    for wrapped in ("{}", " {} ", "export T={};", "{0}\n{0}", "x{}x", "{}" + "y" * 10_000):
        answer = alices.post(NEW, typed | {field: wrapped.format(secret)})
        assert answer.status_code == 422
        assert IS_SECRET in Page(answer).words
        assert secret[10:] not in answer.content.decode() + kept_in_sessions()
        assert field == "description" or Page(answer).form(NEW)["description"] == ["kept"]
    assert made().name == "mine"


@pytest.mark.parametrize("field", [*EDIT_FIELDS, "other"])
@pytest.mark.parametrize("headers", [{}, htmx()])
def test_edit_token_with_a_secret_in_any_field_is_refused_and_never_repeats_it(
    alices: Client, token: AccessToken, field: str, headers: dict[str, str]
) -> None:
    typed = edit_fields(token, **SELECTED) | {field: f"x {NOBODYS_SECRET}"}
    answer = alices.post(address("edit", token), typed, headers=headers)
    assert answer.status_code == 422
    assert IS_SECRET in Page(answer).words
    assert NOBODYS_SECRET[10:] not in answer.content.decode() + kept_in_sessions()
    assert made().updated_at == token.updated_at


@pytest.mark.parametrize("field", ["expires_in", "expires_on", "replaces", "other"])
def test_regenerate_token_with_a_secret_in_any_field_is_refused_and_never_repeats_it(
    alices: Client, token: AccessToken, field: str
) -> None:
    typed = regenerate_fields(token) | {field: NOBODYS_SECRET}
    answer = alices.post(address("regenerate", token), typed)
    assert answer.status_code == 422
    assert IS_SECRET in Page(answer).words
    assert NOBODYS_SECRET[10:] not in answer.content.decode()


@pytest.mark.parametrize("act", ["delete", "disable", "enable", "dismiss"])
def test_act_with_a_secret_sent_along_never_repeats_it(alices: Client, token: AccessToken, act: str) -> None:
    answer = alices.post(address(act, token), {"x": NOBODYS_SECRET, NOBODYS_SECRET: "1"}, follow=True)
    assert NOBODYS_SECRET[10:] not in answer.content.decode() + kept_in_sessions()


@pytest.mark.parametrize("act", ["detail", "edit", "regenerate", "delete", "disable", "enable", "dismiss"])
def test_page_of_an_act_with_a_secret_in_its_address_never_repeats_it(
    alices: Client, token: AccessToken, act: str
) -> None:
    answer = alices.get(address(act, token), {"q": NOBODYS_SECRET, "name": NOBODYS_SECRET})
    assert NOBODYS_SECRET[10:] not in answer.content.decode()


def test_create_token_with_what_only_looks_like_a_secret_is_made(alices: Client) -> None:
    almost = NOBODYS_SECRET[:-1] + "y"
    secret_in(alices.post(NEW, new_fields(name=almost)))
    assert made().name == almost


def test_create_token_with_two_secrets_says_so_at_each_field(alices: Client) -> None:
    answer = alices.post(NEW, new_fields(name=NOBODYS_SECRET, description=NOBODYS_SECRET))
    assert Page(answer).words.count(IS_SECRET) == 2
    assert "Give the token a name." not in Page(answer).words


# --- Bodies that no form sends ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "application/x-www-form-urlencoded"),
        ('{"name": "x"}', "application/json"),
        ("name=x", "text/plain"),
        ("%00=%00&name=%ff%fe", "application/x-www-form-urlencoded"),
        ("--x\r\n", "multipart/form-data; boundary=x"),
        ("name=a&name=b", "application/x-www-form-urlencoded"),
    ],
)
def test_create_token_from_a_body_that_no_form_sends_is_refused(alices: Client, body: str, kind: str) -> None:
    answer = alices.post(NEW, body, content_type=kind)
    assert answer.status_code == 422
    assert not AccessToken.objects.exists()


def test_create_token_from_a_body_of_too_many_fields_is_refused(alices: Client) -> None:
    body = "&".join(f"x{n}=" for n in range(2000))
    assert alices.post(NEW, body, content_type="application/x-www-form-urlencoded").status_code == 400
    assert not AccessToken.objects.exists()
