"""Addresses and ranges: who is calling, believed only as far as trusted proxies reach."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.errors import InvalidNetworks
from tokens.networks import (
    CallerAddress,
    caller_address,
    covers,
    in_any,
    normalise_networks,
    parse_address,
    parse_networks,
)

TRUSTED = parse_networks(("10.0.0.0/8", "fd00::/8"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%" + "x" * 1000, "fe80::1"),
        ("::ffff:203.0.113.7%1", "203.0.113.7"),
    ],
)
def test_parse_address_of_either_version_gives_its_one_form(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "_hidden",
        "203.0.113.7:443",
        "[2001:db8::7]:443",
        "203.0.113",
        "203.0.113.256",
        "010.0.0.1",
        "0x7f000001",
        "127.1",
        "203.0.113.7%eth0",
        "203.0.113.0/24",
        "١.٢.٣.٤",
        "203.0.113.7\0",
        "203.0.113.7\r\nX-Evil: 1",
    ],
)
def test_parse_address_of_anything_else_is_none(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("203.0.113.7", ("203.0.113.0/24",), True),
        ("203.0.113.0", ("203.0.113.0/24",), True),
        ("203.0.113.255", ("203.0.113.0/24",), True),
        ("203.0.114.0", ("203.0.113.0/24",), False),
        ("203.0.113.7", ("198.51.100.0/24", "203.0.113.7/32"), True),
        ("203.0.113.7", ("::/0",), False),
        ("2001:db8::7", ("0.0.0.0/0",), False),
        ("2001:db8::7", ("2001:db8::/32",), True),
        ("::ffff:203.0.113.7", ("203.0.113.0/24",), True),
        ("203.0.113.7", (), False),
        ("", ("0.0.0.0/0", "::/0"), False),
    ],
)
def test_in_any_each_case_of_the_table(address: str, networks: tuple[str, ...], inside: bool) -> None:
    assert in_any(parse_address(address), parse_networks(networks)) is inside


@pytest.mark.parametrize(
    ("peer", "forwarded", "address", "certain"),
    [
        # Nobody in between, or somebody that nobody declared.
        ("203.0.113.7", None, "203.0.113.7", True),
        ("203.0.113.7", "", "203.0.113.7", False),
        ("203.0.113.7", "  ", "203.0.113.7", False),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7", False),
        ("203.0.113.7", "rubbish", "203.0.113.7", False),
        ("203.0.113.7", ",", "203.0.113.7", False),
        # One trusted proxy: its entry is the last, what the client wrote stands before it.
        ("10.0.0.1", "198.51.100.1", "198.51.100.1", True),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1", True),
        ("10.0.0.1", "10.0.0.2, 198.51.100.1", "198.51.100.1", True),
        ("10.0.0.1", None, "10.0.0.1", True),
        # A chain of trusted ones is walked from right to left, to its end if need be.
        ("10.0.0.1", "192.0.2.66,198.51.100.1 ,10.0.0.3 ,10.0.0.2", "198.51.100.1", True),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3", True),
        # An entry that is no address ends the walk at who passed it on, and nobody knows where it came from.
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1", False),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2", False),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9:443", "10.0.0.1", False),
        ("10.0.0.1", "198.51.100.1,", "10.0.0.1", False),
        # What granian makes of a value that is no ASCII: a client's, to which a proxy has added.
        ("10.0.0.1", "", "10.0.0.1", False),
        # IPv6, brackets, IPv4 inside IPv6.
        ("fd00::1", "2001:db8::7", "2001:db8::7", True),
        ("fd00::1", "[2001:db8::7]", "2001:db8::7", True),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1", True),
        # A unix socket has no peer.
        ("", None, "", True),
        ("", "198.51.100.1", "", False),
    ],
)
def test_caller_address_each_case_of_the_table(peer: str, forwarded: str | None, address: str, certain: bool) -> None:
    found = caller_address(peer, forwarded, TRUSTED)
    assert (str(found), found.certain) == (address, certain)


def test_caller_address_without_trusted_proxies_is_the_peer() -> None:
    assert caller_address("10.0.0.1", "198.51.100.1", ()) == CallerAddress(parse_address("10.0.0.1"), certain=False)


addresses = st.ip_addresses().map(str)
entries = st.one_of(addresses, st.text(), st.text("0123456789.:[]%/ abcdef"))


@given(entries, st.lists(entries).map(",".join))
def test_caller_address_of_anything_never_raises_and_fits_its_column(peer: str, forwarded: str) -> None:
    assert len(str(caller_address(peer, forwarded, TRUSTED))) <= 45


@given(st.lists(entries).map(",".join), st.ip_addresses(network="198.51.100.0/24"))
def test_caller_address_whatever_a_client_wrote_is_what_the_proxy_saw(forged: str, client: object) -> None:
    assert str(caller_address("10.0.0.1", f"{forged}, {client}", TRUSTED)) == str(client)


@pytest.mark.parametrize(
    ("entries", "networks"),
    [
        ([], []),
        (["", "  "], []),
        (["203.0.113.7"], ["203.0.113.7/32"]),
        (["2001:DB8::7"], ["2001:db8::7/128"]),
        ([" 10.0.0.0/8 ", "10.0.0.0/8", "10.0.0.0/255.0.0.0"], ["10.0.0.0/8"]),
        (["2001:db8::/32", "192.0.2.0/24", "10.0.0.0/8"], ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"]),
        (["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"]),
        (["::ffff:10.0.0.0/104"], ["10.0.0.0/8"]),
        (["::ffff:203.0.113.7"], ["203.0.113.7/32"]),
    ],
)
def test_normalise_networks_gives_sorted_canonical_ranges(entries: list[str], networks: list[str]) -> None:
    assert normalise_networks(entries) == networks


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        ("10.0.0.5/8", "Did you mean 10.0.0.0/8?"),
        ("2001:db8::7/32", "Did you mean 2001:db8::/32?"),
        ("10.0.0.0/33", "Write a range"),
        ("10.0.0.0/-1", "Write a range"),
        ("10.0.0.0/٨", "Write a range"),
        ("10.0.0", "Write a range"),
        ("example.org", "Write a range"),
        ("203.0.113.7:443", "Write a range"),
        ("10.0.0.0/8/8", "Write a range"),
        ("fe80::%eth0/10", "Write a range"),
        ("fe80::1%eth0", "Write a range"),
        ("\0", "Write a range"),
        ("\ud800", "Write a range"),
    ],
)
def test_normalise_networks_of_no_range_is_refused_with_advice(entry: str, advice: str) -> None:
    with pytest.raises(InvalidNetworks, match=advice.replace("?", r"\?")):
        normalise_networks(["192.0.2.0/24", entry])


def test_normalise_networks_of_a_long_text_quotes_sixty_characters_of_it() -> None:
    with pytest.raises(InvalidNetworks) as refused:
        normalise_networks(["x" * 1000])
    assert "x" * 61 not in refused.value.message


def test_normalise_networks_takes_fifty_and_refuses_one_more() -> None:
    ranges = [f"10.{number}.0.0/16" for number in range(51)]
    assert len(normalise_networks(ranges[:50])) == 50
    with pytest.raises(InvalidNetworks, match="at most 50"):
        normalise_networks(ranges)


@given(st.lists(st.one_of(st.text(), st.text("0123456789.:/%f "))))
def test_normalise_networks_of_anything_gives_ranges_or_refuses(entries: list[str]) -> None:
    try:
        networks = normalise_networks(entries)
    except InvalidNetworks:
        return
    assert [str(ipaddress.ip_network(network)) for network in networks] == networks


@pytest.mark.parametrize(
    ("wide", "narrow", "within"),
    [
        ([], [], True),
        ([], ["10.0.0.0/8"], True),
        (["10.0.0.0/8"], [], False),
        (["10.0.0.0/8"], ["10.0.0.0/8"], True),
        (["10.0.0.0/8"], ["10.1.0.0/16", "10.2.0.3/32"], True),
        (["10.1.0.0/16"], ["10.0.0.0/8"], False),
        (["10.0.0.0/8"], ["10.0.0.0/8", "192.0.2.0/24"], False),
        (["10.0.0.0/8", "2001:db8::/32"], ["2001:db8:1::/48"], True),
        (["0.0.0.0/0"], ["2001:db8::/32"], False),
        (["::/0"], ["10.0.0.0/8"], False),
    ],
)
def test_covers_each_case_of_the_table(wide: list[str], narrow: list[str], within: bool) -> None:
    assert covers(wide, narrow) is within
