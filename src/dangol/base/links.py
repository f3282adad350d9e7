"""Short signed links: what a customer's click proves, in 32 characters or so, without an e-mail address in it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

MAC_BYTES = 16  # 128 bits


def _pack(numbers: tuple[int, ...]) -> bytes:
    out = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def _unpack(data: bytes) -> tuple[int, ...]:
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            numbers.append(value)
            value, shift = 0, 0
    if shift:
        raise ValueError("truncated number")
    return tuple(numbers)


def _mac(secret: bytes, kind: str, body: bytes) -> bytes:
    return hmac.new(secret, b"link:" + kind.encode() + b":" + body, hashlib.sha256).digest()[:MAC_BYTES]


def sign(secret: bytes, kind: str, *numbers: int) -> str:
    """A URL-safe token for non-negative integers (a delivery id, a link's index …).

    `kind` is the route's letter ("u", "c", "o", "s", "p"); a token signed for one kind is void for another.
    """
    body = _pack(numbers)
    return base64.urlsafe_b64encode(_mac(secret, kind, body) + body).rstrip(b"=").decode()


def unsign(secret: bytes, kind: str, token: str) -> tuple[int, ...] | None:
    """The integers that were signed, or None where the token is not ours or was altered."""
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        mac, body = data[:MAC_BYTES], data[MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(secret, kind, body)):
            return None
        return _unpack(body)
    except (ValueError, binascii.Error, UnicodeEncodeError):
        return None


def sign_folded(secret: bytes, kind: str, *numbers: int) -> str:
    """As `sign`, of small letters and digits only: for a mailbox's local part, which mail servers may fold."""
    body = _pack(numbers)
    return base64.b32encode(_mac(secret, kind, body) + body).rstrip(b"=").decode().lower()


def unsign_folded(secret: bytes, kind: str, token: str) -> tuple[int, ...] | None:
    """The integers that `sign_folded` signed, or None."""
    try:
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        mac, body = data[:MAC_BYTES], data[MAC_BYTES:]
        return _unpack(body) if hmac.compare_digest(mac, _mac(secret, kind, body)) else None
    except (ValueError, binascii.Error, UnicodeEncodeError):
        return None
