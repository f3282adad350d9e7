"""What goes out instead: a text message where a Kakao message did not arrive.

It is a delivery of its own, so it stands in the ledger, is planned once, and passes the gate with the consent of the
channel it takes.
"""

from __future__ import annotations

from datetime import datetime

from dangol.deliver import contents, gate
from dangol.deliver.models import Delivery

MARK = ":fallback"
ENDED = ("bounced", "failed")


def plan(delivery: Delivery, now: datetime) -> None:
    """Plan the text message that a delivery's step names for this case; nothing where it names none."""
    if delivery.state not in ENDED or delivery.trigger.endswith(MARK):
        return
    templates = delivery.message.get("fallback")
    if not templates:
        return
    instead = Delivery(
        campaign=delivery.campaign, step=delivery.step, customer_id=delivery.customer_id, home=delivery.home,
        trigger=delivery.trigger[: 200 - len(MARK)] + MARK, channel="sms", message_class=delivery.message_class,
        content=contents.keep([{"templates": templates}])[0], context=delivery.context, planned_at=now, due_at=now,
        expires_at=delivery.expires_at,
    )  # fmt: skip
    gate.apply(instead, gate.decide([instead], now)[0].decision, now)
    Delivery.objects.bulk_create([instead], ignore_conflicts=True)
