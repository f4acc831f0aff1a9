"""Forms as OAuth clients send them, and what is no form."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.gateway.oauth import InvalidRequest, at_most_one, one, parse_form

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", "Application/X-WWW-Form-URLEncoded ;x=y"])
def test_parse_form_of_each_spelling_of_the_type_reads_the_fields(content_type: str) -> None:
    assert parse_form(content_type, b"token=a%20b&x=1&x=2") == {"token": ["a b"], "x": ["1", "2"]}


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "multipart/form-data", f"x{FORM}"])
def test_parse_form_of_another_type_is_none(content_type: str) -> None:
    assert parse_form(content_type, b"token=a") is None


def test_parse_form_leaves_fields_without_a_value_out() -> None:
    assert parse_form(FORM, b"token=&x&y=1") == {"y": ["1"]}


@given(st.binary())
def test_parse_form_of_any_bytes_is_a_form_or_none(body: bytes) -> None:
    form = parse_form(FORM, body)
    assert form is None or all(values for values in form.values())


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=20))
def test_parse_form_reads_back_what_was_sent(fields: dict[str, str]) -> None:
    assert parse_form(FORM, urlencode(fields).encode()) == {name: [value] for name, value in fields.items()}


def test_one_of_a_field_that_is_there_once_is_its_value() -> None:
    assert one({"token": ["a"]}, "token") == at_most_one({"token": ["a"]}, "token") == "a"


@pytest.mark.parametrize("form", [None, {}, {"token": ["a", "a"]}])
def test_one_of_another_number_is_refused(form: dict[str, list[str]] | None) -> None:
    with pytest.raises(InvalidRequest, match="token"):
        one(form, "token")


def test_at_most_one_of_a_field_that_is_left_out_is_empty() -> None:
    assert at_most_one(None, "client_ip") == at_most_one({}, "client_ip") == ""
