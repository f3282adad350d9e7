"""On-site messages: a row of our own that waits until the customer looks at the shop."""

from __future__ import annotations

from dangol.deliver import outcomes
from dangol.deliver.kinds.card import CardMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Card, Delivery
from dangol.deliver.outcomes import Outcome


class OnSite:
    """Puts cards where the shop's pages ask for them."""

    local = True

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        if not isinstance(message, CardMessage):
            raise TypeError(f"the site shows no {type(message).__name__}")
        waiting = {
            "customer_id": delivery.customer_id, "home": delivery.home, "content": message.content,
            "until": message.until, "times": message.times, "rest_seconds": int(message.rest.total_seconds()),
        }  # fmt: skip
        Card.objects.update_or_create(delivery=delivery, defaults=waiting)
        return outcomes.accepted("waits on the site")

    def close(self) -> None:
        """Nothing is open."""
