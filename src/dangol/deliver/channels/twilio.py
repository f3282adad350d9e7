"""SMS through Twilio."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from dangol.base.errors import Misconfigured
from dangol.base.fetch import Answer
from dangol.base.settings import Settings
from dangol.deliver import outcomes
from dangol.deliver.channels.calls import Asked, Request, Requests, body_of, fetcher, listed, post, refused
from dangol.deliver.kinds.short import ShortMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

BASE = "https://api.twilio.com/2010-04-01"
STOPPED = 21610  # the customer answered STOP
NEWEST = 200  # messages to one number that are looked through
SKEW = timedelta(minutes=1)  # between Twilio's clock and ours
GONE = {21211, 21214, 21217, 21614}  # no such number, or none that takes texts


FAILED = {"failed", "undelivered", "canceled"}


class Twilio(Asked):
    """Hands over one message a request. Twilio knows none by an id of ours: one whose answer was lost is the one with
    the same text to the same number since it was planned.
    """

    def __init__(self, settings: Settings, requests: Requests) -> None:
        if not (settings.twilio_account and settings.twilio_token and settings.sms_sender):
            raise Misconfigured("Twilio needs the settings twilio_account, twilio_token and sms_sender")
        self._settings, self._requests = settings, requests

    def _written(self, delivery: Delivery, message: Message) -> Request:
        if not isinstance(message, ShortMessage):
            raise TypeError(f"Twilio takes no {type(message).__name__}")
        return Request(self._url(), self._headers(), urlencode(self._form(message)).encode())

    def _posted(self, made: Request) -> Outcome:
        answer = post(self._requests, made)
        return answer if isinstance(answer, Outcome) else _outcome(answer)

    def _held(self, delivery: Delivery, message: Message) -> Outcome | None:
        if not isinstance(message, ShortMessage):
            return None
        url = f"{self._url()}?{urlencode({'To': message.to, 'PageSize': str(NEWEST)})}"
        for one in listed(self._requests, url, self._headers(), "messages"):
            outbound = str(one.get("direction", "")).startswith("outbound")
            same = str(one.get("body", "")).endswith(message.text)  # a trial account puts its own words before
            if outbound and same and _made(one) >= delivery.planned_at - SKEW:
                return _held(one)
        return None

    def _url(self) -> str:
        return f"{BASE}/Accounts/{self._settings.twilio_account}/Messages.json"

    def _headers(self) -> dict[str, str]:
        pair = f"{self._settings.twilio_account}:{self._settings.twilio_token}".encode()
        return {
            "authorization": f"Basic {base64.b64encode(pair).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        }

    def _form(self, message: ShortMessage) -> dict[str, str]:
        sender = self._settings.sms_sender
        name = "MessagingServiceSid" if sender.startswith("MG") else "From"
        callback = f"{self._settings.base_url.rstrip('/')}/hooks/twilio?{urlencode({'d': message.mark})}"
        return {"To": message.to, name: sender, "Body": message.text, "StatusCallback": callback}

    def close(self) -> None:
        """Nothing stays open."""


def open_twilio(settings: Settings) -> Twilio:
    return Twilio(settings, fetcher(settings))


def _outcome(answer: Answer) -> Outcome:
    body = body_of(answer)
    if 200 <= answer.status < 300:
        if not body.get("sid"):
            return outcomes.unknown("an answer that says neither yes nor no")
        return outcomes.accepted(str(body.get("status", "")), reference=str(body["sid"]))
    code, said = body.get("code"), f"{body.get('code', '')} {body.get('message', '')}".strip()
    return _bounced(code, said) if code == STOPPED or code in GONE else refused(answer, said)


def _bounced(code: Any, said: str) -> Outcome:
    if code == STOPPED:
        return outcomes.bounced(said, hard=False, reason=outcomes.REFUSED)
    return outcomes.bounced(said, hard=code in GONE)


def _held(found: Mapping[str, Any]) -> Outcome:
    """What Twilio says of a message that it has."""
    status, code = str(found.get("status", "")), found.get("error_code")
    if status in FAILED:
        return _bounced(code, f"{status} {code or ''}".strip())
    return outcomes.accepted(status, delivered=status == "delivered", reference=str(found.get("sid", "")))


def _made(found: Mapping[str, Any]) -> datetime:
    """When Twilio took it; long ago where it does not say."""
    try:
        return parsedate_to_datetime(str(found.get("date_created", ""))).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
