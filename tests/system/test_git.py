"""A real git through nginx: it sends a token as Basic alone, and only to who challenges it so."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import OpenPortal
from tests.system.portal import PRODUCTION, Portal
from tests.system.processes import free_port
from tests.system.proxies import Gate, shipped, start_nginx
from tests.system.servers import file_service

pytestmark = pytest.mark.needs("git", "nginx")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `project.git` in it, which has one branch, as a plain file server can serve it."""
    tmp_path = tmp_path_factory.mktemp("git")
    bare = tmp_path / "files" / "project.git"
    bare.parent.mkdir()
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for arguments in (
        ["init", "--quiet", "--initial-branch=main", str(tmp_path / "work")],
        ["-C", str(tmp_path / "work"), *who, "commit", "--quiet", "--allow-empty", "-m", "First"],
        ["clone", "--quiet", "--bare", str(tmp_path / "work"), str(bare)],
        ["-C", str(bare), "update-server-info"],
    ):
        subprocess.run(["git", *arguments], check=True, capture_output=True, timeout=20)
    return bare.parent


@pytest.fixture(scope="module")
def gate(open_portal: OpenPortal, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with open_portal(**PRODUCTION, TRUSTED_PROXIES="127.0.0.1/32") as portal, file_service(repository) as service:
        portal.start_web()
        port = free_port()
        text = shipped("nginx.conf", p8000=portal.port, p9000=service, p8080=port, p8081=free_port())
        asked = text.replace("resource=deployments", "resource=deployments&challenge=basic")
        yield start_nginx(portal, tmp_path_factory.mktemp("nginx"), asked, port)


def ls_remote(portal: Portal, url: str) -> subprocess.CompletedProcess[str]:
    environment = portal.environment | {"HOME": str(portal.folder), "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"}
    command = ["git", "ls-remote", f"{url}/project.git"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=20)


def test_ls_remote_with_a_token_as_password_or_user_name_lists_the_branch(gate: Gate) -> None:
    token = gate.make_token("git", "deployments:read")
    for credentials in (f"ada:{token.secret}", f"{token.secret}:"):
        listed = ls_remote(gate.portal, gate.url.replace("//", f"//{credentials}@"))
        assert "refs/heads/main" in listed.stdout, listed.stderr
    assert token.secret not in gate.portal.said


def test_ls_remote_with_a_token_that_is_not_good_lists_nothing(gate: Gate) -> None:
    for credentials in ("ada:wrong", f"ada:{gate.make_token('stranger', 'archive:read').secret}"):
        listed = ls_remote(gate.portal, gate.url.replace("//", f"//{credentials}@"))
        assert listed.returncode != 0
        assert listed.stdout == ""
