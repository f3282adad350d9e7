"""The sandbox: messages stop in an outbox that people can read, exactly as they would have left."""

from __future__ import annotations

from dangol.deliver import outcomes
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.deliver.outcomes import Outcome


class Sandbox:
    """Keeps every message and delivers it to nobody."""

    local = True

    def hand_over(self, delivery: Delivery, letter: Letter) -> Outcome:
        kept = OutboxMessage(
            delivery=delivery, channel=delivery.channel, to=letter.to, subject=letter.subject[:500], text=letter.text,
            html=letter.html, headers=letter.headers(), at=letter.at,
        )  # fmt: skip
        OutboxMessage.objects.bulk_create(
            [kept], update_conflicts=True, unique_fields=["delivery"],
            update_fields=["to", "subject", "text", "html", "headers", "at"],
        )  # fmt: skip
        return outcomes.accepted("kept in the outbox", delivered=True)

    def close(self) -> None:
        """Nothing is open."""
