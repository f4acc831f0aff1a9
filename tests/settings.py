"""The settings of the tests: those of the product, in an environment of their own.

Nothing comes from the developer's shell or .env but the servers to run against, DATABASE_URL and
REDIS_URL.
"""

import os
import tempfile
from pathlib import Path
from unittest import mock

import environ

_data_dir = tempfile.TemporaryDirectory(prefix="tokenportal-tests-")  # goes with the process

os.environ.setdefault("DATABASE_URL", "")
os.environ.setdefault("REDIS_URL", "")
os.environ |= {
    "DEBUG": "off",
    "SECRET_KEY": "a-key-that-opens-nothing-outside-the-tests",
    "TOKEN_PEPPERS": "2:the-newer-pepper-of-the-tests-and-no-other,1:the-older-pepper-of-the-tests-and-no-other",
    "ALLOWED_HOSTS": "testserver,localhost",
    "BASE_URL": "http://localhost:8000",
    "DATA_DIR": _data_dir.name,
    "EMAIL_FROM": "Token Portal <no-reply@localhost>",
    "EMAIL_URL": "memorymail://",
    "SIGNUP": "closed",
    "SITE_NAME": "Token Portal",
    "TOKEN_PREFIX": "tp_",
    "TRUSTED_PROXIES": "",
}
with mock.patch.object(environ.Env, "read_env"):  # the developer's .env stays out
    from tokenportal.settings import *  # noqa: F403  # every setting, under its own name
    from tokenportal.settings import DATABASES, STORAGES

if not os.environ["DATABASE_URL"]:
    # A file as in production: an in-memory database would be one connection for every thread.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_data_dir.name, "test.sqlite3"))}
# Tests that run side by side would count together there; those of Redis itself set it again.
REDIS_URL = ""
PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
# Nothing is collected, so there is no manifest to look files up in.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
