"""Addresses that fail again and again, though they may work one day: they get a rest instead of another letter."""

from __future__ import annotations

from datetime import datetime, timedelta

from dangol.deliver import rules, suppressions
from dangol.deliver.models import Delivery, Returned, Suppression
from dangol.deliver.outcomes import Outcome

SOFT_LIMIT = 3  # failures that may pass, on an address that nothing reached in between …
SOFT_OVER = timedelta(hours=72)  # … over at least so long …
SOFT_REST = timedelta(days=14)  # … give it so long a rest
OURS = frozenset({"policy", "content", "network"})  # reasons that are about us, not about the address


def refused(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """The server said at once that the address takes nothing now, such as a full mailbox: booked as if it came back."""
    if outcome.hard or outcome.reason in OURS:
        return
    Returned.objects.get_or_create(
        delivery=delivery, kind="bounced",
        defaults={
            "channel": delivery.channel, "address_hash": suppressions.address_hash(delivery.channel, delivery.address),
            "hard": False, "reason": outcome.reason, "status": "", "at": now,
        },
    )  # fmt: skip
    rest(delivery, now)


def rest(delivery: Delivery, now: datetime) -> None:
    """Three such failures over three days, and nothing that arrived in between, give the address a rest."""
    hashed = suppressions.address_hash(delivery.channel, delivery.address)
    failures = _failures(delivery.channel, hashed)
    if len(failures) < SOFT_LIMIT or failures[0] - failures[-1] < SOFT_OVER:
        return
    Suppression.objects.get_or_create(
        channel=delivery.channel, address_hash=hashed, purpose=rules.EVERY_PURPOSE,
        defaults={"reason": "soft_bounce", "created_at": now, "expires_at": now + SOFT_REST},
    )  # fmt: skip


def _failures(channel: str, hashed: str) -> list[datetime]:
    """When letters to the address failed since one arrived, the newest first."""
    heard = Returned.objects.filter(channel=channel, address_hash=hashed).order_by("-at")
    found: list[datetime] = []
    for kind, reason, at in heard.values_list("kind", "reason", "at")[:50]:
        if kind == "delivered":
            break
        if kind == "bounced" and reason not in OURS:
            found.append(at)
    return found
