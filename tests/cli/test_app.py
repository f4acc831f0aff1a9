"""The command as a process: how it starts, how it ends."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tokens.secret_format import hint

COMMAND = [sys.executable, "-m", "tokenportal.cli"]


def test_command_until_it_needs_them_loads_neither_django_nor_what_is_slow() -> None:
    look = "import sys, tokenportal.cli.app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    assert not {"django", "requests", "keyring", "accounts", "celery"} & set(loaded)
    assert {"click", "tokens"} <= set(loaded)


def test_command_without_arguments_shows_what_there_is(cli: Cli) -> None:
    assert "scan" in cli("--help").out
    assert cli("--version").out.startswith("tokenportal, version ")


def test_command_with_an_unknown_option_is_wrong_use(cli: Cli) -> None:
    ran = cli("scan", "--nonsense", ".")
    assert ran.code == 2
    assert "No such option" in ran.err


def test_command_interrupted_ends_by_the_signal_without_a_traceback(secret: str) -> None:
    # What is started in the background, as a test may be, is born deaf to this signal.
    command = ["env", "--default-signal=INT", *COMMAND, "scan", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(secret.encode())
        process.stdin.flush()
        assert process.stdout.readline().decode() == f"-:1: {hint(secret)}\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == -signal.SIGINT
        assert process.stderr.read() == b"\n"


def test_command_on_a_full_disk_says_so_and_exits_1(secret: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*COMMAND, "scan", "-"], input=secret, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ran.returncode, ran.stderr) == (1, "Error: No space left on device\n")


def test_command_whose_reader_went_away_ends_in_silence(secret: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [*COMMAND, "scan", "-"], input=secret, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, "")


def test_command_in_a_terminal_of_another_encoding_prints_what_it_can(secret: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    ran = subprocess.run(
        [*COMMAND, "scan", "-"], input=secret.encode(), capture_output=True, env=environment, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, f"-:1: {hint(secret)}\n".encode("latin-1", "backslashreplace"))


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_for_a_shell_prints_its_script(cli: Cli, shell: str) -> None:
    assert f"_TOKENPORTAL_COMPLETE={shell}_complete" in cli("completion", shell).out


@pytest.mark.needs("bash")
def test_completion_in_bash_completes_commands_and_options() -> None:
    # What bash calls when Tab is pressed.
    script = f"""
        PATH="{Path(sys.executable).parent}:$PATH"
        eval "$(tokenportal completion bash)"
        COMP_WORDS=(tokenportal scan --p) COMP_CWORD=2
        _tokenportal_completion tokenportal; echo "${{COMPREPLY[@]}}"
        COMPREPLY=() COMP_WORDS=(tokenportal sc) COMP_CWORD=1
        _tokenportal_completion tokenportal; echo "${{COMPREPLY[@]}}"
    """
    ran = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["--prefix", "scan"], ran.stderr


def test_scan_on_a_terminal_shows_a_bar_and_findings_above_it(secret: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text(secret)
    screen, terminal = pty.openpty()
    ran = subprocess.run([*COMMAND, "scan", str(file)], stdout=subprocess.PIPE, stderr=terminal, check=False)
    os.close(terminal)
    shown = os.read(screen, 10_000).decode()
    os.close(screen)
    assert ran.stdout.decode() == f"{file}:1: {hint(secret)}\n"
    assert "Scanning" in shown
    assert "100%" in shown
    assert "\r\x1b[K" in shown
    assert "Found 1 secret in 1 file." in shown
