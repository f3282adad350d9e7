"""Who we are to push services (RFC 8292): a key pair of the shop's own, made at first use and kept in its data folder.

Losing or changing it ends every subscription, so a backup holds it.
"""

from __future__ import annotations

import base64
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from dangol.base.clock import to_us

FILE = "vapid.key"
LASTS = timedelta(hours=12)  # at most 24
POINT = serialization.PublicFormat.UncompressedPoint


def key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The shop's key; made where there is none yet."""
    path = folder / FILE
    if not path.exists():
        _make(path)
    found = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no elliptic-curve key")
    return found


def _make(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, path)  # fails where another process was faster: its key stands
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def public(private: ec.EllipticCurvePrivateKey) -> str:
    """The public key as browsers and push services read it."""
    return unpadded(private.public_key().public_bytes(serialization.Encoding.X962, POINT))


def authorization(private: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now: datetime) -> str:
    """The header that says who we are to the push service of one endpoint."""
    place = urlsplit(endpoint)
    claims = {
        "aud": f"{place.scheme}://{place.netloc}",
        "exp": to_us(now + LASTS) // 1_000_000,
        "sub": contact if ":" in contact else f"mailto:{contact}",
    }
    parts = [unpadded(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signed = ".".join(parts)
    r, s = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = unpadded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={public(private)}"


def unpadded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    """The bytes of base64url, with or without padding. Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
