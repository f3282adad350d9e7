"""What people look at in connected shops. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from dangol.collect.shops.models import ShopConnection, ShopDelivery

LATELY = timedelta(days=7)
QUIET_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection is."""

    silent_for: timedelta | None  # since the last webhook, where that is longer than a shop is usually quiet
    never_heard: bool
    counts: dict[str, int]  # state → webhooks of the last week
    waiting: int  # privacy requests that nobody has answered
    filling: bool  # history is being read

    @property
    def failed(self) -> int:
        return self.counts.get("failed", 0)


def connections() -> list[ShopConnection]:
    """Every connected shop, the oldest first."""
    return list(ShopConnection.objects.select_related("source").order_by("pk"))


def health(row: ShopConnection, now: datetime) -> Health:
    lately = ShopDelivery.objects.filter(connection=row, at__gte=now - LATELY)
    counts = dict(lately.values("state").annotate(n=Count("id")).values_list("state", "n"))
    silence = now - (row.last_webhook_at or row.created_at)
    return Health(
        silent_for=silence if silence >= QUIET_AFTER else None,
        never_heard=row.last_webhook_at is None,
        counts=counts,
        waiting=ShopDelivery.objects.filter(connection=row, state="privacy", reason="").count(),
        filling=bool(row.backfill),
    )


def deliveries(row: ShopConnection, limit: int = 20) -> list[ShopDelivery]:
    """The newest webhooks of a shop."""
    return list(ShopDelivery.objects.filter(connection=row).order_by("-pk")[:limit])
