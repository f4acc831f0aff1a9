"""The repository itself: what no linter looks at."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")

# A character in brackets each, or this file would hold what it looks for.
REGISTRY_HOSTS = re.compile(r"pypi[.]org|python[h]osted|np[m]js|deb[.]debian")
MACHINE_PATHS = re.compile(r"(?<![\w.~/-])/(?:root|work)/")

# What a strict Content-Security-Policy would not run; mails are under none.
INLINE = re.compile(
    r"""<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+\s*=|\shx-on|["']\s*javascript:""", re.IGNORECASE
)
READERS = {"text", "flag", "number", "words", "networks", "choice", "address", "_server"}


@cache
def project_files() -> list[Path]:
    """What git keeps, or would."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in project_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def locked(lock: str) -> dict[str, str]:
    """The pinned releases by name."""
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.needs("git")
def test_project_files_of_any_kind_name_no_package_registry() -> None:
    assert lines_matching(REGISTRY_HOSTS) == []


@pytest.mark.needs("git")
def test_project_files_of_any_kind_name_no_path_of_a_machine() -> None:
    assert lines_matching(MACHINE_PATHS) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_file_for_every_requirement_holds_a_release_and_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().rstrip())
    entry = re.compile(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==\S+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+")
    assert [text for text in entries if not entry.fullmatch(text)] == []


def test_lock_files_with_everything_declared_agree_on_the_releases() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {Requirement(line).name for line in project["dependencies"]}
    assert declared <= locked("requirements.txt").keys()
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


def test_lock_file_for_a_requirement_with_extras_pins_them_too() -> None:
    """Else an older pip looks for the newest release of, say, coverage[toml], and has no hash for it."""
    text = (ROOT / "requirements-dev.txt").read_text()
    asked = {
        (Requirement(line).name, extra)
        for name in locked("requirements-dev.txt")
        for line in _requires(name)
        for extra in Requirement(line).extras
    }
    pinned = re.findall(r"^([a-z0-9-]+)\[([a-z0-9,-]+)\]==", text, re.MULTILINE)
    assert asked <= {(name, extra) for name, extras in pinned for extra in extras.split(",")}
    assert ("coverage", "toml") in asked


def _requires(name: str) -> list[str]:
    """What an installed package asks for here, without its own extras."""
    lines = metadata.requires(name) if name in _installed() else []
    markers = [(line, Requirement(line).marker) for line in lines or []]
    return [line for line, marker in markers if marker is None or marker.evaluate({"extra": ""})]


@cache
def _installed() -> set[str]:
    return {distribution.name.lower().replace("_", "-") for distribution in metadata.distributions()}


def test_templates_under_the_strict_policy_hold_no_inline_code() -> None:
    pages = [path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "email"]
    found = {str(page.relative_to(ROOT)): INLINE.findall(page.read_text()) for page in pages}
    assert {page: what for page, what in found.items() if what} == {}


def test_env_example_of_all_settings_names_each_that_is_read() -> None:
    calls = [
        node
        for name in ("env.py", "settings.py")
        for node in ast.walk(ast.parse((ROOT / "tokenportal" / name).read_text()))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    ]
    read = {call.args[0].value for call in calls if _name_of(call.func) in READERS}  # type: ignore[attr-defined]  # a Constant
    assert set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)) == read


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize("unit", ["web", "worker"])
def test_systemd_unit_starts_what_the_readme_says(unit: str) -> None:
    text = (ROOT / "deploy" / "systemd" / f"tokenportal-{unit}.service").read_text()
    [command] = re.findall(r"^ExecStart=/srv/tokenportal/(.+)$", text, re.MULTILINE)
    assert f"\n{command}\n" in (ROOT / "README.md").read_text()


@pytest.mark.needs("git")
def test_documents_with_links_to_files_point_at_files_that_exist() -> None:
    links = [
        (page, target)
        for page in project_files()
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    ]
    broken = [f"{page.relative_to(ROOT)}: {target}" for page, target in links if not (page.parent / target).exists()]
    assert broken == []
