"""Where a new secret goes."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, token_json
from tests.cli.stub import Stub, reply
from tokens.secret_format import make_secret

CREATE = ("tokens", "create", "--name", "a", "--scope", "x:read")
POST = "POST /api/v1/tokens"


@pytest.fixture
def new_secret() -> str:
    return make_secret("tp_")


@pytest.fixture
def makes(signed_in: Stub, new_secret: str) -> Stub:
    """A portal that makes and regenerates token 12."""
    made = reply(201, token_json(secret=new_secret))
    signed_in.answers |= {POST: made, "POST /api/v1/tokens/12/regenerate": made}
    return signed_in


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def clipboard(folder: Path, name: str, body: str) -> Path:
    """A program that takes a clipboard's name, alone on the PATH; what it is given lands in `taken`."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return folder / "taken"


# --- A file of variables ----------------------------------------------------------------------


def test_env_file_that_is_new_holds_the_secret_for_its_owner_alone(
    cli: Cli, makes: Stub, new_secret: str, env_file: Path
) -> None:
    ran = cli(*CREATE, "--env-file", env_file)
    assert (ran.code, ran.out) == (0, "")
    assert f"The secret is in {env_file} as TOKENPORTAL_TOKEN.\n" in ran.err
    assert env_file.read_text() == f"TOKENPORTAL_TOKEN={new_secret}\n"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert new_secret not in ran.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\n", "A=1\nDEPLOY=S\n"),
        ("A=1", "A=1\nDEPLOY=S\n"),
        ("A=1\nDEPLOY=old\nB=2\n", "A=1\nDEPLOY=S\nB=2\n"),
        ("export DEPLOY=old", "export DEPLOY=S"),
        ("DEPLOY_OLD=1\n#DEPLOY=2\n", "DEPLOY_OLD=1\n#DEPLOY=2\nDEPLOY=S\n"),
        ("\udcff=\udcfe\n", "\udcff=\udcfe\nDEPLOY=S\n"),
    ],
)
def test_env_file_that_is_there_keeps_its_other_lines(
    cli: Cli, makes: Stub, env_file: Path, before: str, after: str
) -> None:
    env_file.touch(mode=0o600)
    env_file.write_bytes(os.fsencode(before))
    assert cli(*CREATE, "--env-file", env_file, "--env-name", "DEPLOY").code == 0
    assert re.sub("tp_[0-9A-Za-z]{46}", "S", os.fsdecode(env_file.read_bytes())) == after
    assert [file.name for file in env_file.parent.iterdir()] == [".env"]


def test_env_file_behind_a_link_is_changed_where_it_is(cli: Cli, makes: Stub, env_file: Path) -> None:
    link = env_file.parent / "link"
    link.symlink_to(env_file)
    cli(*CREATE, "--env-file", link)
    assert (link.is_symlink(), env_file.is_file()) == (True, True)


@pytest.mark.parametrize("path", ["/dev/full", ".", "gone/.env"])
def test_env_file_that_cannot_be_one_is_refused_before_a_token_is_made(
    cli: Cli, makes: Stub, env_file: Path, path: str
) -> None:
    ran = cli(*CREATE, "--env-file", env_file.parent / path)
    assert ran.code in (1, 2)
    assert makes.asked == []


def test_env_file_that_others_can_read_is_refused_with_the_command_that_mends_it(
    cli: Cli, makes: Stub, env_file: Path
) -> None:
    env_file.touch()
    env_file.chmod(0o644)
    ran = cli(*CREATE, "--env-file", env_file)
    assert (ran.code, makes.asked) == (1, [])
    assert ran.err == f"Error: {env_file} is open to others. Close it: chmod 600 {env_file}\n"


def test_env_file_on_a_full_disk_is_refused_before_a_token_is_made(makes: Stub, env_file: Path) -> None:
    # A limit to the size of files is the nearest thing to a full disk that needs no rights.
    limited = "import resource, sys; from tokenportal.cli.app import run; "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)); sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-B", "-c", limited, *CREATE, "--env-file", str(env_file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, makes.asked) == (1, [])
    assert ran.stderr == f"Error: {env_file} can't be written: File too large\n"
    assert list(env_file.parent.iterdir()) == []


def test_env_file_that_fails_after_all_says_that_the_secret_is_lost(
    cli: Cli, makes: Stub, env_file: Path, monkeypatch: pytest.MonkeyPatch, new_secret: str
) -> None:
    def vanish(self: Path, target: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", vanish)
    ran = cli(*CREATE, "--env-file", env_file)
    assert ran.code == 1
    assert "could not be put there: Input/output error. Make another: " in ran.err
    assert f"{makes.url}/settings/tokens/12/regenerate/\n" in ran.err
    assert (new_secret in ran.err, list(env_file.parent.iterdir())) == (False, [])


def test_refused_token_leaves_the_env_file_as_it_was(cli: Cli, signed_in: Stub, env_file: Path) -> None:
    assert cli(*CREATE, "--env-file", env_file).code == 1
    assert list(env_file.parent.iterdir()) == []


# --- The clipboard ----------------------------------------------------------------------------


def test_copy_hands_the_secret_to_the_clipboard_and_shows_it_nowhere(
    cli: Cli, makes: Stub, new_secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = clipboard(tmp_path, "xclip", f'echo "$@" > {tmp_path}/options; cat > {tmp_path}/taken')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    ran = cli(*CREATE, "--copy")
    assert (ran.code, ran.out, taken.read_text()) == (0, "", new_secret)
    assert (tmp_path / "options").read_text() == "-selection clipboard\n"
    assert "The secret is in the clipboard.\n" in ran.err


def test_copy_without_a_program_or_a_screen_is_refused_before_a_token_is_made(
    cli: Cli, makes: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard(tmp_path, "xclip", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))  # but there is no DISPLAY
    ran = cli(*CREATE, "--copy")
    assert (ran.code, makes.asked) == (2, [])
    assert "--copy needs one of pbcopy, wl-copy, xclip, xsel" in ran.err


def test_copy_that_fails_still_fills_the_env_file_and_says_so(
    cli: Cli, makes: Stub, new_secret: str, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard(env_file.parent, "pbcopy", "exit 1")
    monkeypatch.setenv("PATH", f"{env_file.parent}:/usr/bin:/bin")
    ran = cli(*CREATE, "--copy", "--env-file", env_file)
    assert (ran.code, new_secret in env_file.read_text()) == (1, True)
    assert "pbcopy" in ran.err
    assert new_secret not in ran.err


# --- Standard output --------------------------------------------------------------------------


def test_secret_on_a_full_disk_is_said_to_be_lost(makes: Stub, new_secret: str) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "tokenportal.cli", "tokens", "regenerate", "12", "--yes"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 1
    assert "could not be put there: No space left on device. Make another: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert new_secret not in ran.stderr


def test_what_is_no_secret_goes_nowhere(cli: Cli, signed_in: Stub, env_file: Path) -> None:
    signed_in.answers[POST] = reply(201, token_json(secret="tp_\nPATH=/evil"))
    ran = cli(*CREATE, "--env-file", env_file)
    assert (ran.code, "evil" in ran.out + ran.err, env_file.exists()) == (1, False, False)


def test_saved_token_that_could_not_be_replaced_is_not_regenerated(
    cli: Cli, makes: Stub, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKENPORTAL_TOKEN")
    cli("login", "--token", make_secret("tp_"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = cli("tokens", "regenerate", "current", "--yes")
    assert (ran.code, ran.err) == (1, "Error: The new secret could not be kept: No space left on device\n")
    assert not any(asked.method == "POST" for asked in makes.asked)
