"""Secret keys of the admin API: shown once, kept as a hash, scoped."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError

from dangol.base.errors import Fault, Invalid
from dangol.web.models import ApiKey

PREFIX = "dgk_"
SHOWN = 10  # characters of a key that people may see again
SCOPES = ("read", "write")
NOTED_EVERY = timedelta(minutes=1)  # how exactly the last use is known


def make_api_key(name: str, scopes: Sequence[str], now: datetime) -> tuple[ApiKey, str]:
    """A new key and its secret, which cannot be read again. Raises Invalid for a scope that is not known."""
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise Invalid([Fault("/scopes", repr(list(scopes)), " and ".join(SCOPES))])
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        name=name, prefix=secret[:SHOWN], hash=hashed(secret), scopes=list(scopes), created_at=now
    )
    return row, secret


def hashed(secret: str) -> str:
    """What is kept of a secret; it is long and random, so one plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(secret: str, now: datetime) -> ApiKey | None:
    """The live key of a secret; notes that it was used."""
    if not secret.startswith(PREFIX):
        return None
    row = ApiKey.objects.filter(hash=hashed(secret), revoked_at=None).first()
    if row and (row.last_used_at is None or now - row.last_used_at > NOTED_EVERY):
        with contextlib.suppress(DatabaseError):  # on a full or broken disk people still read
            ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def revoke(key_id: int, now: datetime) -> None:
    """Let a key open nothing any more."""
    ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=now)
