"""The environment, read once. Nothing else in the project looks at it.

Every name may be given as ``NAME`` or as ``NAME_FILE``, the path of a file that holds the value
(the convention of container secrets), which goes before ``NAME``. A value that can't be used ends the
program with one line that says what to set: a server that guesses is worse than one that does not start.
"""

import ipaddress
import os
import re
import secrets
import stat
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ
from django.http.request import validate_host
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parent.parent

# Variables of .env never override the real environment.
environ.Env.read_env(BASE_DIR / ".env")
# The mapping and not environ.Env, which takes a value that begins with $ for the name of another one.
_values = FileAwareMapping(cache=False)

_LOCAL_HOSTS = ["localhost", "127.0.0.1"]
_MIN_KEY_LENGTH = 32
# What Django compares a request's host with: a name or an address, .example.org for all below it, or *.
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")


def refuse(reason: str) -> NoReturn:
    """End the program with one line on standard error and exit code 1."""
    raise SystemExit(f"Token Portal can't start: {reason}")


def text(name: str, default: str = "") -> str:
    """The value without the space around it; an empty one is none."""
    try:
        return str(_values.get(name, "")).strip() or default
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"the file that {name}_FILE names can't be read ({getattr(error, 'strerror', 'not UTF-8')}).")


def flag(name: str, *, default: bool) -> bool:
    raw = text(name).lower()
    if raw in ("1", "true", "yes", "on"):
        return True
    if raw in ("0", "false", "no", "off"):
        return False
    return default if raw == "" else refuse(f"{name} must be on or off, not {raw!r}.")


def number(name: str, *, default: int, least: int, most: int) -> int:
    raw = text(name, str(default))
    if raw.isascii() and raw.isdigit() and least <= int(raw) <= most:
        return int(raw)
    refuse(f"{name} must be a whole number from {least} to {most}.")


def words(name: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text(name)) if word]


def networks(name: str, *, default: str = "") -> tuple[str, ...]:
    """CIDR ranges, separated by commas or spaces."""
    ranges = words(name) or default.split()
    for entry in ranges:
        try:
            ipaddress.ip_network(entry)
        except ValueError as error:
            refuse(f"{name} holds {entry!r}, which is no CIDR range ({error}).")
    return tuple(ranges)


def data_dir(*, create: bool) -> Path:
    """The folder of the embedded defaults; refused when other accounts of the machine can read it."""
    path = Path(text("DATA_DIR") or BASE_DIR / "var").resolve()
    if create:
        os.umask(0o077)  # database, journal and broker files are made 0600 by whoever makes them
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            refuse(f"DATA_DIR ({path}) can't be made ({error.strerror}).")
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        mend = f"Choose a folder of its own, or, if this one is the portal's alone, run: chmod 700 {path}"
        refuse(f"others can read DATA_DIR ({path}). {mend}")
    return path


def _made_once(path: Path) -> str:
    """The value kept in `path`, made at random when it is not there yet."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value := secrets.token_urlsafe(48))
    return value


def secret_key(*, debug: bool, folder: Path) -> str:
    value = text("SECRET_KEY") or (_made_once(folder / "secret_key") if debug else "")
    if value and len(value) < _MIN_KEY_LENGTH:
        refuse(f"SECRET_KEY must have at least {_MIN_KEY_LENGTH} characters.")
    return value


def peppers(*, debug: bool, folder: Path) -> dict[int, bytes]:
    """The live peppers by number, the one that makes new digests first.

    ``TOKEN_PEPPERS=2:<32+ characters>,1:<32+ characters>``.
    """
    raw = text("TOKEN_PEPPERS")
    if not raw and debug:
        raw = f"1:{_made_once(folder / 'token_pepper')}"
    found: dict[int, bytes] = {}
    for entry in filter(None, (part.strip() for part in raw.split(","))):
        number_text, _, value = entry.partition(":")
        if not re.fullmatch(r"[1-9][0-9]{0,3}", number_text) or len(value) < _MIN_KEY_LENGTH:
            # The entry itself stays out of the message: it is a secret.
            refuse("TOKEN_PEPPERS must read 2:<32 or more random characters>,1:<...>, with numbers from 1 to 9999.")
        if int(number_text) in found:
            refuse(f"TOKEN_PEPPERS gives number {number_text} twice.")
        found[int(number_text)] = value.encode()
    return found


def token_prefixes() -> tuple[str, ...]:
    prefixes = tuple(words("TOKEN_PREFIX")) or ("tp_",)
    for prefix in prefixes:
        if not re.fullmatch(r"[A-Za-z0-9_]{1,20}", prefix):
            refuse("TOKEN_PREFIX takes 1 to 20 letters, digits and underscores, several separated by commas.")
    return prefixes


def allowed_hosts(*, debug: bool) -> list[str]:
    hosts = words("ALLOWED_HOSTS")
    for host in hosts:
        if not _HOST.fullmatch(host):
            refuse(f"ALLOWED_HOSTS takes names such as tokens.example.org, without https:// and a port, not {host!r}.")
    return hosts or (list(_LOCAL_HOSTS) if debug else [])


def base_url(*, debug: bool, hosts: list[str]) -> str:
    """The portal's own address, without a path or a slash at its end."""
    default = f"http://localhost:{number('PORT', default=8000, least=1, most=65535)}" if debug else ""
    if not default and hosts and not hosts[0].startswith((".", "*")):
        default = f"https://{hosts[0]}"
    url = text("BASE_URL", default).rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query):
        refuse("BASE_URL must be http(s)://host[:port], without a path.")
    if url and hosts and not validate_host(parts.hostname or "", hosts):
        refuse(f"ALLOWED_HOSTS lacks {parts.hostname}, the host of BASE_URL, to which all links lead.")
    return url


def database() -> dict[str, Any]:
    """DATABASE_URL as Django takes it; empty without one."""
    url = _server("DATABASE_URL", "postgres://user:password@host/name", "postgres", "postgresql", "sqlite")
    return _parsed("DATABASE_URL", environ.Env.db_url_config, url) if url else {}


def redis_url() -> str:
    return _server("REDIS_URL", "redis://host:6379/0", "redis", "rediss", "unix")


def email() -> dict[str, Any]:
    """EMAIL_URL as settings of Django's; empty without one."""
    url = _server("EMAIL_URL", "smtp+tls://user:password@host:587", *environ.Env.EMAIL_SCHEMES)
    found = _parsed("EMAIL_URL", environ.Env.email_url_config, url) if url else {}
    if url.startswith("smtp") and not found["EMAIL_HOST"]:
        refuse("EMAIL_URL names no host. It must read like smtp+tls://user:password@host:587.")
    return found


def _server(name: str, example: str, *schemes: str) -> str:
    """The address of a server, of which nothing is repeated: it holds a password."""
    url = text(name)
    if url and url.partition("://")[0] not in schemes:
        refuse(f"{name} must read like {example}.")
    return url


def _parsed(name: str, parse: Callable[[str], dict[str, Any]], url: str) -> dict[str, Any]:
    try:
        return parse(url)
    except ValueError:
        refuse(f"{name} can't be read. Percent-encode special characters in the user's name and password.")


def sender(default: str) -> str:
    """EMAIL_FROM: `name@host`, or `Name <name@host>`."""
    value = text("EMAIL_FROM", default)
    return value if "@" in parseaddr(value)[1] else refuse("EMAIL_FROM must read like Token Portal <name@host>.")


def choice(name: str, *choices: str, default: str) -> str:
    value = text(name, default)
    return value if value in choices else refuse(f"{name} must be one of: {', '.join(choices)}.")


def address(name: str) -> str:
    """What a link may point at: nothing, a web page, or a mailbox."""
    value = text(name)
    if value and not value.startswith(("https://", "http://", "mailto:")):
        refuse(f"{name} must begin with https://, http:// or mailto:.")
    return value


def require(**values: object) -> None:
    """Refuse to start while one of the named settings has no value."""
    missing = [name for name, value in values.items() if not value]
    if missing:
        refuse(f"set {', '.join(missing)} (see .env.example), or DEBUG=1 on your own machine.")
