"""Where OAuth clients find what (RFC 8414), though no grant is issued here."""

from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tokens import scopes
from tokens.domain.resources import registered_scopes
from tokens.gateway.oauth import as_json
from tokens.presenting import Answer, method_not_allowed, to_response, unavailable

log = structlog.get_logger(__name__)


@csrf_exempt  # so that another method is told that it is one
def oauth_metadata(request: HttpRequest) -> HttpResponse:
    return to_response(answer() if request.method in ("GET", "HEAD") else method_not_allowed("GET", "HEAD"))


def answer() -> Answer:
    """503 without a database, as everywhere but at `/oauth/`."""
    try:
        return as_json(_metadata())
    except DatabaseError:
        log.exception("metadata not read")
        return unavailable("The metadata can't be read now.")


def _metadata() -> dict[str, Any]:
    return {
        "issuer": settings.BASE_URL,
        "introspection_endpoint": f"{settings.BASE_URL}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["Bearer", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint": f"{settings.BASE_URL}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "response_types_supported": ["none"],
        "scopes_supported": [scopes.FULL, scopes.INTROSPECT, *registered_scopes()],
    }
