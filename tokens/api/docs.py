"""The description of the API for people, from the same source, on a page of our own."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tokens.api.answers import CODES
from tokens.api.openapi import description

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    method: str
    path: str
    summary: str
    description: str
    needs: str
    fields: list[Field]
    answers: list[Answer]
    curl: str
    example: str


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    codes = [{"code": code, "status": status, "meaning": meaning} for code, (status, meaning) in CODES.items()]
    context = {"calls": calls(), "codes": codes, "limit": settings.API_CALLS_PER_MINUTE, "base_url": settings.BASE_URL}
    return render(request, "api/docs.html", context)


@lru_cache(maxsize=1)
def calls() -> list[Call]:
    return [
        _call(path, method, operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]


def _call(path: str, method: str, operation: JSON) -> Call:
    body = _first_content(operation.get("requestBody", {}))
    answered = _first_content(next(iter(operation["responses"].values())))
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        needs=", ".join(operation["security"][0]["bearer"]),
        fields=[*map(_parameter, operation["parameters"]), *_body_fields(body)],
        answers=[Answer(status, answer["description"]) for status, answer in operation["responses"].items()],
        curl=_curl(path, method, body),
        example=_pretty(answered),
    )


def _first_content(part: JSON) -> JSON:
    """What is sent or answered; empty where there is nothing."""
    return next(iter(part.get("content", {}).values()), {})


def _parameter(parameter: JSON) -> Field:
    text = parameter.get("description", "")
    return Field(parameter["name"], f"{parameter['in']}, {_kind(parameter['schema'])}", text, parameter["required"])


def _body_fields(body: JSON) -> list[Field]:
    if not body:
        return []
    schema = description()["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
    required = schema.get("required", ())
    return [
        Field(name, f"body, {_kind(field)}", field.get("description", ""), name in required)
        for name, field in schema["properties"].items()
    ]


def _kind(schema: JSON) -> str:
    """What may stand there, in a few words."""
    if "anyOf" in schema:
        return _kind(schema["anyOf"][0])
    if "$ref" in schema:
        return _kind(description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}s"
    return str(schema.get("format", schema["type"]))


def _curl(path: str, method: str, body: JSON) -> str:
    """A line for a shell in which TOKENPORTAL_TOKEN is set."""
    address = settings.BASE_URL + path.replace("{token_id}", "12").replace("{secret_id}", "30")
    verb = "" if method == "get" else f" -X {method.upper()}"
    line = f'curl{verb} -H "Authorization: Bearer $TOKENPORTAL_TOKEN" {address}'
    sent = json.dumps(body["example"]) if body else ""
    return f"{line} \\\n  -H 'Content-Type: application/json' -d '{sent}'" if body else line


def _pretty(answered: JSON) -> str:
    return json.dumps(answered["example"], indent=2, ensure_ascii=False) if answered else ""
