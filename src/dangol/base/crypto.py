"""Secrets at rest: what other systems gave us in confidence, sealed before it touches a table.

AES-256-GCM under a key derived from the shop's own secret (HKDF with a label). Each sealed text names the key it was
sealed under, so that a shop can change its secret: the earlier one stays beside it until everything is sealed anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dangol.base.errors import Misconfigured
from dangol.base.settings import read_secret

LABEL = b"dangol:secrets-at-rest:1"
NONCE_BYTES = 12
PREVIOUS = "secret.previous.key"  # in the data folder, while secrets sealed under it are left


class Vault:
    """Seals under the shop's present key, opens what was sealed under that or an earlier one."""

    def __init__(self, secret: bytes, previous: Sequence[bytes] = ()) -> None:
        keys = [_derive(one) for one in (secret, *previous)]
        self._keys = {_key_id(key): key for key in keys}
        self.key_id = _key_id(keys[0])

    def seal(self, text: str, purpose: str) -> str:
        """The text, to be opened for the same purpose only: a secret copied into another row stays shut."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + AESGCM(self._keys[self.key_id]).encrypt(nonce, text.encode(), purpose.encode())
        return f"{self.key_id}.{base64.urlsafe_b64encode(sealed).decode()}"

    def unseal(self, sealed: str, purpose: str) -> str:
        """What was sealed; empty for empty. Raises Misconfigured where the key is not here or the text was altered."""
        if not sealed:
            return ""
        key_id, _, body = sealed.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            raise Misconfigured(f"a secret is sealed under key {key_id!r}; found {sorted(self._keys)}: see {PREVIOUS}")
        try:
            raw = base64.urlsafe_b64decode(body)
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise Misconfigured(f"the secret for {purpose} cannot be opened: it was altered") from error

    def is_stale(self, sealed: str) -> bool:
        """Whether this was sealed under an earlier key."""
        return bool(sealed) and not sealed.startswith(self.key_id + ".")


def vault(folder: Path) -> Vault:
    """The vault of a data folder."""
    try:
        previous = [(folder / PREVIOUS).read_bytes()]
    except FileNotFoundError:
        previous = []
    return Vault(read_secret(folder), previous)


def _derive(secret: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=LABEL).derive(secret)


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"id:" + key).hexdigest()[:8]
