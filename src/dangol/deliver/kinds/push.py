"""Web push: a notification that the visitor's browser shows, also when the shop is not open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from dangol.base.errors import Fault, Invalid
from dangol.deliver import legal
from dangol.deliver.kinds.finished import NOWHERE, Finished
from dangol.deliver.kinds.words import words
from dangol.deliver.messages import Message, Shown
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered

LONGEST = 3_000  # bytes; push services take 3,993 before they are encrypted
TTL = 86_400  # seconds a push service keeps what a browser that is away has not fetched
URGENCIES = ("very-low", "low", "normal", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage(Message):
    """A notification as it leaves."""

    title: str
    body: str
    url: str  # where a click leads: our own counted address
    icon: str = ""
    tag: str = ""  # a newer one with the same tag takes its place
    ttl: int = TTL
    urgency: str = "normal"
    refusal: str = ""  # where more of the kind is refused, behind a button of its own
    refuse: str = ""  # what that button says

    @property
    def form(self) -> str:
        return "webpush"

    def payload(self) -> bytes:
        """What the service worker reads."""
        told = {"title": self.title, "body": self.body, "url": self.url, "icon": self.icon, "tag": self.tag}
        told |= {"refusal": self.refusal, "refuse": self.refuse}
        return json.dumps({k: v for k, v in told.items() if v}, ensure_ascii=False).encode()

    def check(self) -> None:
        if not self.title:
            raise Invalid([Fault("/title", "nothing", "a title")])
        if len(self.payload()) > LONGEST:
            raise Invalid([Fault("/body", f"{len(self.payload())} bytes in all", f"at most {LONGEST:,} bytes")])

    def shown(self) -> Shown:
        told = {"TTL": str(self.ttl), "Urgency": self.urgency, "Topic": self.tag, "Link": self.url}
        return Shown(self.title, self.body, headers={name: value for name, value in told.items() if value})


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Render the notification; it is kept no longer than the message is worth sending."""
    told = words(draft)
    target = told["url"] or settings.DANGOL.base_url
    refusal = draft.addresses.unsubscribe()
    around = legal.frame(draft.sender, draft.demands, told.language, refusal)
    title, body = legal.titled(told["title"], told["body"], around) if told["title"] else ("", "")
    left = int((delivery.expires_at - now).total_seconds()) if delivery.expires_at else TTL
    message = PushMessage(
        to=NOWHERE, at=now, title=title, body=body, icon=told["icon"],
        url=draft.addresses.click(0), tag=str(draft.message.get("replaces", "")),
        ttl=max(min(int(draft.message.get("ttl", TTL)), left), 0), urgency=draft.message.get("urgency", "normal"),
        refusal=refusal if (refuse := legal.button(draft.demands, told.language)) else "", refuse=refuse,
    )  # fmt: skip
    return Finished(Rendered(told.language, message.title, "", message.body, [target]), message)
