"""What the documentation and the hook tell other scanners."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/cli.md").read_text()


def gitleaks_pattern() -> str:
    [block] = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    [rule] = tomllib.loads(block)["rules"]
    return str(rule["regex"])


def github_pattern() -> str:
    """`before`, the secret and `after` as GitHub puts them together; Python's `\\Z` is its `\\z`."""
    rows = dict(re.findall(r"^\| (Secret format|Before secret|After secret) \| `(.*)` \|$", DOCUMENT, re.MULTILINE))
    names = ("Secret format", "Before secret", "After secret")
    secret, before, after = (rows[name].replace("\\|", "|") for name in names)
    return f"(?:{before})({secret})(?:{after.replace('z', 'Z', 1)})"


@pytest.mark.parametrize("pattern", [gitleaks_pattern(), github_pattern()], ids=["gitleaks", "github"])
def test_pattern_for_another_scanner_finds_secrets_and_nothing_longer_or_shorter(pattern: str, secret: str) -> None:
    found = re.compile(pattern).search
    assert all(found(text) for text in (secret, f'a="{secret}"', f"x\n{secret}\n", f"Bearer {secret},"))
    assert not any(found(text) for text in (f"{secret}0", secret[:-1], f"x{secret}", f"x_{secret}", f"{secret}_"))


def test_pre_commit_hook_run_as_written_refuses_a_secret(cli: Cli, secret: str, tmp_path: Path) -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    [(program, *arguments)] = [shlex.split(entry) for entry in re.findall(r"^  entry: (.+)$", hooks, re.MULTILINE)]
    (tmp_path / "--odd").write_text(secret)
    (tmp_path / "clean").touch()
    assert program == "tokenportal"
    assert cli(*arguments, tmp_path / "clean", tmp_path / "--odd").code == 1
    assert cli(*arguments, tmp_path / "clean").code == 0
