"""The JSON API of owners' programs."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.urls.resolvers import URLPattern

from tokens.api.calls import api
from tokens.api.docs import docs
from tokens.api.envelope import enveloped
from tokens.api.openapi import openapi
from tokens.api.problems import not_found


def nothing_here(_request: HttpRequest) -> HttpResponse:
    return not_found()


def _enveloped(pattern: URLPattern) -> URLPattern:
    return URLPattern(pattern.pattern, enveloped(pattern.callback), pattern.default_args, pattern.name)


app_name = "api"
urlpatterns = [
    path("openapi.json", enveloped(openapi), name="openapi"),
    path("docs", enveloped(docs), name="docs"),
    *(_enveloped(pattern) for pattern in api.urls[0] if isinstance(pattern, URLPattern)),
    # An address that there is not gets the same kind of answer as every other error.
    re_path(r"^.*$", enveloped(nothing_here)),
]
