"""The calls of the API, all of them."""

from ninja import NinjaAPI
from ninja.operation import Operation

from tokens.api import activity, rotation, tokens, user
from tokens.api.json_input import StrictParser
from tokens.api.problems import add_handlers


class PortalAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


# No pages of ninja's own: they load their scripts from elsewhere.
api = PortalAPI(
    title="Token Portal", version="1", docs_url=None, openapi_url=None, urls_namespace="api", parser=StrictParser()
)
for router in (user.router, tokens.router, rotation.router, rotation.current, activity.router):
    api.add_router("", router)
add_handlers(api)
