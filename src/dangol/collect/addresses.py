"""Whose address a request came from, and which events are told it. Pure: texts in, texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from dangol.base.errors import Misconfigured

Network = IPv4Network | IPv6Network
HOPS_MOST = 20  # in X-Forwarded-For
# Libraries that run where the visitor is. What a server's library sends comes from the server's address.
AT_THE_VISITOR = {
    "analytics.js", "dangol.js", "web", "RudderLabs JavaScript SDK", "@jitsu/js", "analytics-ios", "analytics-swift",
    "analytics-android", "analytics-kotlin", "analytics-react-native", "analytics-flutter", "rudder-ios-library",
    "rudder-android-library", "RudderSwift", "posthog-ios", "posthog-android", "posthog-react-native",
    "posthog-flutter",
}  # fmt: skip


def networks(text: str) -> tuple[Network, ...]:
    """The networks that a setting lists, separated by commas. Raises Misconfigured."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        allowed = "addresses or networks such as 10.0.0.0/8, separated by commas"
        raise Misconfigured(f"setting trusted_proxies: {error}; allowed: {allowed}") from error


def client(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who asks: the peer, or behind trusted proxies the last hop that is none of them; empty where nobody can say."""
    address = _parsed(peer)
    for hop in reversed(forwarded.split(",")[-HOPS_MOST:]):
        if address is None or not any(address in network for network in trusted):
            break
        if (before := _parsed(hop.strip())) is None:
            break
        address = before
    return "" if address is None else str(address)


@lru_cache(maxsize=4096)
def shortened(ip: str) -> str:
    """The network that an address is in: /24 of an IPv4 one, /48 of an IPv6 one; what is no address stays away."""
    address = _parsed(ip)
    if address is None:
        return ""
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False).network_address)


def placed(event: Any, ip: str, shorten: bool) -> Any:
    """The event with its visitor's address, if it comes from the visitor and tells none itself; else as it is."""
    context = event.get("context") if isinstance(event, dict) else None
    if not isinstance(context, dict) or not needed(context, ip, shorten):
        return event
    told = context.get("ip")
    told = ip if told is None else told
    if shorten and isinstance(told, str):
        told = shortened(told)
    return {**event, "context": {**context, "ip": told}}


def needed(context: Mapping[str, Any], ip: str, shorten: bool) -> bool:
    """Whether the address in a context has to be filled in or shortened."""
    if context.get("ip") is not None:
        return shorten
    return ip != "" and _at_the_visitor(context)


def _at_the_visitor(context: Mapping[str, Any]) -> bool:
    library = context.get("library")
    named = library.get("name") if isinstance(library, dict) else None
    return context.get("direct") is True or (isinstance(named, str) and named in AT_THE_VISITOR)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
