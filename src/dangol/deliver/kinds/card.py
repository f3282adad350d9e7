"""On-site messages: a banner, a modal or a piece of a page that waits until the customer comes to the shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dangol.base.errors import Fault, Invalid
from dangol.base.spans import parse_span
from dangol.deliver import legal
from dangol.deliver.kinds.finished import NOWHERE, Finished
from dangol.deliver.kinds.words import words
from dangol.deliver.messages import Message, Shown
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered

LONGEST = 2_000  # characters of its text
WAITS = timedelta(days=7)
SHOWN_FIELDS = ("title", "text", "button", "url", "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMessage(Message):
    """A card as it waits for its reader."""

    content: dict[str, Any]  # form, slot, title, text, button, url, image
    until: datetime
    times: int = 3  # how often it is shown at most
    rest: timedelta = field(default=timedelta(0))  # between two times

    @property
    def form(self) -> str:
        return "onsite"

    def check(self) -> None:
        if not 0 < len(self.content["text"]) <= LONGEST:
            raise Invalid([Fault("/text", f"{len(self.content['text'])} characters", f"1 to {LONGEST:,}")])
        for name in ("url", "image"):
            if self.content.get(name) and not self.content[name].startswith(("https://", "http://", "/")):
                raise Invalid([Fault(f"/{name}", self.content[name][:200], "an address of http or https")])

    def shown(self) -> Shown:
        told = {"Form": self.content["form"], "Slot": self.content.get("slot", ""), "Until": self.until.isoformat()}
        link = f"\n\n[{self.content['button']}] {self.content['url']}" if self.content.get("button") else ""
        headers = {name: value for name, value in told.items() if value}
        return Shown(self.content.get("title") or self.content["text"][:80], self.content["text"] + link, "", headers)


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Render the card."""
    told = words(draft)
    content: dict[str, Any] = {"form": draft.message.get("form", "banner"), "slot": draft.message.get("slot", "")}
    around = legal.frame(draft.sender, draft.demands, told.language, draft.addresses.unsubscribe())
    title, text = legal.titled(told["title"], told["text"], around)
    content |= {name: told[name] for name in SHOWN_FIELDS} | {"title": title, "text": text}
    until = now + (parse_span(draft.message.get("until")) or WAITS)
    message = CardMessage(
        to=NOWHERE, at=now, content=content, until=min(until, delivery.expires_at or until),
        times=int(draft.message.get("times", 3)), rest=parse_span(draft.message.get("rest")) or timedelta(0),
    )  # fmt: skip
    return Finished(Rendered(told.language, message.shown().subject, "", text), message)
