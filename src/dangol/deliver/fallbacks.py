"""What goes out instead: a text message where a Kakao message did not arrive.

It is a delivery of its own, so it stands in the ledger, is planned once, and passes the gate with the consent of the
channel it takes. All else it has of the first: the run that asked for it, its rank among others, its variant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dangol.base import bulk
from dangol.campaign.contents import fields
from dangol.deliver import contents, gate
from dangol.deliver.models import Delivery

CHANNEL = "sms"
ENDED = ("bounced", "failed")


def plan(ended: Sequence[Delivery], now: datetime) -> None:
    """Plan the text messages that the steps of deliveries name for such an end; nothing where they name none.

    The ledger knows of the end already, so that what did not arrive takes no room from what goes out instead.
    """
    failed = [one for one in ended if one.state in ENDED and not one.instead and one.message.get("fallback")]
    if not failed:
        return
    kept = contents.keep([_said(one) for one in failed])
    planned = [
        Delivery(
            campaign=one.campaign, step=one.step, customer_id=one.customer_id, home=one.home, trigger=one.trigger,
            instead=True, channel=CHANNEL, message_class=one.message_class, content=content, context=one.context,
            planned_at=now, due_at=now, expires_at=one.expires_at,
        )
        for one, content in zip(failed, kept, strict=True)
    ]  # fmt: skip
    for one, verdict in zip(planned, gate.decide(planned, now), strict=True):
        gate.apply(one, verdict.decision, now)
    bulk.insert(planned, ignore=True)


def _said(delivery: Delivery) -> dict[str, Any]:
    """The first message without what only its own channel understands, and with the texts for this one."""
    foreign = set(fields(delivery.channel)) - set(fields(CHANNEL))
    shared = {name: value for name, value in delivery.message.items() if name not in foreign}
    return shared | {"templates": delivery.message["fallback"]}
