"""Ways to reach a customer: one file per channel, and which one serves a shop.

A channel takes a finished message and says how the hand-over ended. It never asks whether the message may leave (the
gate did, just before) and never tries again (the ledger does).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dangol.base.settings import Settings
from dangol.deliver.channels.email import Smtp
from dangol.deliver.channels.sandbox import Sandbox
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome


class Channel(Protocol):
    """Hands messages over."""

    local: bool  # its hand-over is a row in our own database, and stands or falls with the transaction around it

    def hand_over(self, delivery: Delivery, letter: Letter) -> Outcome: ...

    def close(self) -> None: ...


def _email(settings: Settings) -> Channel:
    return Smtp(settings.smtp_url, starttls=settings.smtp_starttls) if settings.smtp_url else Sandbox()


CHANNELS: dict[str, Callable[[Settings], Channel]] = {"email": _email}


def open_channel(name: str, settings: Settings) -> Channel:
    """The channel of this name, ready to take messages; close it afterwards."""
    return CHANNELS[name](settings)
