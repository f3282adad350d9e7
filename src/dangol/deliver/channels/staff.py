"""Staff tasks: the fact that asks a person to call, write or visit; the loop puts it on their list."""

from __future__ import annotations

from dangol.collect.steps import emit
from dangol.deliver import outcomes
from dangol.deliver.kinds.note import TaskMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome


class Staff:
    """Asks the shop's own people."""

    local = True

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome:
        if not isinstance(message, TaskMessage):
            raise TypeError(f"staff take no {type(message).__name__}")
        told = {
            "kind": message.kind, "title": message.title, "text": message.text, "delivery": delivery.pk,
            "campaign": delivery.campaign, "step": delivery.step,
        }  # fmt: skip
        emit("Task Asked", delivery.customer_id, told, message_id=f"task:{delivery.pk}", at=message.at)
        return outcomes.accepted("on the list")

    def close(self) -> None:
        """Nothing is open."""
