"""What a provider's call tells, in our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import parse_qsl, urlsplit

from dangol.base.settings import Settings
from dangol.deliver.returned import Report


@dataclass(frozen=True, slots=True)
class Call:
    """A provider's call as it came over the wire."""

    headers: Mapping[str, str]  # names in lower case
    body: bytes
    url: str  # as the provider called it, with its query

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one of our messages."""

    delivery: int
    report: Report


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer, or a machine for them, looked at a message or followed a link."""

    delivery: int
    what: Literal["opened", "clicked"]
    url: str = ""
    user_agent: str = ""
    id: str = ""  # the provider's own, so that a repetition is one


@dataclass(frozen=True, slots=True)
class Refusal:
    """A customer told the provider that they want no more advertising."""

    address: str
    channel: str = "sms"
    delivery: int = 0  # the message they refused by, where the provider says


@dataclass(frozen=True, slots=True)
class Word:
    """A customer wrote back."""

    address: str
    text: str
    id: str  # the provider's own, so that a repetition is one
    channel: str = "sms"


Told = Fate | Visit | Refusal | Word


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole call, understood."""

    told: Sequence[Told] = field(default_factory=tuple)


class Hearing(Protocol):
    """Understands one provider."""

    def genuine(self, call: Call, settings: Settings) -> bool:
        """Whether the call comes from the provider; never true where the shop set no secret."""

    def told(self, call: Call, settings: Settings) -> Sequence[Told]:
        """What a genuine call says of messages of ours. Raises ValueError for what cannot be read."""
