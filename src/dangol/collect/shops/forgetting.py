"""Forgetting a person in what shop platforms told: webhooks that name them are emptied, their things are nobody's."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from dangol.collect.shops.models import ShopConnection, ShopDelivery, ShopObject

Key = tuple[str, str]  # kind, value

EMPTY = "{}"
PERSONAL = ("customer", "consent.email", "consent.sms")  # whose object is the person


def forget(keys: Collection[Key], texts: Iterable[str]) -> dict[str, int]:
    """Empty the webhooks in which any of these texts stands, or which tell of things that are the person's."""
    named = Q()
    for text in texts:
        named |= Q(body__icontains=text)
    emptied = 0
    for connection in ShopConnection.objects.all():
        mine = _objects(connection, keys)
        about = named
        for number in mine.values_list("object_id", flat=True):
            about |= Q(body__contains=f'"id":{number},') | Q(body__contains=f'"id": {number},')
        if about:
            emptied += connection.deliveries.filter(about).exclude(body=EMPTY).update(body=EMPTY, facts=0)
        mine.filter(kind__in=PERSONAL).delete()
        mine.update(customer="")
    hashes = [f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:32]}" for _kind, value in keys]  # told.Who.key
    ShopObject.objects.filter(object_id__in=hashes).delete()
    waiting = ShopDelivery.objects.filter(body=EMPTY, state__in=("waiting", "failed"))
    waiting.update(state="ignored", reason="the person was erased")
    return {"webhooks": emptied}


def _objects(connection: ShopConnection, keys: Collection[Key]) -> QuerySet[ShopObject]:
    """What of a shop is theirs, by the shop's own number of them."""
    begin = f"{connection.domain}/"
    platform = connection.platform
    numbers = [value.removeprefix(begin) for kind, value in keys if kind == platform and value.startswith(begin)]
    return ShopObject.objects.filter(connection=connection, customer__in=numbers)
