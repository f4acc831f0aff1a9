"""A token on the wire: what an Authorization header holds, and what a refusal says."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.conftest import NOBODYS_SECRET as SECRET
from tokens.domain.verification import Outcome, Verdict
from tokens.networks import CallerAddress
from tokens.presenting import (
    Credentials,
    Presented,
    bearer,
    describe,
    nothing_presented,
    presented_twice,
    problem,
    read_credentials,
    refusal,
    rfc3339,
)

REFUSALS = [outcome for outcome in Outcome if outcome is not Outcome.GOOD]


def basic(credentials: str | bytes) -> str:
    return "Basic " + b64encode(credentials if isinstance(credentials, bytes) else credentials.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {SECRET}",
        f"bearer {SECRET}",
        f"BEARER {SECRET}",
        f"  Bearer   {SECRET}  ",
        basic(f"ada:{SECRET}"),
        basic(f"ada@example.com:{SECRET}"),
        basic(f":{SECRET}"),
        basic(f"{SECRET}:"),
        basic(SECRET),
        basic(f"zoë:{SECRET}"),
        basic(f"zoë:{SECRET}".encode("latin-1")),
        basic(b"\xff\x00\xfe:" + SECRET.encode()),
        basic(f"{'x' * 254}:{SECRET}"),
        basic(f"ada:{SECRET}").replace("Basic", "bAsIc"),
    ],
)
def test_read_credentials_of_each_way_finds_the_secret(authorization: str) -> None:
    assert read_credentials(authorization) == SECRET


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "   ",
        SECRET,
        f"Token {SECRET}",
        f"Digest username={SECRET}",
        "Negotiate YIIB",
        f"Bearer:{SECRET}",
        f"Bearer\t{SECRET}",
        f"Bearertoken {SECRET}",
        "Digest a=1, nonce=2",
        "\xff\xfe",
        "\0",
    ],
)
def test_read_credentials_of_another_scheme_is_none(authorization: str) -> None:
    assert read_credentials(authorization) is Credentials.NONE


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {SECRET}, Bearer {SECRET}",
        f"Bearer {SECRET},Bearer {SECRET}",
        f"Bearer {SECRET},   bearer {SECRET}",
        f"Bearer {SECRET}, Basic YTpi",
        f"Basic YTpi, Bearer {SECRET}",
        "Basic YTpi,Basic YTpi",
        f"Bearer {SECRET},",
        f",Bearer {SECRET}",
        f"Bearer {SECRET}, Digest a=1",
        f"Digest a=1, Bearer {SECRET}",
        f"Negotiate YIIB,basic YTpi, {SECRET}",
        "Bearer ,",
    ],
)
def test_read_credentials_joined_by_a_comma_is_twice(authorization: str) -> None:
    assert read_credentials(authorization) is Credentials.TWICE


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer \0",
        "Bearer " + "x" * 65_536,
        "Bearer " + SECRET * 20,
        f"Bearer {SECRET} {SECRET}",
        f'Bearer "{SECRET}"',
        "Basic",
        "Basic !",
        "Basic YTpi\0",
        "Basic \xff",
        basic("") + "x",
        basic(f"ada:{SECRET}")[:-1],
        basic(f"ada:{SECRET}é"),
        basic(f"{SECRET}:wrong"),
        basic("x" * 65_536),
        basic(":"),
    ],
)
def test_read_credentials_malformed_is_no_secret(authorization: str) -> None:
    found = read_credentials(authorization)
    assert isinstance(found, str)
    assert found != SECRET


@given(st.text(), st.sampled_from(["", "Bearer ", "Basic ", "basic\t", "Digest "]))
def test_read_credentials_of_anything_never_raises(text: str, scheme: str) -> None:
    assert isinstance(read_credentials(scheme + text), str | Credentials)


@given(st.binary(max_size=300))
def test_read_credentials_of_any_bytes_in_basic_never_raises(data: bytes) -> None:
    assert isinstance(read_credentials(basic(data)), str)


def test_presented_shows_no_secret_in_its_repr() -> None:
    presented = Presented(f"Bearer {SECRET}", f"access_token={SECRET}", "GET", CallerAddress(None))
    assert SECRET[3:] not in repr(presented)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 12, 22, 10, tzinfo=UTC), "2026-12-22T10:00:00Z"),
        (datetime(2026, 12, 22, 10, 0, 0, 999_999, tzinfo=UTC), "2026-12-22T10:00:00Z"),
        (datetime(2026, 12, 22, 0, tzinfo=timezone(timedelta(hours=14))), "2026-12-21T10:00:00Z"),
    ],
)
def test_rfc3339_is_utc_in_whole_seconds(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text


def test_bearer_without_attributes_is_the_realm() -> None:
    assert bearer({}) == 'Bearer realm="tokenportal"'


def test_nothing_presented_has_no_error_code() -> None:
    answer = nothing_presented()
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="tokenportal"')


def test_nothing_presented_to_a_client_of_basic_challenges_so() -> None:
    challenge = nothing_presented(basic=True).headers["WWW-Authenticate"]
    assert challenge == 'Basic realm="tokenportal", charset="UTF-8"'


def test_presented_twice_is_an_invalid_request() -> None:
    answer = presented_twice()
    assert answer.status == 400
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_problem_is_a_document_of_rfc_9457() -> None:
    answer = problem(403, "insufficient_scope", "Why “so”.")
    assert json.loads(answer.body) == {
        "type": "urn:tokenportal:problem:insufficient_scope",
        "title": "Forbidden",
        "status": 403,
        "detail": "Why “so”.",
    }
    assert answer.headers == {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}


@pytest.mark.parametrize("outcome", REFUSALS)
def test_describe_of_any_refusal_fits_a_quoted_string(outcome: Outcome) -> None:
    text = describe(Verdict(outcome, since=datetime(2026, 12, 22, 10, tzinfo=UTC)))
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set('"\\')


@pytest.mark.parametrize("outcome", REFUSALS)
def test_refusal_of_any_kind_is_not_kept(outcome: Outcome) -> None:
    answer = refusal(Verdict(outcome, needed=["a:read"]))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.status == (403 if outcome in (Outcome.WRONG_NETWORK, Outcome.INSUFFICIENT_SCOPE) else 401)


@pytest.mark.parametrize(
    ("needed", "scope"),
    [
        (["deployments:write"], "deployments:write"),
        (["a:read", "b:write"], "a:read b:write"),
        (["~!#[]"], "~!#[]"),
    ],
)
def test_refusal_for_scope_names_what_was_needed(needed: list[str], scope: str) -> None:
    challenge = refusal(Verdict(Outcome.INSUFFICIENT_SCOPE, needed=needed)).headers["WWW-Authenticate"]
    assert challenge == f'Bearer realm="tokenportal", error="insufficient_scope", scope="{scope}"'


@pytest.mark.parametrize(
    "needed", [[], [""], ['a"b'], ["a\\b"], ["a\r\nX-Evil: 1"], ["é"], ["\0"], ["x" * 101], ["x" * 99] * 6, ["ok", '"']]
)
def test_refusal_for_a_scope_that_fits_no_header_describes_it_instead(needed: list[str]) -> None:
    challenge = refusal(Verdict(Outcome.INSUFFICIENT_SCOPE, needed=needed)).headers["WWW-Authenticate"]
    assert challenge == (
        'Bearer realm="tokenportal", error="insufficient_scope", '
        'error_description="The access token does not have the permissions that this needs"'
    )
