"""One settings file for every place; what differs comes from the environment (see env.py)."""

from email.utils import formataddr
from functools import partial
from urllib.parse import urlsplit

import structlog

from tokenportal import env, logs
from tokens.secret_format import holds_secret

BASE_DIR = env.BASE_DIR

# --- What the environment decides -------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
DATABASE = env.database()
REDIS_URL = env.redis_url()
# Under DEBUG the keys live there too; elsewhere it holds the database and the broker of who has no servers.
DATA_DIR = env.data_dir(create=DEBUG or not (DATABASE and REDIS_URL))
SECRET_KEY = env.secret_key(debug=DEBUG, folder=DATA_DIR)
TOKEN_PEPPERS = env.peppers(debug=DEBUG, folder=DATA_DIR)
TOKEN_PREFIXES = env.token_prefixes()
ALLOWED_HOSTS = env.allowed_hosts(debug=DEBUG)
BASE_URL = env.base_url(debug=DEBUG, hosts=ALLOWED_HOSTS)
env.require(SECRET_KEY=SECRET_KEY, TOKEN_PEPPERS=TOKEN_PEPPERS, ALLOWED_HOSTS=ALLOWED_HOSTS)
env.require(BASE_URL=BASE_URL)  # only once there are hosts, the first of which is its default
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
SIGNUP_OPEN = env.choice("SIGNUP", "open", "closed", default="open" if DEBUG else "closed") == "open"
SITE_NAME = env.text("SITE_NAME", "Token Portal")
SHOW_BETA = env.flag("SHOW_BETA", default=False)
FEEDBACK_URL = env.address("FEEDBACK_URL")
EMAIL = env.email()

# --- Django -----------------------------------------------------------------------------------

ROOT_URLCONF = "tokenportal.urls"
WSGI_APPLICATION = "tokenportal.wsgi.application"
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "tokens",
    "accounts",
    "allauth",
    "allauth.account",
    "django_htmx",
    "lucide",
    "whitenoise.runserver_nostatic",
    # Without autodiscovery: what other apps register there edits passwords and e-mail addresses.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "tokenportal.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tokenportal.middleware.HostMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tokenportal.context.site",
                "tokens.pages.banner.expiring",
            ],
            "builtins": ["tokenportal.icons"],
            "libraries": {"api_docs": "tokens.api.template_tags", "portal": "tokens.pages.template_tags"},
        },
    }
]

# --- Database ---------------------------------------------------------------------------------

_database = DATABASE or {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "db.sqlite3")}
DATABASES = {"default": _database}
# A new connection for each request costs nine times the request itself.
_database |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _options = {
        # FULL: with NORMAL a power cut may undo a revocation that was already answered.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        # Deferred transactions fail with "database is locked" when they upgrade, whatever the timeout.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    # From the second time on: Django's own migrations send two statements in one, which can't be prepared.
    _options = {"server_side_binding": True, "prepare_threshold": 1}
_database["OPTIONS"] = {**_database.get("OPTIONS", {}), **_options}  # ?sslmode=require stays

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Sign-in limits are counted here: the default of 300 entries could be flushed by a flood.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Jobs -------------------------------------------------------------------------------------

FLAG_INTERVAL = env.number("FLAG_INTERVAL", default=600, least=1, most=86_400)
# How the domain's interfaces reach the worker without knowing who put it together.
WORKER_APP = "tokenportal.celery.app"
CELERY_TASK_IGNORE_RESULT = True
# Of its own, since the server may be shared.
CELERY_TASK_DEFAULT_QUEUE = "tokenportal"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives any failure of its broker
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
# Celery's usual one keeps a file of last runs, which a killed beat leaves broken or locked. Every
# sweep runs at the worker's start, so nothing has to be remembered.
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {
    "flag_expiring": {
        "task": "tokens.tasks.flag_expiring",
        "schedule": FLAG_INTERVAL,
        # One that no worker took in time is not missed: the next finds the same work.
        "options": {"expires": FLAG_INTERVAL},
    },
    # Beside being woken: what failed before, and what a worker left that died.
    "send_notifications": {"task": "tokens.tasks.send_notifications", "schedule": 60, "options": {"expires": 60}},
    "clean_up": {"task": "tokens.tasks.clean_up", "schedule": 3600, "options": {"expires": 3600}},
}
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # A page that wakes the worker waits 3 s at most; the worker itself tries for ever, see above.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 2, "max_retries": 0}
else:
    CELERY_BROKER_URL = "files://localhost"
    CELERY_BROKER_TRANSPORT = "tokenportal.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(DATA_DIR / "broker")}

# --- Security ---------------------------------------------------------------------------------

# Decided by the address that people use, not by DEBUG: a cookie marked secure is lost over http.
_https = urlsplit(BASE_URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _https
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _https else "csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "tokenportal.errors.csrf_failure"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # other hosts of the domain are not ours to decide about
# Services ask over the internal network, and a proxy's subrequest can't follow a redirect.
SECURE_REDIRECT_EXEMPT = [r"^auth/verify$", r"^oauth/", r"^\.well-known/", r"^api/v1/leaks$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The middleware believes X-Forwarded-Proto from trusted proxies only, and then sets this itself.
SECURE_PROXY_SSL_HEADER = ("tokenportal.forwarded_proto", "https")
# Services and programs call these, with tokens.
PATHS_WITHOUT_SESSION = ("/auth/", "/api/", "/oauth/", "/.well-known/")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DEFAULT_EXCEPTION_REPORTER = "tokenportal.errors.ScrubbingExceptionReporter"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # e-mail is unique among people by a conditional constraint (service accounts may share one)
    "security.W005",  # HSTS for subdomains: see SECURE_HSTS_INCLUDE_SUBDOMAINS
    "security.W021",  # preloading concerns the whole domain, likewise
]

# --- People -----------------------------------------------------------------------------------

# What accounts, which know nothing of tokens, ask before they keep a text.
HOLDS_SECRET = partial(holds_secret, prefixes=TOKEN_PREFIXES)
# Whom their audit log hands each event, in the transaction that wrote it.
AFTER_EVENT = "tokens.domain.notices.notify_of"
# How long a check of who it is counts, in minutes: a rule that administrators set, likewise.
RECHECK_MINUTES = "tokens.domain.policy.recheck_minutes"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tokens:list"
ACCOUNT_ADAPTER = "accounts.allauth_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(BASE_URL).scheme
ACCOUNT_EMAIL_NOTIFICATIONS = False  # ours go through the outbox, which forgets none
ACCOUNT_FORMS = {
    "login": "accounts.allauth_forms.SignInForm",
    "signup": "accounts.allauth_forms.SignUpForm",
    "add_email": "accounts.allauth_forms.ChangeEmailForm",
    "change_password": "accounts.allauth_forms.NewPasswordForm",
    "set_password": "accounts.allauth_forms.FirstPasswordForm",
    "reauthenticate": "accounts.allauth_forms.ConfirmForm",
    "reset_password": "accounts.allauth_forms.ResetPasswordByMailForm",
    "reset_password_from_key": "accounts.allauth_forms.ForgottenPasswordForm",
    "user_token": "accounts.allauth_forms.ResetLinkForm",
}
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_RATE_LIMITS = {
    # Both send mail to whatever address is typed: fewer than allauth's 20 and 5 a minute.
    "signup": "10/m/ip,60/h/ip",
    "reset_password": "10/m/ip,60/h/ip,3/15m/key",
}

# --- The API ----------------------------------------------------------------------------------

# Of one token. Far above what scripts need, far below what would trouble the others.
API_CALLS_PER_MINUTE = env.number("API_CALLS_PER_MINUTE", default=600, least=1, most=1_000_000)

# --- Mail -------------------------------------------------------------------------------------

if EMAIL:
    vars().update(EMAIL)
else:
    EMAIL_BACKEND = f"django.core.mail.backends.{'console' if DEBUG else 'dummy'}.EmailBackend"
CAN_MAIL = DEBUG or bool(EMAIL)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.sender(formataddr((SITE_NAME, f"no-reply@{urlsplit(BASE_URL).hostname}")))

# --- Static files -----------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Logging ----------------------------------------------------------------------------------

LOGGING_CONFIG = None
structlog.configure(**logs.structlog_config())
logs.configure(debug=DEBUG)
