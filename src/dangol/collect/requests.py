"""Reading one tracking request: whose it is and what it carries, while it streams in."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any

from dangol.collect.dialects.told import BadBody
from dangol.collect.sources import PREFIX

GZIP = 31  # zlib's window bits for a gzip header
GZIP_NAMES = {b"gzip", b"x-gzip", b""}

Headers = Mapping[bytes, bytes]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


def told_size(headers: Headers, limit: int) -> int:
    """How large the body says it is; the limit where it does not say. Raises BadBody where that is too large."""
    told = headers.get(b"content-length")
    if told is None or not told.isdigit():
        return limit
    if len(told) > len(str(limit)) or int(told) > limit:
        raise BadBody("payload_too_large", f"found {told.decode('latin-1')[:20]} bytes; allowed: {limit}")
    return int(told)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The request's body; stops at one byte over the limit. Raises BadBody."""
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        return _within(message.get("body", b""), limit)
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body"):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            break
        parts.append(part)
    if message["type"] == "http.disconnect":
        raise BadBody("disconnected", "the client went away")
    if size > limit:
        raise BadBody("payload_too_large", f"found more than {limit} bytes; allowed: {limit}")
    return b"".join(parts)


def _within(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise BadBody("payload_too_large", f"found {len(body)} bytes; allowed: {limit}")
    return body


def unpack(body: bytes, encoding: bytes, limit: int) -> bytes:
    """The body as it was before compression. Raises BadBody for a bomb, a cut stream or a second member."""
    if body[:2] != b"\x1f\x8b" or encoding.strip().lower() not in GZIP_NAMES:
        return body
    stream = zlib.decompressobj(GZIP)
    try:
        plain = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadBody("invalid_gzip", f"the body is not gzip: {error}") from error
    if len(plain) > limit or stream.unconsumed_tail:
        raise BadBody("payload_too_large", f"found more than {limit} bytes when unpacked; allowed: {limit}")
    if not stream.eof or stream.unused_data:
        raise BadBody("invalid_gzip", "the gzip stream is cut short or has a second member")
    return plain


def agreed(*keys: str) -> str | None:
    """The one key that is named; None where two differ, empty where there is none."""
    named = {key for key in keys if key}
    if len(named) > 1:
        return None
    return named.pop() if named else ""


def header_key(headers: Headers) -> str | None:
    """The write key that the headers name, as `agreed` says."""
    return _header_key(headers.get(b"authorization", b""), headers.get(b"x-write-key", b""))


@lru_cache(maxsize=1024)
def _header_key(authorization: bytes, named: bytes) -> str | None:
    """Basic (with or without its colon), X-Write-Key as KEY:SECRET, and a Bearer that is a write key."""
    scheme, _, value = authorization.decode("latin-1").partition(" ")
    told = ""
    if scheme.lower() == "basic":
        told = _basic(value.strip())
    elif scheme.lower() == "bearer" and value.strip().startswith(PREFIX):
        told = value.strip()
    return agreed(told, named.decode("latin-1").split(":")[0].strip())


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().split(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return value
