"""The value that travels through the house: one fact, as the loop sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

OWN = "dangol"  # the source of facts that Dangol itself writes
EVENT_NAMES = {"page": "Page Viewed", "screen": "Screen Viewed"}  # by which rules know facts of these types


class Fact(msgspec.Struct, frozen=True):  # made for every fact: ten times cheaper than a dataclass
    """Something that happened, with a time, a source and an id; never changed."""

    position: int  # in the log
    source: str
    message_id: str
    type: str  # track, page, screen, identify, group, alias
    name: str  # the event's, page's or screen's name; empty otherwise
    at: datetime  # corrected for the client's clock
    received_at: datetime
    user_id: str = ""
    anonymous_id: str = ""
    previous_id: str = ""  # alias only
    customer_id: int = 0  # facts of our own name their customer directly
    identifiers: tuple[tuple[str, str], ...] = ()  # further (kind, value): email, phone, external ids
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    traits: dict[str, Any] = msgspec.field(default_factory=dict)
    context: dict[str, Any] = msgspec.field(default_factory=dict)
    imported: bool = False

    @property
    def own(self) -> bool:
        return self.source == OWN
