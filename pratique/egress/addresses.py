"""Which IP addresses the engine may connect to: public ones, and networks that the operator allows by name."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

#: What each network is. Source: IANA special-purpose address registries (RFC 6890 and its updates), 2025-10; the
#: metadata services of clouds that lie outside of them.
_SPECIAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("a metadata service's", ("169.254.169.254/32", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128")),
    ("an unspecified", ("0.0.0.0/8", "::/128")),
    ("a loopback", ("127.0.0.0/8", "::1/128")),
    ("a private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    ("a carrier's shared (CGNAT)", ("100.64.0.0/10",)),
    ("a link-local", ("169.254.0.0/16", "fe80::/10")),
    ("a multicast", ("224.0.0.0/4", "ff00::/8")),
    ("an IPv4-mapped or IPv4-compatible", ("::ffff:0:0/96", "::/96")),
    ("a NAT64", ("64:ff9b::/96", "64:ff9b:1::/48")),
    ("a tunnel's (6to4, Teredo)", ("192.88.99.0/24", "2002::/16", "2001::/32")),
    ("a reserved", ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "100::/64", "5f00::/16")),
    ("a documentation", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")),
)
_NETWORKS: tuple[tuple[str, Network], ...] = tuple(
    (what, ip_network(network)) for what, networks in _SPECIAL for network in networks
)
#: Everything that is assigned to be reached from everywhere.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def refusal(address: str, allowed: Iterable[Network]) -> str | None:
    """Say what kind of address this is, where the engine must not go; None where it may.

    Args:
        address: as the resolver gave it.
        allowed: networks that the operator allows, whatever they are.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "an unreadable"
    if any(_lies_in(found, network) for network in allowed):
        return None
    for what, network in _NETWORKS:
        if _lies_in(found, network):
            return what
    if isinstance(found, IPv6Address) and found not in _GLOBAL_UNICAST:
        return "a reserved"
    return None if found.is_global else "a reserved"


def _lies_in(address: IPv4Address | IPv6Address, network: Network) -> bool:
    return address.version == network.version and address in network
