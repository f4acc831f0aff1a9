"""What the environment may say, and the one line that ends the program when it may not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tokenportal import env

PASSWORD = "hush"


def line(refusal: pytest.ExceptionInfo[SystemExit]) -> str:
    """The one line that the program ends with."""
    text = str(refusal.value)
    assert text.startswith("Token Portal can't start: ")
    assert "\n" not in text
    return text


# --- Any value --------------------------------------------------------------------------------


def test_text_that_is_empty_or_absent_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_NAME", "  ")
    assert env.text("SITE_NAME", "Token Portal") == env.text("NO_SUCH_SETTING", "Token Portal") == "Token Portal"


def test_text_that_begins_with_a_dollar_is_taken_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "$HOME")
    assert env.text("SECRET_KEY") == "$HOME"


def test_text_from_a_file_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert env.text("SECRET_KEY") == "from the file"


def test_text_from_a_file_that_cannot_be_read_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SystemExit) as refusal:
        env.text("SECRET_KEY")
    assert "SECRET_KEY_FILE names can't be read (No such file or directory)" in line(refusal)
    (tmp_path / "none").write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit) as refusal:
        env.text("SECRET_KEY")
    assert "not UTF-8" in line(refusal)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("On", True), ("no", False), ("0", False), ("", True)])
def test_flag_of_words_is_on_or_off(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("SHOW_BETA", value)
    assert env.flag("SHOW_BETA", default=True) == expected


# --- What is refused --------------------------------------------------------------------------

REFUSED = [
    ("SHOW_BETA", "maybe", lambda: env.flag("SHOW_BETA", default=False)),
    ("PORT", "0", lambda: env.number("PORT", default=1, least=1, most=65_535)),
    ("PORT", "٣", lambda: env.number("PORT", default=1, least=1, most=65_535)),
    ("TRUSTED_PROXIES", "10.0.0.5/8", lambda: env.networks("TRUSTED_PROXIES")),
    ("SIGNUP", "ajar", lambda: env.choice("SIGNUP", "open", "closed", default="closed")),
    ("FEEDBACK_URL", "javascript:alert(1)", lambda: env.address("FEEDBACK_URL")),
    ("TOKEN_PREFIX", "no-dash", env.token_prefixes),
    ("ALLOWED_HOSTS", "https://tokens.example.org", lambda: env.allowed_hosts(debug=False)),
    ("ALLOWED_HOSTS", "tokens.example.org:8000", lambda: env.allowed_hosts(debug=False)),
    ("ALLOWED_HOSTS", "localhost tokens.example.org/", lambda: env.allowed_hosts(debug=True)),
    ("BASE_URL", "tokens.example.org", lambda: env.base_url(debug=False, hosts=[])),
    ("BASE_URL", "https://tokens.example.org/path", lambda: env.base_url(debug=False, hosts=[])),
    ("BASE_URL", "https://elsewhere.example.org", lambda: env.base_url(debug=False, hosts=["tokens.example.org"])),
    ("DATABASE_URL", f"mysql://ada:{PASSWORD}@host/name", env.database),
    ("DATABASE_URL", PASSWORD, env.database),
    ("DATABASE_URL", f"postgres://ada:{PASSWORD}@host:port/name", env.database),
    ("REDIS_URL", f"http://:{PASSWORD}@host", env.redis_url),
    ("EMAIL_URL", f"carrier-pigeon://ada:{PASSWORD}@host", env.email),
    ("EMAIL_URL", f"smtp+tls://ada:{PASSWORD}#1@host:587", env.email),
    ("EMAIL_URL", "smtp://", env.email),
    ("EMAIL_URL", f"smtp+tls://ada:{PASSWORD}@:587", env.email),
    ("EMAIL_FROM", "nobody", lambda: env.sender("x@localhost")),
    ("DATA_DIR", "/proc/none", lambda: env.data_dir(create=True)),
    ("SECRET_KEY", PASSWORD, lambda: env.secret_key(debug=False, folder=Path())),
    ("TOKEN_PEPPERS", PASSWORD, lambda: env.peppers(debug=False, folder=Path())),
    ("TOKEN_PEPPERS", f"0:{PASSWORD * 8}", lambda: env.peppers(debug=False, folder=Path())),
    ("TOKEN_PEPPERS", f"1:{PASSWORD * 8},1:{PASSWORD * 8}", lambda: env.peppers(debug=False, folder=Path())),
]


@pytest.mark.parametrize(("name", "value", "read"), REFUSED, ids=[f"{name}={value}" for name, value, _ in REFUSED])
def test_setting_that_cannot_be_used_ends_the_program_with_a_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: Callable[[], object]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as refusal:
        read()
    assert name in line(refusal)
    assert PASSWORD not in line(refusal)


def test_require_names_every_setting_that_has_no_value() -> None:
    with pytest.raises(SystemExit) as refusal:
        env.require(SECRET_KEY="", TOKEN_PEPPERS={}, ALLOWED_HOSTS=["localhost"])
    assert "set SECRET_KEY, TOKEN_PEPPERS (" in line(refusal)


@pytest.mark.parametrize(("hosts", "missing"), [("", "ALLOWED_HOSTS"), (".example.org", "BASE_URL")])
def test_settings_without_a_host_name_ask_for_what_has_no_default_then(hosts: str, missing: str) -> None:
    settings = {"SECRET_KEY": "k" * 32, "TOKEN_PEPPERS": f"1:{'p' * 32}", "ALLOWED_HOSTS": hosts, "BASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", "import tokenportal.settings"],
        cwd=env.BASE_DIR,
        env=os.environ | settings | {"DEBUG": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith(f"Token Portal can't start: set {missing} (")


# --- What is made of it -----------------------------------------------------------------------


def test_database_of_postgres_with_options_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ada:pa%23ss@db.example.org/portal?sslmode=require")
    found = env.database()
    assert (found["PASSWORD"], found["OPTIONS"]) == ("pa#ss", {"sslmode": "require"})


def test_email_to_the_console_needs_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "consolemail://")
    assert env.email()["EMAIL_BACKEND"].endswith("console.EmailBackend")


def test_allowed_hosts_of_names_addresses_and_patterns_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "tokens.example.org, .example.org [::1] 127.0.0.1,*")
    assert env.allowed_hosts(debug=False) == ["tokens.example.org", ".example.org", "[::1]", "127.0.0.1", "*"]


def test_base_url_without_a_value_is_the_first_host_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "")
    assert env.base_url(debug=False, hosts=["tokens.example.org"]) == "https://tokens.example.org"
    assert env.base_url(debug=False, hosts=[".example.org"]) == ""


def test_peppers_of_several_keep_the_order_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_PEPPERS", f"2:{'b' * 32}, 1:{'a' * 32}")
    assert list(env.peppers(debug=False, folder=Path()).items()) == [(2, b"b" * 32), (1, b"a" * 32)]


def test_keys_under_debug_are_made_once_for_the_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    key = env.secret_key(debug=True, folder=tmp_path)
    assert env.secret_key(debug=True, folder=tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert env.secret_key(debug=False, folder=tmp_path) == ""


def test_data_dir_that_others_can_read_is_refused_with_what_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(SystemExit) as refusal:
        env.data_dir(create=False)
    assert "Choose a folder of its own, or, if this one is the portal's alone, run: " in line(refusal)
    assert f"chmod 700 {tmp_path}" in line(refusal)
