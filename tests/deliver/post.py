"""A post office for tests: customers who may be written to, messages to plan, and a channel that does as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dangol.base.clock import SetClock
from dangol.campaign.rules import Send
from dangol.collect.models import Outgoing
from dangol.deliver import outcomes, steps
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome
from dangol.profile.models import Consent, Profile

Answer = Callable[[Delivery, Letter], Outcome]


class Crash(BaseException):
    """The process ends here: nothing catches it, as nothing catches kill -9."""


@dataclass
class Recorder:
    """A channel over a network that is only pretended: keeps what arrived at the other side."""

    answer: Answer = lambda delivery, letter: outcomes.accepted("250 ok")
    arrived: list[tuple[int, str, str, str]] = field(default_factory=list)  # delivery, to, subject, Message-ID
    states: list[str] = field(default_factory=list)  # of the delivery on disk at the moment of the hand-over
    local = False

    def hand_over(self, delivery: Delivery, letter: Letter) -> Outcome:
        self.states.append(Delivery.objects.get(pk=delivery.pk).state)
        outcome = self.answer(delivery, letter)
        if outcome.state in {"accepted", "unknown"}:
            self.arrived.append((delivery.pk, letter.to, letter.subject, letter.message_id))
        return outcome

    def close(self) -> None:
        """Nothing is open."""


def customer(number: int, now: datetime, consent: str = "granted", **fields: Any) -> int:
    given = {"email": f"c{number}@example.com", "language": "en", "first_seen_at": now, "last_seen_at": now}
    Profile.objects.create(customer_id=number, **(given | fields))
    if consent:
        Consent.objects.create(
            customer_id=number, channel="email", purpose="marketing", state=consent, at=now - timedelta(days=30),
            position=number, source="site",
        )  # fmt: skip
    return number


def send(who: int, now: datetime, **changes: Any) -> Send:
    given = {
        "campaign": "news",
        "step": "mail",
        "customer_id": who,
        "trigger": "segment:1",
        "channel": "email",
        "message_class": "marketing",
        "message": {"templates": {"en": {"subject": "News", "html": '<p><a href="https://shop.example/">go</a></p>'}}},
        "due_at": now,
        "expires_at": now + timedelta(hours=72),
    }
    return Send(**(given | changes))


def run(clock: SetClock) -> None:
    while steps.work(clock, 100):
        pass


def facts(name: str | None = None) -> list[dict[str, Any]]:
    """The facts that were written, each with its message id."""
    rows = [(row.message_id, msgspec.json.decode(bytes(row.body))) for row in Outgoing.objects.order_by("id")]
    return [body | {"messageId": key} for key, body in rows if name in {None, body["event"]}]
