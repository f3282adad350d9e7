"""What steps ask for is done here, in the turn's transaction, or becomes a message for the stage behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dangol.campaign import doing, experiments
from dangol.campaign.book import Book
from dangol.campaign.definition import Message
from dangol.campaign.rules import Send
from dangol.campaign.walking import Asked


def carry_out(book: Book, asked: Sequence[Asked], now: datetime) -> list[Send]:
    """Do what was asked; the messages."""
    doing.carry_out(book, [one for one in asked if not isinstance(one.act, Message)], now)
    messages = [one for one in asked if isinstance(one.act, Message)]
    chosen = experiments.choose(book, messages, now)
    return [_send(one, one.act, chosen.get(n, "")) for n, one in enumerate(messages) if isinstance(one.act, Message)]


def _said(act: Message, channel: str, variant: str) -> Mapping[str, Any]:
    """What is said on a channel; in the variant that was drawn."""
    if not variant:
        return act.messages[channel]
    return {**next(one.message for one in act.variants if one.key == variant), "variant": variant}


def _send(one: Asked, act: Message, variant: str) -> Send:
    run, channel = one.run, act.channels[0]
    return Send(
        campaign=run.campaign.key, step=one.step.key, customer_id=run.customer_id, home=run.home, trigger=run.trigger,
        channel=channel, message_class=act.message_class, message=_said(act, channel, variant), context=run.context,
        due_at=one.due_at, expires_at=one.due_at + act.keeps,
        others=tuple((other, act.messages[other]) for other in act.channels[1:]),
    )  # fmt: skip
