"""Which files are read: as git sees them."""

import os
import subprocess
from pathlib import Path

import pytest

from tokenportal.cli.files import files_of, read_chunks


@pytest.fixture
def complaints() -> list[str]:
    return []


def names(top: Path, complaints: list[str], *, ignoring: bool = True) -> list[str]:
    def complain(path: str, error: OSError) -> None:
        complaints.append(f"{os.path.relpath(path, top)}: {error.strerror}")

    return [os.path.relpath(file, top) for file in files_of([str(top)], ignoring=ignoring, complain=complain)]


def lay(top: Path, **texts: str) -> None:
    """Files by name; `__` is a slash, and a name that begins with `dot_` is hidden."""
    for name, text in texts.items():
        path = top / name.replace("__", "/").replace("dot_", ".").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_files_of_a_folder_come_in_order_with_hidden_ones_but_not_gits_own(
    tmp_path: Path, complaints: list[str]
) -> None:
    lay(tmp_path, b_txt="", a_txt="", dot_env="", dot_git__config="", deep__er__c_txt="")
    assert names(tmp_path, complaints) == [".env", "a.txt", "b.txt", "deep/er/c.txt"]


@pytest.mark.needs("git")
def test_files_of_a_repository_are_those_that_git_would_add(tmp_path: Path, complaints: list[str]) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    lay(
        tmp_path,
        dot_gitignore="*.txt\n!keep.txt\n/build/\nvendor\n[z-a]\n\\\n!\n",
        dot_git__info__exclude="private*\n",
        a_txt="", keep_txt="", private="", build__a="", src__build__a="", src__vendor__a="",
        src__b_txt="", src__dot_gitignore="!b.txt\n", deep__er__private__a="",
    )  # fmt: skip
    listing = ["git", "-C", str(tmp_path), "ls-files", "--others", "--exclude-standard"]
    would = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(names(tmp_path, complaints)) == sorted(would)
    assert "src/b.txt" in would


def test_files_of_a_folder_inside_a_repository_heed_the_rules_above_it(tmp_path: Path, complaints: list[str]) -> None:
    lay(tmp_path, dot_git__HEAD="", dot_gitignore="*.log\n/src/out\n", src__a_txt="", src__b="")
    lay(tmp_path / "src", out__c="")
    (tmp_path / "src" / "d.log").touch()
    assert names(tmp_path / "src", complaints) == ["a.txt", "b"]


def test_files_of_an_ignored_folder_that_is_named_are_read(tmp_path: Path, complaints: list[str]) -> None:
    lay(tmp_path, dot_git__HEAD="", dot_gitignore="build/\n", build__a="")
    assert names(tmp_path / "build", complaints) == ["a"]


def test_files_of_a_folder_without_ignoring_are_all(tmp_path: Path, complaints: list[str]) -> None:
    lay(tmp_path, dot_git__HEAD="", dot_gitignore="a.txt\n", a_txt="")
    assert names(tmp_path, complaints, ignoring=False) == [".gitignore", "a.txt"]


def test_files_of_a_folder_with_links_and_pipes_leave_them_out(tmp_path: Path, complaints: list[str]) -> None:
    lay(tmp_path, a="")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path, complaints) == ["a"]


def test_files_of_a_folder_whose_rules_are_a_link_or_a_folder_are_all(tmp_path: Path, complaints: list[str]) -> None:
    lay(tmp_path, dot_git__info__exclude__a="", a_txt="")
    (tmp_path / ".gitignore").symlink_to("/dev/zero")
    assert names(tmp_path, complaints) == ["a.txt"]


def test_files_of_a_folder_that_vanishes_complain_and_go_on(tmp_path: Path, complaints: list[str]) -> None:
    assert list(files_of([str(tmp_path / "gone")], ignoring=True, complain=lambda *_: None)) == [str(tmp_path / "gone")]
    assert list(read_chunks(str(tmp_path / "gone"), lambda path, error: complaints.append(str(error.strerror)))) == []
    assert complaints == ["No such file or directory"]


def test_files_of_a_tree_deeper_than_python_recurses_are_found(tmp_path: Path, complaints: list[str]) -> None:
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
        Path("a").touch()
        os.chdir(tmp_path)
        assert names(Path("."), complaints)[0].endswith("d/a")
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)
