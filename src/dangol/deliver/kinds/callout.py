"""Webhooks: what happened to a customer, told to another system of the shop, as Standard Webhooks say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dangol.base import links
from dangol.base.errors import Fault, Invalid
from dangol.base.instants import iso
from dangol.campaign.templates import render_plain
from dangol.deliver.kinds.finished import Finished
from dangol.deliver.messages import Message, Shown
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered

LONGEST = 20_000  # bytes
PERSON = ("id", "user_id", "email", "phone", "name", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage(Message):
    """A call as it leaves; the id is the same for every attempt."""

    id: str
    type: str
    body: bytes

    @property
    def form(self) -> str:
        return "webhook"

    def check(self) -> None:
        if len(self.body) > LONGEST:
            raise Invalid([Fault("/data", f"{len(self.body)} bytes", f"at most {LONGEST:,} bytes")])

    def shown(self) -> Shown:
        text = json.dumps(json.loads(self.body), ensure_ascii=False, indent=2)
        return Shown(self.type, text, headers={"webhook-id": self.id})


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Write the body: who, why, and what the step adds."""
    wanted: Mapping[str, str] = draft.message.get("data") or {}
    customer = draft.variables.get("customer") or {}
    data: dict[str, Any] = {
        "customer": {name: customer.get(name, "") for name in PERSON},
        "campaign": delivery.campaign,
        "step": delivery.step,
        "event": draft.variables.get("event") or {},
        **{name: render_plain(source, draft.variables) for name, source in wanted.items()},
    }
    kind = draft.message.get("type", "journey.step")
    body = {"type": kind, "timestamp": iso(delivery.planned_at), "data": data}
    message = WebhookMessage(
        to=draft.message["url"], at=now, type=kind,
        id=f"msg_{links.sign(draft.addresses.secret, 'm', delivery.pk)}",
        body=json.dumps(body, ensure_ascii=False, default=str).encode(),
    )  # fmt: skip
    return Finished(Rendered(draft.languages[0] if draft.languages else "en", kind, "", ""), message)
