"""Sockets to the outside: a name is resolved once, every address of it checked, and the checked one connected to.

So an address that people can type in never reaches what only this machine or this network may reach, not even when the
name changes what it means between the check and the connection (FAULTS S3).
"""

import ipaddress
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from martechops.lib import lookups

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: IPv6 ranges that carry an IPv4 address inside: what counts is where that leads.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class NotAllowedThere(OSError):
    """The name leads to where nothing may be sent from here; the message says so, without the address."""


@dataclass(slots=True)
class Deadline:
    """An end to everything that one exchange does, however slowly each part of it moves."""

    ends: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds; TimeoutError when there are none."""
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time for the whole exchange is over")
        return seconds


def connect(host: str, port: int, *, deadline: Deadline, trusted: bool = False) -> socket.socket:
    """A connected socket. Raises `NotAllowedThere`, TimeoutError and what else sockets raise.

    `trusted` is for what the installation's own environment names.
    """
    targets = lookups.addresses(host, port, within_seconds=deadline.left())
    if not trusted:
        check(str(where[0]) for _, where in targets)
    last: OSError = OSError("the name has no address")
    for family, where in targets:
        link = socket.socket(family, socket.SOCK_STREAM)
        try:
            link.settimeout(deadline.left())
            link.connect(where)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            link.close()
            last = error
        else:
            return link
    raise last


def check(addresses: Iterable[str]) -> None:
    """Every one of them may be connected to, or `NotAllowedThere`: one bad address of a name makes the name bad.

    >>> check(["93.184.216.34"])
    >>> check(["93.184.216.34", "10.0.0.7"])
    Traceback (most recent call last):
    ...
    martechops.lib.outward.NotAllowedThere: it leads to an address that is private or special
    """
    allowed = [ipaddress.ip_network(network) for network in settings.OUTBOUND_ALLOW]
    for text in addresses:
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        if not is_public(address) and not any(_holds(network, address) for network in allowed):
            raise NotAllowedThere("it leads to an address that is private or special")


def is_public(address: Address) -> bool:
    """May anybody on the internet be reached there?"""
    return address.is_global and not address.is_multicast and not address.is_reserved


def _holds(network: Network, address: Address) -> bool:
    return address.version == network.version and address in network


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour:
            return address.ipv4_mapped or address.sixtofour or address
        if address in _TRANSLATED:
            return ipaddress.IPv4Address(address.packed[-4:])
        if address.teredo:
            return address.teredo[1]
    return address
