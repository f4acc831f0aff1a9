"""The application that the web server runs: `granian --interface wsgi tokenportal.wsgi:application`."""

import gc
import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokenportal.settings")

_django = get_wsgi_application()

# What follows needs the settings.
from tokenportal.middleware import note_request, read_caller  # noqa: E402
from tokens.bodies import measure  # noqa: E402
from tokens.domain import flusher  # noqa: E402
from tokens.gateway.wsgi_middleware import VerifyMiddleware  # noqa: E402


def _measuring(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Django, and what programs send in chunks; forms of browsers always have their length."""
    if environ["PATH_INFO"].startswith(settings.PATHS_WITHOUT_SESSION):
        measure(environ)
    return _django(environ, start_response)


verifying = VerifyMiddleware(_measuring, read_caller=read_caller, log_request=note_request)

# What the first page would load is loaded now, and what stands after the start stays: the garbage collector
# need not go through it again and again, which stopped every request for 10 ms.
get_resolver().url_patterns  # noqa: B018  # imports the pages
gc.collect()
gc.freeze()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    flusher.ensure_started()
    return verifying(environ, start_response)
