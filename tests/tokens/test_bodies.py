"""Bodies that come without their length."""

from io import BytesIO
from typing import Any

import pytest

from tests.tokens.conftest import in_chunks
from tokens.bodies import MAX_BODY, is_unmeasured, measure


@pytest.mark.parametrize("body", [b"", b"token=x", b"x" * MAX_BODY])
def test_measure_of_a_body_in_chunks_finds_its_length(body: bytes) -> None:
    environ = in_chunks(body)
    measure(environ)
    assert (environ["CONTENT_LENGTH"], environ["wsgi.input"].read()) == (str(len(body)), body)
    assert not is_unmeasured(environ)


def test_measure_of_a_body_of_http_2_finds_its_length_too() -> None:
    environ = in_chunks(b"token=x")
    del environ["HTTP_TRANSFER_ENCODING"]
    measure(environ)
    assert environ["CONTENT_LENGTH"] == "7"


def test_measure_of_a_body_that_is_too_long_reads_a_byte_more_than_is_taken() -> None:
    endless = BytesIO(b"x" * 2 * MAX_BODY)
    environ = in_chunks(b"", **{"wsgi.input": endless})
    measure(environ)
    assert int(environ["CONTENT_LENGTH"]) == endless.tell() == MAX_BODY + 1


@pytest.mark.parametrize(
    "others",
    [
        {"wsgi.input_terminated": False},
        {"HTTP_TRANSFER_ENCODING": "gzip, chunked"},
        {"HTTP_TRANSFER_ENCODING": "chunked,chunked"},
        {"HTTP_TRANSFER_ENCODING": ""},
    ],
)
def test_measure_of_a_body_that_can_not_be_read_to_its_end_leaves_it(others: dict[str, Any]) -> None:
    environ = in_chunks(b"token=x", **others)
    measure(environ)
    assert "CONTENT_LENGTH" not in environ
    assert environ["wsgi.input"].tell() == 0
    assert is_unmeasured(environ)


def test_measure_of_a_body_with_its_length_leaves_it() -> None:
    environ = in_chunks(b"token=x", CONTENT_LENGTH="5")
    measure(environ)
    assert (environ["CONTENT_LENGTH"], environ["wsgi.input"].tell()) == ("5", 0)
