"""The JSON API of owners' programs."""

from ninja import NinjaAPI

from tokens.api.auth import RefusedCredentials, TokenAuth, answer_refused
from tokens.api.user import router

# No pages of ninja's own: they load their scripts from elsewhere.
api = NinjaAPI(title="Token Portal", version="1", docs_url=None, openapi_url=None, urls_namespace="api")
api.add_router("", router, auth=TokenAuth())
api.add_exception_handler(RefusedCredentials, answer_refused)
