"""The sandbox: messages of every kind stop in an outbox that people can read, exactly as they would have left."""

from __future__ import annotations

from dangol.deliver import outcomes
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.deliver.outcomes import Outcome


class Sandbox:
    """Keeps every message and delivers it to nobody."""

    local = True

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        keep(delivery, message)
        return outcomes.accepted("kept in the outbox", delivered=True, free=True)

    def close(self) -> None:
        """Nothing is open."""


def keep(delivery: Delivery, message: Message) -> None:
    """Put a message into the outbox; an earlier attempt's gives way."""
    shown = message.shown()
    kept = OutboxMessage(
        delivery=delivery, channel=delivery.channel, to=message.to[:254], subject=shown.subject[:500], text=shown.text,
        html=shown.html, headers=shown.headers, at=message.at,
    )  # fmt: skip
    OutboxMessage.objects.bulk_create(
        [kept], update_conflicts=True, unique_fields=["delivery"],
        update_fields=["to", "subject", "text", "html", "headers", "at"],
    )  # fmt: skip
