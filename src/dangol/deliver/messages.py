"""A finished message: what leaves on a channel, whatever the channel is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as people read it in the outbox."""

    subject: str = ""
    text: str = ""
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # what else leaves with it, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(ABC):
    """What every message has. The gate names the address at the last moment."""

    to: str
    at: datetime  # of the attempt

    def addressed(self, to: str, at: datetime) -> Self:
        """The same message on its way to this address now."""
        return replace(self, to=to, at=at)

    @property
    @abstractmethod
    def form(self) -> str:
        """What the price list calls it."""

    @abstractmethod
    def check(self) -> None:
        """Refuse here what could not leave. Raises DangolError."""

    @abstractmethod
    def shown(self) -> Shown:
        """As people read it in the outbox."""
