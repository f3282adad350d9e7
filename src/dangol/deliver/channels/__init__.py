"""Ways to reach a customer: one file per provider, and which one serves a shop.

A channel takes a finished message and says how the hand-over ended. It never asks whether the message may leave (the
gate did, just before) and never tries again (the ledger does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings
from dangol.deliver import dkim, marks, prices
from dangol.deliver.channels.email import Smtp
from dangol.deliver.channels.esp import open_esp
from dangol.deliver.channels.onsite import OnSite
from dangol.deliver.channels.sandbox import Sandbox
from dangol.deliver.channels.solapi import open_kakao, open_solapi
from dangol.deliver.channels.staff import Staff
from dangol.deliver.channels.twilio import open_twilio
from dangol.deliver.channels.webhooks import open_webhooks
from dangol.deliver.channels.webpush import open_webpush
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome


class Channel(Protocol):
    """Hands messages over."""

    local: bool  # its hand-over is a row in our own database, and stands or falls with the transaction around it

    def hand_over(self, delivery: Delivery, message: Message) -> Outcome: ...

    def close(self) -> None: ...


@runtime_checkable
class Wide(Channel, Protocol):
    """Hands many messages over at once, on as many lanes as it has; each lane is a thread and touches no table."""

    lanes: int
    paced: bool  # behind it are many receiving domains, each with a patience of its own

    def hand_over_many(self, messages: Sequence[tuple[Delivery, Message]]) -> Iterator[Outcome]:
        """One outcome for each message, in their order, each as soon as it is known.

        Of a message nothing that counts leaves before the one in front of it has its outcome: so whatever this raises
        is about the first that has none, and those behind it may be handed over again.
        """


Open = Callable[[Settings], Channel]

# Who may serve a channel, by the name that its setting has; without one its messages stay in the sandbox.
PROVIDERS: dict[str, dict[str, Open]] = {
    "sms": {"solapi": open_solapi, "twilio": open_twilio},
    "kakao": {"solapi": open_kakao},
}


def _smtp(settings: Settings) -> Channel:
    return Smtp(
        settings.smtp_url,
        starttls=settings.smtp_starttls,
        signer=dkim.load(settings.folder, settings.dkim_selector),
        return_path=marks.return_path(settings),
        lanes=settings.smtp_connections,
    )


def sends_email(settings: Settings) -> bool:
    """Whether the shop's e-mail leaves, by a mail server or a provider; else it stays in the outbox."""
    return bool(settings.email_provider or settings.smtp_url)


def _email(settings: Settings) -> Channel:
    if not sends_email(settings):
        return Sandbox()
    return open_esp(settings) if settings.email_provider else _smtp(settings)


def _sms(settings: Settings) -> Channel:
    return _provider("sms", settings.sms_provider, settings)


def _kakao(settings: Settings) -> Channel:
    return _provider("kakao", settings.kakao_provider, settings)


def _provider(channel: str, name: str, settings: Settings) -> Channel:
    if not name:
        return Sandbox()
    known = PROVIDERS[channel]
    if name not in known:
        raise Misconfigured(f"setting {channel}_provider: found {name!r}; allowed: {', '.join(known)} or empty")
    return known[name](settings)


def _webpush(settings: Settings) -> Channel:
    return open_webpush(settings) if settings.webpush_contact else Sandbox()


def _webhook(settings: Settings) -> Channel:
    return open_webhooks(settings) if settings.webhooks else Sandbox()


CHANNELS: dict[str, Open] = {
    "email": _email,
    "sms": _sms,
    "kakao": _kakao,
    "webpush": _webpush,
    "onsite": lambda settings: OnSite(),
    "webhook": _webhook,
    "task": lambda settings: Staff(),
}


def check(settings: Settings) -> None:
    """Open every channel once: a wrong setting is refused at the start. Raises Misconfigured."""
    prices.listed(settings.message_prices)
    for name in CHANNELS:
        open_channel(name, settings).close()


def open_channel(name: str, settings: Settings) -> Channel:
    """The channel of this name, ready to take messages; close it afterwards. Raises Misconfigured."""
    return CHANNELS[name](settings)
