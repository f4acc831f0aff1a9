from django.urls import path

from tokens.gateway.forward_auth import auth_verify
from tokens.gateway.introspection import oauth_introspect
from tokens.gateway.leaks import leaks
from tokens.gateway.metadata import oauth_metadata
from tokens.gateway.revocation import oauth_revoke

urlpatterns = [
    path("auth/verify", auth_verify, name="auth_verify"),
    path("oauth/introspect", oauth_introspect, name="oauth_introspect"),
    path("oauth/revoke", oauth_revoke, name="oauth_revoke"),
    path(".well-known/oauth-authorization-server", oauth_metadata, name="oauth_metadata"),
    path("api/v1/leaks", leaks, name="leaks"),
]
