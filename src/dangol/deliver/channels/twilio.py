"""SMS through Twilio."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from dangol.base.errors import Misconfigured
from dangol.base.fetch import Answer
from dangol.base.settings import Settings
from dangol.deliver import outcomes
from dangol.deliver.channels.calls import Laned, Request, Requests, body_of, fetcher, post, refused
from dangol.deliver.kinds.short import ShortMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

BASE = "https://api.twilio.com/2010-04-01"
STOPPED = 21610  # the customer answered STOP
GONE = {21211, 21214, 21217, 21614}  # no such number, or none that takes texts


class Twilio(Laned[Request]):
    """Hands over one message a request; Twilio knows none by an id of ours, so a lost answer stays unknown."""

    def __init__(self, settings: Settings, requests: Requests) -> None:
        if not (settings.twilio_account and settings.twilio_token and settings.sms_sender):
            raise Misconfigured("Twilio needs the settings twilio_account, twilio_token and sms_sender")
        self._settings, self._requests = settings, requests

    def _written(self, delivery: Delivery, message: Message) -> Request:
        if not isinstance(message, ShortMessage):
            raise TypeError(f"Twilio takes no {type(message).__name__}")
        return Request(self._url(), self._headers(), urlencode(self._form(message)).encode())

    def _sent(self, delivery: Delivery, message: Message, made: Request) -> Outcome:
        answer = post(self._requests, made)
        return answer if isinstance(answer, Outcome) else _outcome(answer)

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
    if code == STOPPED:
        return outcomes.bounced(said, hard=False, reason=outcomes.REFUSED)
    if code in GONE:
        return outcomes.bounced(said, hard=True)
    return refused(answer, said)
