"""Reading one tracking request: whose it is and what it carries, while it streams in."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dangol.collect.rules import BadBody

GZIP = 31  # zlib's window bits for a gzip header


@dataclass(frozen=True, slots=True)
class Keys:
    """The write keys a request names, by the place they stand in."""

    header: str
    body: str

    def agreed(self) -> str | None:
        """The one key; None where the two disagree. Empty where there is none."""
        if self.header and self.body and self.header != self.body:
            return None
        return self.header or self.body


async def read_body(receive: Callable[[], Awaitable[Mapping[str, Any]]], limit: int) -> bytes:
    """The request's body; stops at one byte over the limit. Raises BadBody."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadBody("disconnected", "the client went away")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BadBody("payload_too_large", f"the body is over {limit} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before compression. Raises BadBody for a bomb, a cut stream or a second member."""
    if body[:2] != b"\x1f\x8b" or encoding not in {"gzip", "x-gzip", ""}:
        return body
    stream = zlib.decompressobj(GZIP)
    try:
        plain = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadBody("invalid_gzip", f"the body is not gzip: {error}") from error
    if len(plain) > limit or stream.unconsumed_tail:
        raise BadBody("payload_too_large", f"the body is over {limit} bytes when unpacked")
    if not stream.eof or stream.unused_data:
        raise BadBody("invalid_gzip", "the gzip stream is cut short or has a second member")
    return plain


def keys_of(headers: Mapping[str, str], payload: Any) -> Keys:
    """The write keys named by Authorization (Basic, with or without the colon), X-Write-Key, and the body."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    header = ""
    if scheme.lower() == "basic":
        try:
            header = base64.b64decode(value.strip(), validate=True).decode().split(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            header = value.strip()
    header = header or headers.get("x-write-key", "").split(":")[0]
    return Keys(header, _body_key(payload))


def _body_key(payload: Any) -> str:
    if isinstance(payload, list):
        payload = payload[0] if payload else None
    if not isinstance(payload, dict):
        return ""
    key = payload.get("writeKey")
    if not key and isinstance(batch := payload.get("batch"), list) and batch and isinstance(batch[0], dict):
        key = batch[0].get("writeKey")
    return key if isinstance(key, str) and "***" not in key else ""  # some libraries mask the key in the body
