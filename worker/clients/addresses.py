"""Which addresses may be connected to: those that are everybody's, and none of our own network."""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import anyio

from worker.errors import SourceDown, SourceRefused

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is routed of IPv6 (RFC 4291); outside it are the addresses that stand for one of IPv4."""
NOT_EVERYBODYS = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "2001::/23"))
)
"""Protocols of their own and tunnels into IPv4 (RFC 6890), some of which ``is_global`` lets pass."""


def is_everybodys(text: str) -> bool:
    """Tell whether an address is one of the public internet."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    inside = any(address in network for network in NOT_EVERYBODYS if network.version == address.version)
    return address.is_global and not address.is_multicast and not inside


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host, whatever way it is written."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


async def vetted(
    name: str, host: str, port: int, *, allow_private: bool, resolve: Resolve = resolve
) -> Sequence[str]:
    """Resolve a host, once, and answer its addresses; what is connected to shall be one of them.

    Raises SourceDown where the host has none, SourceRefused where any is not public, unless that is allowed.
    ``name`` is what the error calls it.
    """
    try:
        addresses = await resolve(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise SourceDown(f"{name} has a host that cannot be found") from None
    if not allow_private and not all(map(is_everybodys, addresses)):
        raise SourceRefused(
            f"{name} is at an address that is not public; alerts.allow_private = true lets that pass"
        )
    return addresses
