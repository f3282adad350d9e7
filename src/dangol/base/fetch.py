"""HTTP out, to addresses that people typed in: never to a machine of our own.

The name is resolved once, every answer is checked, and the connection goes to the address that was checked, with the
name in SNI and Host. Nothing is followed, nothing is read past its limit or its time.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import quote, urlsplit

import httpcore

from dangol.base.errors import Fault, Invalid, Unavailable

PORTS = (80, 443, 8443)
BODY_LIMIT = 1024 * 1024
SECONDS = 10.0
SAFE = "/%:?&=+,;@!$'()*~[]"  # of a path and query that are written already
# ipaddress.is_global is not enough: on Python 3.11 it lets multicast, site-local and embedded addresses through.
DENIED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b:1::/48",
        "2001::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
NAT64, SIX_TO_FOUR = ip_network("64:ff9b::/96"), ip_network("2002::/16")

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]


class Forbidden(Invalid):
    """An address that requests of ours may not go to."""

    def __init__(self, found: str, allowed: str) -> None:
        super().__init__([Fault("/url", found, allowed)])


class Unreachable(Unavailable):
    """The other side did not answer, or not in time."""


class Unreached(Unreachable):
    """Nobody was there: nothing has left us."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the machine's resolver tells them."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(text: str) -> bool:
    """Whether an address belongs to the internet; what it embeds (mapped, NAT64, 6to4) counts as itself."""
    try:
        address: Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    address = _inner(address)
    return address.is_global and not any(address in net for net in DENIED if net.version == address.version)


def _inner(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


class Fetcher:
    """Makes requests. `allow` names hosts (`host` or `host:port`) inside the shop's own network that are meant:
    for them plain http, any port and a private address are in order. `reads` is how many bytes of an answer matter
    where its status is what counts: the rest is left unread, and is no failure."""

    def __init__(self, allow: Collection[str] = (), lookup: Resolve = resolve, reads: int | None = None) -> None:
        self._allow = {one.strip().lower() for one in allow if one.strip()}
        self._lookup, self._reads = lookup, reads
        self._tls = httpcore.default_ssl_context()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        limit: int = BODY_LIMIT,
        seconds: float = SECONDS,
    ) -> Answer:
        """One request, one answer. Raises Forbidden for where it may not go, Unreachable where nothing comes back."""
        target, meant = self._target(url)
        host, end = target.host.decode(), time.monotonic() + seconds
        backend = _ToChecked(self._addresses(host, target.port or 0, meant), end)
        named = {"host": host if target.port in {80, 443} else f"{host}:{target.port}", "accept-encoding": "identity"}
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
                pool.stream(
                    method, target, headers=_lines({**(headers or {}), **named}, content), content=content or None
                ) as response,
            ):
                told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                return Answer(response.status, told, _read(response, limit, self._reads))
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise Unreached(f"{host}: {error or type(error).__name__}") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise Unreachable(f"{host}: {error or type(error).__name__}") from error

    def _target(self, url: str) -> tuple[httpcore.URL, bool]:
        """The parts of an address, and whether it is one of ours that is meant."""
        shown = repr(url[:200])
        if any(ord(c) <= 0x20 or c == "\\" for c in url):
            raise Forbidden(shown, "an address without spaces and backslashes")
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").encode("idna").decode()
            port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        except ValueError as error:
            raise Forbidden(shown, "an address such as https://shop.example/path") from error
        if "@" in parts.netloc:
            raise Forbidden(shown, "an address without a name or password in it")
        meant = bool(self._allow & {host, f"{host}:{port}"})
        if not host or not (parts.scheme == "https" or (meant and parts.scheme == "http")):
            raise Forbidden(shown, "an https address")
        if port not in PORTS and not meant:
            raise Forbidden(f"port {port}", ", ".join(map(str, PORTS)))
        path = quote(parts.path or "/", safe=SAFE) + (f"?{quote(parts.query, safe=SAFE)}" if parts.query else "")
        return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path), meant

    def _addresses(self, host: str, port: int, meant: bool) -> list[str]:
        """Where a name leads. One answer that is not public condemns them all."""
        try:
            addresses = list(dict.fromkeys(self._lookup(host, port)))
        except (OSError, UnicodeError) as error:
            raise Unreached(f"{host} has no address") from error
        wrong = [one for one in addresses if not is_public(one)]
        if wrong and not meant:
            raise Forbidden(f"{host} at {wrong[0]}", "an address on the internet")
        if not addresses:
            raise Unreached(f"{host} has no address")
        return addresses


class _ToChecked(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever the name would resolve to now, and keeps the time."""

    def __init__(self, addresses: Sequence[str], end: float) -> None:
        self._addresses, self._end = addresses, end
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        *others, last = self._addresses
        for address in others:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                share = _left(self._end) / len(self._addresses)
                return _Timed(self._plain.connect_tcp(address, port, share, local_address, socket_options), self._end)
        return _Timed(self._plain.connect_tcp(last, port, _left(self._end), local_address, socket_options), self._end)


class _Timed(httpcore.NetworkStream):
    """A connection on which everything together ends in time: a sender that dribbles is left."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream, self._end = stream, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._end))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("it takes too long")
    return left


def _lines(headers: Mapping[str, str], content: bytes) -> list[tuple[bytes, bytes]]:
    length = {"content-length": str(len(content))} if content else {}
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in {**headers, **length}.items()]


def _read(response: httpcore.Response, limit: int, reads: int | None) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_stream():
        size += len(part)
        if reads is not None and size >= reads:
            return b"".join([*parts, part])[:reads]
        if size > limit:
            raise Unreachable(f"the answer is over {limit} bytes")
        parts.append(part)
    return b"".join(parts)
