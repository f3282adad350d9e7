"""Browsers that agreed to web push: taken from the facts that our tracker tells, ended where they are gone.

In: `Push Subscribed` and `Push Unsubscribed` facts. Out: rows that the channel sends to.
Promise: only an endpoint of a known push service, with keys that can be used, is ever kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.deliver import vapid
from dangol.deliver.models import Subscription

SUBSCRIBED, UNSUBSCRIBED = "Push Subscribed", "Push Unsubscribed"
SERVICES = ("fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com")
LONGEST = 1000


def take(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Keep what browsers said about their subscriptions, in the caller's transaction."""
    for fact, customer in zip(facts, customer_ids, strict=True):
        if fact.type != "track" or fact.imported or not customer:
            continue
        if fact.name == SUBSCRIBED and (found := readable(fact.properties)):
            _keep(found, customer, fact.at)
        elif fact.name == UNSUBSCRIBED:
            end(key_of(str(fact.properties.get("endpoint", ""))), fact.at)


def _keep(found: dict[str, str], customer: int, at: datetime) -> None:
    given = found | {"customer_id": customer, "home": customer, "at": at, "ended_at": None}
    Subscription.objects.update_or_create(key=key_of(found["endpoint"]), defaults=given)


def end(key: str, at: datetime) -> None:
    """Nobody listens there any more."""
    Subscription.objects.filter(key=key, ended_at=None).update(ended_at=at)


def key_of(endpoint: str) -> str:
    """An endpoint's address on the channel: short, and naming nobody."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:32]


def readable(told: Mapping[str, Any]) -> dict[str, str] | None:
    """A subscription that can be used, or None: it comes from a browser, so it may be anything."""
    endpoint, p256dh, auth = (told.get(name) for name in ("endpoint", "p256dh", "auth"))
    if not (isinstance(endpoint, str) and isinstance(p256dh, str) and isinstance(auth, str)):
        return None
    if not _is_service(endpoint) or not _are_keys(p256dh, auth):
        return None
    return {"endpoint": endpoint, "p256dh": p256dh, "auth": auth}


def _is_service(endpoint: str) -> bool:
    try:
        place = urlsplit(endpoint)
        host, port = (place.hostname or "").lower(), place.port
    except ValueError:
        return False
    known = any(host == one or (one.startswith(".") and host.endswith(one)) for one in SERVICES)
    return (
        known
        and place.scheme == "https"
        and port in {None, 443}
        and "@" not in place.netloc
        and len(endpoint) <= LONGEST
    )


def _are_keys(p256dh: str, auth: str) -> bool:
    try:
        point = vapid.padded(p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return len(point) == 65 and len(vapid.padded(auth)) == 16 and len(p256dh) <= 100 and len(auth) <= 40
    except ValueError:
        return False


def all_of(customer_id: int) -> list[str]:
    """The addresses of all browsers of a customer that still listen."""
    rows = Subscription.objects.filter(customer_id=customer_id, ended_at=None).order_by("at", "pk")
    return list(rows.values_list("key", flat=True))


def customers_at(key: str) -> list[int]:
    """Whose browser an address is."""
    return list(Subscription.objects.filter(key=key).values_list("customer_id", flat=True))


def newest(customers: Sequence[int]) -> dict[int, str]:
    """The address of each customer's newest browser that still listens."""
    return {
        customer: key
        for part in parts(customers)
        for customer, key in Subscription.objects.filter(customer_id__in=part, ended_at=None)
        .order_by("at", "pk")
        .values_list("customer_id", "key")
    }
