"""Addresses and ranges: who is calling, and whether a token may be used from there. No Django."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from tokens.errors import InvalidNetworks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_NETWORKS = 50


class CallerAddress(NamedTuple):
    """Where a request came from.

    `address` is None when the server was not told (a unix socket). `certain` is False when it is the
    address of a proxy in between, and that of the caller is not known: then no token that is bound
    to networks may be used.
    """

    address: Address | None
    certain: bool = True

    def __str__(self) -> str:
        return str(self.address or "")


def parse_address(text: str) -> Address | None:
    """An IPv4 or IPv6 address; IPv4 mapped into IPv6 counts as IPv4; None when it is neither."""
    # What is longer is seldom an address, and is not worth the memory.
    return _parse_again(text) if len(text) <= _LONGEST_ADDRESS else _parse(text)


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip().removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        # Without its zone (fe80::1%eth0), which says nothing elsewhere and may be of any length.
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address


_LONGEST_ADDRESS = 45
_parse_again = lru_cache(maxsize=1024)(_parse)


@lru_cache(maxsize=1024)
def parse_networks(ranges: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(entry) for entry in ranges)


def in_any(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def limited_network(address: Address | None) -> str:
    """What a limit counts as one caller: an IPv4 address, an IPv6 /64, "" for who has none."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or "")


def caller_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> CallerAddress:
    """The address that a request came from; `forwarded_for` is None when there is no such header.

    `X-Forwarded-For` is read from right to left for as long as the one who wrote the entry is a
    trusted proxy; an entry that is no address ends the walk at the proxy that passed it on, whose
    own address then says nothing of the caller. An empty header is such an entry: servers make one of
    a value that they can't decode, which a client may send to a proxy that adds to it.
    """
    address = parse_address(peer)
    if forwarded_for is None:
        return CallerAddress(address)
    if not in_any(address, trusted):
        return CallerAddress(address, certain=False)
    for entry in reversed(forwarded_for.split(",")):
        said = parse_address(entry)
        if said is None:
            return CallerAddress(address, certain=False)
        address = said
        if not in_any(said, trusted):
            break
    return CallerAddress(address)


def normalise_networks(entries: Iterable[str]) -> list[str]:
    """Canonical CIDR ranges, sorted, each once.

    A single address is a range of one; host bits are refused, because `10.0.0.5/8` is more often a
    slip than a wish. Raises InvalidNetworks.
    """
    texts = {entry.strip() for entry in entries} - {""}
    if len(texts) > MAX_NETWORKS:  # before they are parsed, which takes its time
        raise InvalidNetworks(f"Give at most {MAX_NETWORKS} networks.")
    networks = set(map(_parse_range, texts))
    return [str(network) for network in sorted(networks, key=lambda n: (n.version, n))]


def covers(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """Whether a token bound to `narrow` works nowhere that one bound to `wide` would not (empty: anywhere)."""
    if not wide:
        return True
    outer = parse_networks(tuple(wide))
    return bool(narrow) and all(
        any(_is_within(network, candidate) for candidate in outer) for network in parse_networks(tuple(narrow))
    )


def _is_within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # versions agree


def _parse_range(entry: str) -> Network:
    try:
        return _network(entry)
    except ValueError:
        hint = _without_host_bits(entry)
        advice = f" Did you mean {hint}?" if hint else " Write a range such as 203.0.113.0/24 or 2001:db8::/32."
        raise InvalidNetworks(f"“{entry[:60]}” is not a network.{advice}") from None


def _without_host_bits(entry: str) -> str:
    try:
        return str(_network(entry, strict=False))
    except ValueError:
        return ""


def _network(entry: str, *, strict: bool = True) -> Network:
    """A range; as of an address, IPv4 mapped into IPv6 counts as IPv4, and a zone is refused. Raises ValueError."""
    if "%" in entry:
        raise ValueError(entry)
    network = ipaddress.ip_network(entry, strict=strict)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96)) if mapped else network
    return network
