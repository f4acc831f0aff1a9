"""JSON as it must be: what readers might take for different things is refused. And queries."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser


class InvalidJson(ValueError):
    """Says what is wrong, and never repeats what was sent."""


class NotJson(ValueError):
    """The Content-Type says something else."""


class StrictParser(Parser):
    """Asked once the token is accepted, and only where there is a body."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if request.content_type != "application/json" or charset.lower() not in ("utf-8", "utf8"):
            raise NotJson
        value = strict_json(request.body)
        if not isinstance(value, dict):
            raise InvalidJson("Send a JSON object.")
        return value

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """A parameter without a value counts as left out: `?state=&page=2` is what a form sends."""
        found = super().parse_querydict(data, list_fields, request)
        return {name: value for name, value in found.items() if value != ""}


def strict_json(body: bytes) -> Any:
    """RFC 8259, without what it leaves open: names twice, numbers that are none, half characters.

    Raises InvalidJson.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no character, and no database takes it
    except InvalidJson:
        raise
    except UnicodeEncodeError:
        raise InvalidJson("A text holds half of a character (a lone surrogate).") from None
    except UnicodeDecodeError:
        raise InvalidJson("The body is not UTF-8.") from None
    except RecursionError:
        raise InvalidJson("The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise InvalidJson(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    except ValueError:
        raise InvalidJson("A number has too many digits.") from None
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidJson("A field stands twice in one object.")
    return found


def _refuse_constant(_name: str) -> None:
    raise InvalidJson("NaN and Infinity are no numbers in JSON.")
