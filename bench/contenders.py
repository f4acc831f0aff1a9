"""Who is measured: a WSGI application, and what it is asked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """`secrets` names the file of those that are presented; with `form` they are asked about instead."""

    name: str
    application: str
    path: str = "/"
    secrets: str = "portal"
    scheme: str = "Bearer"
    form: str = ""
    settings: str = "bench.peers_settings"


PORTAL = "tokenportal.settings"
WSGI = Contender("bare WSGI callable", "bench.bare:wsgi", settings="")
DJANGO = Contender("bare Django view", "bench.bare:django", settings="")
VERIFY = Contender(
    "Token Portal, /auth/verify",
    "tokenportal.wsgi:application",
    "/auth/verify?scope=deployments:read",
    settings=PORTAL,
)
UNWRITTEN = Contender("the same, last use not written", "bench.unwritten:application", VERIFY.path, settings=PORTAL)
DRF = Contender("REST framework, TokenAuthentication", "bench.peers:application", "/drf", "drf", "Token")
KNOX = Contender("django-rest-knox", "bench.peers:application", "/knox", "knox", "Token")
API_KEY = Contender("djangorestframework-api-key", "bench.peers:application", "/api-key", "api-key", "Api-Key")
INTROSPECT = Contender(
    "Token Portal, /oauth/introspect",
    "tokenportal.wsgi:application",
    "/oauth/introspect",
    form="token=",
    settings=PORTAL,
)
TOOLKIT = Contender(
    "django-oauth-toolkit, introspection", "bench.peers:application", "/o/introspect/", "dot", form="token="
)

ON_POSTGRES = [WSGI, DJANGO, VERIFY, UNWRITTEN, DRF, KNOX, API_KEY, INTROSPECT, TOOLKIT]
ON_SQLITE = [DJANGO, VERIFY]
