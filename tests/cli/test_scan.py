"""`tokenportal scan`."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.stub import Stub, problem, reply
from tokens.secret_format import hint, make_secret


def test_scan_with_a_secret_prints_file_line_and_hint_and_exits_1(cli: Cli, secret: str, tmp_path: Path) -> None:
    file = tmp_path / "deploy.sh"
    file.write_text(f"#!/bin/sh\nexport TOKEN={secret}\n")
    ran = cli("scan", tmp_path)
    assert (ran.code, ran.out) == (1, f"{file}:2: {hint(secret)}\n")
    assert ran.err == "Found 1 secret in 1 file.\n"


def test_scan_without_a_secret_exits_0(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    ran = cli("scan", tmp_path / "a", tmp_path / "b")
    assert (ran.code, ran.out, ran.err) == (0, "", "No secrets in 2 files.\n")


def test_scan_of_standard_input_names_it_by_a_dash(cli: Cli, secret: str) -> None:
    assert cli("scan", "-", stdin=f"\n\n{secret}").out == f"-:3: {hint(secret)}\n"


def test_scan_with_any_outcome_never_prints_the_secret(cli: Cli, secret: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(secret)
    for options in ([], ["--json"]):
        ran = cli("scan", *options, tmp_path, "-", stdin=secret)
        assert ran.code == 1
        assert secret[10:-10] not in ran.out + ran.err


def test_scan_of_secrets_among_as_many_look_alikes_finds_them_all_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    secrets = [make_secret("tp_") for _ in range(50)]
    mistyped = [secret[:20] + ("x" if secret[20] != "x" else "y") + secret[21:] for secret in secrets]
    for number, pair in enumerate(zip(mistyped, secrets, strict=True)):
        (tmp_path / f"file{number}").write_text("\n".join(pair))
    findings = json.loads(cli("scan", "--json", tmp_path).out)["findings"]
    assert {(finding["line"], finding["hint"]) for finding in findings} == {(2, hint(secret)) for secret in secrets}
    assert len(findings) == 50


def test_scan_as_json_prints_what_a_program_needs(cli: Cli, secret: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text(f"{secret}\n")
    ran = cli("scan", "--json", file)
    findings = [{"file": str(file), "line": 1, "hint": hint(secret)}]
    assert json.loads(ran.out) == {"findings": findings, "files": 1, "unread": []}


def test_scan_with_several_prefixes_finds_each_kind(cli: Cli) -> None:
    secrets = [make_secret(prefix) for prefix in ("tp_", "acme_", "x_")]
    ran = cli("scan", "--prefix", "acme_", "--prefix", "x_", "-", stdin="\n".join(secrets))
    assert ran.out == f"-:2: {hint(secrets[1])}\n-:3: {hint(secrets[2])}\n"


@pytest.mark.parametrize("prefix", ["", "a-b", "é", "a" * 21])
def test_scan_with_a_prefix_that_no_portal_has_is_wrong_use(cli: Cli, prefix: str) -> None:
    ran = cli("scan", "--prefix", prefix, "-")
    assert ran.code == 2
    assert "1 to 20 letters" in ran.err


def test_scan_of_nothing_or_of_what_is_not_there_is_wrong_use(cli: Cli, tmp_path: Path) -> None:
    assert cli("scan").code == 2
    assert cli("scan", tmp_path / "gone").code == 2


def test_scan_with_no_ignore_reads_what_git_would_not(cli: Cli, secret: str, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a\n")
    (tmp_path / "a").write_text(secret)
    assert cli("scan", tmp_path).code == 0
    assert cli("scan", "--no-ignore", tmp_path).code == 1


def test_scan_of_a_file_that_cannot_be_read_says_so_and_exits_1(cli: Cli, tmp_path: Path) -> None:
    # A process may not read its own memory from the start, whoever it runs as.
    ran = cli("scan", "/proc/self/mem", tmp_path)
    assert ran.code == 1
    assert ran.err.startswith("Not read: /proc/self/mem: Input/output error\n")
    assert json.loads(cli("scan", "--json", "/proc/self/mem").out)["unread"][0]["file"] == "/proc/self/mem"


def test_scan_of_a_folder_that_cannot_be_listed_says_so_and_exits_1(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    ran = cli("scan", tmp_path)
    assert (ran.code, ran.err) == (1, f"Not read: {tmp_path}: Permission denied\nNo secrets in 0 files.\n")


def test_scan_of_a_file_whose_name_acts_on_terminals_shows_it_harmless(cli: Cli, secret: str, tmp_path: Path) -> None:
    name = b"a\x1b[31m\n\xff" + "\u202eb".encode()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(secret)
    assert f"/a\ufffd[31m\ufffd\ufffd\ufffdb:1: {hint(secret)}\n" in cli("scan", tmp_path).out


# --- Reporting --------------------------------------------------------------------------------


def test_scan_with_report_sends_each_secret_once_and_no_token(cli: Cli, signed_in: Stub, secret: str) -> None:
    signed_in.answers["POST /api/v1/leaks"] = reply(202)
    ran = cli(
        "scan", "--report", signed_in.url, "--source", "https://paste.example/1", "-", stdin=f"{secret}\n{secret}"
    )
    [asked] = signed_in.asked
    assert asked.body == {"secrets": [secret], "source": "https://paste.example/1"}
    assert (asked.token, ran.code) == (None, 1)
    assert ran.err == f"Found 2 secrets in 1 file.\nReported 1 secret to {signed_in.url}.\n"


def test_scan_with_report_of_many_sends_a_thousand_at_once(cli: Cli, stub: Stub) -> None:
    stub.answers["POST /api/v1/leaks"] = reply(202)
    cli("scan", "--report", stub.url, "-", stdin="\n".join(make_secret("tp_") for _ in range(1001)))
    assert [len(asked.body["secrets"]) for asked in stub.asked] == [1000, 1]


def test_scan_with_report_that_finds_nothing_asks_nobody(cli: Cli, stub: Stub) -> None:
    assert cli("scan", "--report", stub.url, "-").code == 0
    assert stub.asked == []


def test_scan_with_report_that_is_refused_says_so(cli: Cli, stub: Stub, secret: str) -> None:
    stub.answers["POST /api/v1/leaks"] = problem(429, "Too many reports came from there.", retry_after="60")
    ran = cli("scan", "--report", stub.url, "-", stdin=secret)
    assert (ran.code, ran.err.splitlines()[-2:]) == (
        1, ["Error: Too many reports came from there.", "Try again in 60 seconds."]
    )  # fmt: skip


def test_scan_with_a_source_and_nobody_to_report_to_is_wrong_use(cli: Cli, secret: str) -> None:
    ran = cli("scan", "--source", "https://paste.example/1", "-", stdin=secret)
    assert (ran.code, ran.out) == (2, "")
    assert "--report" in ran.err


def test_scan_with_report_over_http_to_another_machine_is_wrong_use(cli: Cli, secret: str) -> None:
    ran = cli("scan", "--report", "http://tokens.example.org", "-", stdin=secret)
    assert (ran.code, ran.out) == (2, "")
