"""A stable random share: the same customer is always in the same per cent of a salt."""

from __future__ import annotations

import hashlib


def share(salt: str, customer: int) -> float:
    """A number in [0, 100): the first 8 bytes of SHA-256(salt + ":" + customer id), big endian, / 2^64 × 100."""
    digest = hashlib.sha256(f"{salt}:{customer}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100
