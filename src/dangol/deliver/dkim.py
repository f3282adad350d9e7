"""Signs letters by DKIM (RFC 6376): RSA-SHA256, relaxed canonicalisation of headers and body.

Our own few lines, because the library for it takes thirty times as long for a signature and leaves the headers of
one-click unsubscription unsigned by default. Headers that must not be added on the way are named twice.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from dangol.base.errors import Misconfigured

KEY_FILE = "dkim.pem"
BITS = 2048
CRLF = b"\r\n"
# A name stands once more than the header does in the letter: then another one added on the way breaks the signature.
SIGNED = (
    *("from", "from", "to", "to", "subject", "subject", "date", "date", "message-id", "message-id"),
    *("mime-version", "content-type", "reply-to", "list-unsubscribe", "list-unsubscribe"),
    *("list-unsubscribe-post", "list-unsubscribe-post", "list-id", "feedback-id", "in-reply-to", "references"),
)
_BLANKS = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for any domain that has the key's record under the selector."""

    selector: str
    key: rsa.RSAPrivateKey

    def signed(self, letter: bytes, domain: str, at: datetime) -> bytes:
        """The letter (ASCII, lines ended by CRLF) with its DKIM-Signature in front; `domain` is that of its From."""
        head, _, body = letter.partition(CRLF + CRLF)
        digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
        fields = _fields(head + CRLF)
        unsigned = (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
            f" d={domain}; s={self.selector}; t={int(at.timestamp())};\r\n"
            f" bh={digest};\r\n"
            f" h={_folded(SIGNED)};\r\n"
            " b="
        )
        material = b"".join(_picked(fields)) + relaxed_field(unsigned.encode())
        signature = base64.b64encode(self.key.sign(material, padding.PKCS1v15(), hashes.SHA256())).decode()
        lines = "\r\n ".join(signature[start : start + 72] for start in range(0, len(signature), 72))
        return unsigned.encode() + lines.encode() + CRLF + letter


def _folded(names: Sequence[str]) -> str:
    return ":\r\n ".join(":".join(names[start : start + 3]) for start in range(0, len(names), 3))


def _fields(head: bytes) -> dict[str, list[bytes]]:
    """Header fields by lower-case name, from the bottom up: in that order signatures count them."""
    found: dict[str, list[bytes]] = {}
    for field in re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", head):
        found.setdefault(field.partition(b":")[0].strip().lower().decode("ascii", "replace"), []).append(field)
    return found


def _picked(fields: dict[str, list[bytes]]) -> list[bytes]:
    left = {name: list(found) for name, found in fields.items()}
    return [relaxed_field(left[name].pop()) + CRLF for name in SIGNED if left.get(name)]


def relaxed_field(field: bytes) -> bytes:
    """RFC 6376, 3.4.2, without the line's end."""
    name, _, value = field.partition(b":")
    flat = _BLANKS.sub(b" ", value.replace(CRLF, b""))
    return name.strip().lower() + b":" + flat.strip()


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(CRLF)]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + CRLF for line in lines)


# --- the key ----------------------------------------------------------------------------------------------------------


def make_key(folder: Path) -> Path:
    """The shop's key in its data folder, made where there is none."""
    path = folder / KEY_FILE
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    return path


def load(folder: Path, selector: str) -> Signer | None:
    """The signer of this shop; None where no selector is set. Raises Misconfigured."""
    if not selector:
        return None
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", selector):
        raise Misconfigured(f"setting dkim_selector: found {selector!r}; allowed: one DNS label of a-z, 0-9 and -")
    path = folder / KEY_FILE
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise Misconfigured(f"{path} is missing; `dangol dkim` makes it and shows the record to publish") from error
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"{path} holds no private key in PEM form: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < BITS:
        raise Misconfigured(f"{path}: allowed is an RSA key of {BITS} bits or more")
    return Signer(selector, key)


def record(signer: Signer) -> str:
    """The TXT record that mailbox providers check signatures with, to stand at `selector._domainkey.domain`."""
    public = signer.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
