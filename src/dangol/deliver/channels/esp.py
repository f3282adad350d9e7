"""E-mail through a provider's HTTP interface: Amazon SES, Brevo, Mailgun, Postmark, SendGrid (django-anymail)."""

from __future__ import annotations

import importlib
import logging
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr
from typing import Any

from django.core.mail import EmailMultiAlternatives

from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings
from dangol.deliver import marks, outcomes
from dangol.deliver.channels.calls import PATIENCE_MOST, SECONDS, Laned
from dangol.deliver.letter import Letter
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

log = logging.getLogger("dangol.deliver.esp")

MARK = "dangol"  # the piece of metadata that names our delivery
WRITTEN_BY_THEM = {"Date", "From", "To", "Subject", "MIME-Version", "Content-Type"}


@dataclass(frozen=True, slots=True)
class Esp:
    """What is particular to one provider."""

    module: str  # of anymail
    key: str = "api_key"  # what it calls the key
    headers: Mapping[str, str] | None = None


ESPS = {
    "brevo": Esp("brevo"),
    "mailgun": Esp("mailgun"),
    "postmark": Esp("postmark", "server_token", {"X-PM-KeepID": "true"}),
    "sendgrid": Esp("sendgrid"),
    "ses": Esp("amazon_ses", ""),  # its keys come from the environment, as Amazon's own tools read them
}


class Provider(Laned[tuple[Any, Any]]):
    """Hands over one letter a request, over one connection for each lane."""

    def __init__(self, settings: Settings, name: str, adapter: Any = None) -> None:
        self._esp, self._secret = ESPS[name], settings.secret
        given: dict[str, Any] = {self._esp.key: settings.email_api_key} if self._esp.key else {}
        if name == "mailgun" and settings.email_domain:
            given["sender_domain"] = settings.email_domain
        if self._esp.key and not settings.email_api_key:
            raise Misconfigured(f"{name} needs the setting email_api_key")
        self._made = imported(f"anymail.backends.{self._esp.module}").EmailBackend
        self._given, self._mine = given, threading.local()
        self._adapter, self._errors = adapter, imported("anymail.exceptions")

    def _written(self, delivery: Delivery, message: Message) -> tuple[Any, Any] | Outcome:
        """The connection of this lane, and the letter."""
        if not isinstance(message, Letter):
            raise TypeError(f"an e-mail provider takes no {type(message).__name__}")
        letter = self._letter(delivery, message)
        try:
            return self._backend(), letter
        except Exception as error:  # such as a region of Amazon's that is not set: the shop can mend that
            log.warning("the e-mail provider cannot be used: %s", error)
            return outcomes.closed(f"connect: {outcomes.fault(error)}")

    def _sent(self, delivery: Delivery, message: Message, made: tuple[Any, Any]) -> Outcome:
        backend, letter = made
        try:
            backend.send_messages([letter])
        except self._errors.AnymailRecipientsRefused as error:
            return outcomes.bounced(_said(error), hard=False, reason="policy")
        except self._errors.AnymailAPIError as error:
            return _failed(error)
        except self._errors.AnymailError as error:  # it was never put into a request
            return outcomes.failed(_said(error))
        return _ended(letter)

    def _letter(self, delivery: Delivery, message: Letter) -> Any:
        headers = {k: v for k, v in message.headers().items() if k not in WRITTEN_BY_THEM}
        letter: Any = EmailMultiAlternatives(
            message.subject, message.text, formataddr((message.sender_name, message.sender)), [message.to],
            headers=headers | dict(self._esp.headers or {}),
        )  # fmt: skip
        letter.attach_alternative(message.html, "text/html")
        letter.metadata = {MARK: marks.mark(self._secret, delivery.pk)}
        letter.track_opens = letter.track_clicks = False  # ours are in the letter already
        return letter

    def _backend(self) -> Any:
        """This lane's connection."""
        if not hasattr(self._mine, "backend"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it no longer tests one of them is said in docs/channels.md
                self._mine.backend = self._made(timeout=SECONDS, ignore_unsupported_features=True, **self._given)
            if self._mine.backend.open() and self._adapter:
                self._mine.backend.session.mount("https://", self._adapter)
        return self._mine.backend

    def close(self) -> None:
        """The lanes' connections end with their threads."""


def imported(name: str) -> Any:
    """A module of django-anymail. Raises Misconfigured where the extra is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Misconfigured(f"e-mail providers need the extra: pip install 'dangol[providers]' ({error})") from error


def open_esp(settings: Settings) -> Provider:
    if settings.email_provider not in ESPS:
        raise Misconfigured(
            f"setting email_provider: found {settings.email_provider!r}; allowed: {', '.join(ESPS)} or empty"
        )
    return Provider(settings, settings.email_provider)


def _ended(letter: Any) -> Outcome:
    status = letter.anymail_status
    told = ", ".join(sorted(status.status or ()))
    if status.status and status.status <= {"sent", "queued"}:
        return outcomes.accepted(told, reference=str(status.message_id or ""))
    refused = status.status and status.status <= {"sent", "queued", "invalid", "rejected", "failed"}
    return outcomes.bounced(told, hard=False, reason="policy") if refused else outcomes.unknown(told or "no status")


def _failed(error: Any) -> Outcome:
    """No answer leaves open whether the letter is on its way, unless the connection never stood."""
    answer = getattr(error, "response", None)
    if answer is None:
        return outcomes.deferred(_said(error)) if _never_stood(error) else outcomes.unknown(_said(error))
    status, given = answer.status_code, answer.headers.get("retry-after", "")
    after = min(timedelta(seconds=int(given)), PATIENCE_MOST) if given.isdecimal() and len(given) < 8 else None
    if status in {401, 403, 429, 503}:
        return outcomes.deferred(_said(error), after)
    if status >= 500 or 200 <= status < 300:  # an answer that cannot be read may have been a yes
        return outcomes.unknown(_said(error))
    return outcomes.failed(_said(error))


def _never_stood(error: BaseException) -> bool:
    """Whether nothing can have left: a connection that ends early is another matter."""
    cause = error.__cause__
    names = {kind.__name__ for kind in type(cause).__mro__}
    return "ConnectTimeout" in names or "Caused by NewConnectionError" in str(cause) or "NameResolution" in str(cause)


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]
