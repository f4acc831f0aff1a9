"""The JSON API of owners' programs."""

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.urls.resolvers import URLPattern
from ninja import NinjaAPI
from ninja.operation import Operation

from tokens.api import activity, rotation, tokens, user
from tokens.api.envelope import enveloped
from tokens.api.json_input import StrictParser
from tokens.api.problems import add_handlers, not_found


class PortalAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


# No pages of ninja's own: they load their scripts from elsewhere.
api = PortalAPI(
    title="Token Portal", version="1", docs_url=None, openapi_url=None, urls_namespace="api", parser=StrictParser()
)
# `current` before the paths with an id.
for router in (user.router, rotation.current, tokens.router, rotation.router, activity.router):
    api.add_router("", router)
add_handlers(api)


def nothing_here(_request: HttpRequest) -> HttpResponse:
    return not_found()


def _enveloped(pattern: URLPattern) -> URLPattern:
    return URLPattern(pattern.pattern, enveloped(pattern.callback), pattern.default_args, pattern.name)


app_name = "api"
urlpatterns = [
    *(_enveloped(pattern) for pattern in api.urls[0] if isinstance(pattern, URLPattern)),
    # An address that there is not gets the same kind of answer as every other error.
    re_path(r"^.*$", enveloped(nothing_here)),
]
