"""The application that the web server runs: `granian --interface wsgi tokenportal.wsgi:application`."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokenportal.settings")

_django = get_wsgi_application()

from tokens.domain import flusher  # noqa: E402  # rows come after the settings


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    flusher.ensure_started()
    return _django(environ, start_response)
