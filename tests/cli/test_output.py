"""What people see on a terminal."""

import pytest

from tests.cli.conftest import Cli, moment, token_json
from tests.cli.stub import Stub, reply
from tokenportal.cli.output import clean


@pytest.fixture
def listed(signed_in: Stub) -> Stub:
    tokens = [
        token_json(expires_at=moment(days=2), state="expiring", last_used_at=moment(minutes=-3)),
        token_json(id=7, name="鍵" * 20, scopes=[], expires_at=moment(days=-400), state="expired"),
        token_json(id=8, name="a\u0301 \x1b[31m", expires_at="some day"),
    ]
    signed_in.answers["GET /api/v1/tokens"] = reply(200, {"items": tokens, "count": 3})
    return signed_in


@pytest.mark.usefixtures("listed")
def test_list_on_a_terminal_is_a_table_for_people(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli("tokens", "list", terminal=True).out.splitlines() == [
        "ID  NAME                             TOKEN         STATE     PERMISSIONS       EXPIRES     LAST USED",
        "12  ci-deploy                        tp_abcd…wxyz  expiring  deployments:read  in 2 days   2 minutes ago",
        "7   鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵…  tp_abcd…wxyz  expired   none              1 year ago  never",
        "8   a\u0301 \ufffd[31m                          tp_abcd…wxyz  active    deployments:read  some day    never",
    ]


@pytest.mark.usefixtures("listed")
def test_list_on_a_terminal_has_colours_that_no_color_takes_away(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[31mexpired\x1b[0m" in cli("tokens", "list", terminal=True).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("tokens", "list", terminal=True).out


def test_show_on_a_terminal_says_what_the_times_mean(cli: Cli, signed_in: Stub) -> None:
    ends = moment(days=30)
    signed_in.answers["GET /api/v1/tokens/12"] = reply(200, token_json(expires_at=ends))
    lines = cli("tokens", "show", "12", terminal=True).out.splitlines()
    assert f"\x1b[1mExpires     \x1b[0m  {ends} (in 30 days)" in lines


@pytest.mark.parametrize("acting", ["\x07", "\x1b", "\x9b", "\n", "\u2028", "\u202e", "\udc80"])
def test_clean_of_what_acts_on_a_terminal_makes_it_harmless(acting: str) -> None:
    assert clean(f"a{acting}b — Schlüssel 👩‍💻") == "a\ufffdb — Schlüssel 👩‍💻"
