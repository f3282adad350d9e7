"""Twilio's calls: how a message fared, and what customers answer. Signed over the address and the form."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qsl

from dangol.base.settings import Settings
from dangol.deliver import marks
from dangol.deliver.channels.twilio import GONE, STOPPED
from dangol.deliver.hearing.told import Call, Fate, Refusal, Told, Word
from dangol.deliver.returned import Report

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "수신거부"}


class Twilio:
    def genuine(self, call: Call, settings: Settings) -> bool:
        proof = signature(settings.twilio_token, call.url, _form(call.body))
        return bool(settings.twilio_token) and hmac.compare_digest(
            proof.encode(), call.headers.get("x-twilio-signature", "").encode()
        )

    def told(self, call: Call, settings: Settings) -> Sequence[Told]:
        form = dict(_form(call.body))
        if "MessageStatus" not in form:
            return _answer(form)
        delivery = marks.marked(settings.secret, call.query.get("d", ""))
        code = int(form["ErrorCode"]) if form.get("ErrorCode", "").isdecimal() else 0
        if delivery is None:
            return []
        if code == STOPPED:
            return [Refusal(form.get("To", ""), delivery=delivery)]
        status = form["MessageStatus"]
        if status == "delivered":
            return [Fate(delivery, Report("delivered", said=status))]
        if status in {"undelivered", "failed"}:
            said = f"{status} {form.get('ErrorCode', '')}".strip()
            return [Fate(delivery, Report("bounced", reason="address", hard=code in GONE, said=said))]
        return []


def _answer(form: dict[str, str]) -> Sequence[Told]:
    """A customer wrote back; STOP and its like refuse, in whatever language Twilio knows it. Twilio's other keywords
    (START, HELP) are answered by Twilio."""
    text, sender = form.get("Body", "").strip(), form.get("From", "")
    if form.get("OptOutType") == "STOP" or text.upper() in STOP:
        return [Refusal(sender)]
    if form.get("OptOutType") or not text or not form.get("MessageSid"):
        return []
    return [Word(sender, text, form["MessageSid"])]


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def signature(token: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """What `X-Twilio-Signature` must be."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
