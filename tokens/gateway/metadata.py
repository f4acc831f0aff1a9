"""Where OAuth clients find what (RFC 8414), though no grant is issued here."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tokens import scopes
from tokens.domain.resources import registered_scopes
from tokens.gateway.oauth import as_json, safely
from tokens.presenting import Answer, to_response


@require_safe
def oauth_metadata(_request: HttpRequest) -> HttpResponse:
    return to_response(answer())


@safely
def answer() -> Answer:
    return as_json(_metadata())


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
