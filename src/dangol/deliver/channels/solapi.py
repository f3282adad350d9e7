"""SMS, LMS, AlimTalk and Brand Message through Solapi, Korea's CoolSMS."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import phonenumbers

from dangol.base.errors import Misconfigured
from dangol.base.fetch import Answer
from dangol.base.instants import iso
from dangol.base.settings import Settings
from dangol.deliver import marks, outcomes
from dangol.deliver.channels.calls import Asked, Request, Requests, body_of, fetcher, listed, patience, post, refused
from dangol.deliver.kinds.kakao import KakaoMessage
from dangol.deliver.kinds.short import ShortMessage
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome

BASE = "https://api.solapi.com"
MARK = "dangol"  # the custom field that names our delivery
DELIVERED = "4000"
ON_ITS_WAY = ("2000", "3000")
NEWEST = 500  # messages to one number that are looked through
SKEW = timedelta(minutes=1)  # between Solapi's clock and ours
NOT_OUR_FAULT = ("NotEnoughBalance", "TooManyRequests", "Unauthorized", "Forbidden")  # the shop can mend these


class Solapi(Asked):
    """Hands over one message a request. Solapi takes no id of ours, but keeps our mark: one whose answer was lost is
    looked for among the messages to its number.
    """

    def __init__(
        self, settings: Settings, requests: Requests, new_salt: Callable[[], str] = lambda: secrets.token_hex(16)
    ) -> None:
        if not (settings.solapi_key and settings.solapi_secret and settings.sms_sender):
            raise Misconfigured("Solapi needs the settings solapi_key, solapi_secret and sms_sender")
        self._settings, self._requests, self._new_salt = settings, requests, new_salt

    def _written(self, delivery: Delivery, message: Message) -> Request:
        body = {"messages": [self._message(message)], "allowDuplicates": False, "showMessageList": True}
        headers = {"authorization": self._proof(message.at), "content-type": "application/json"}
        return Request(f"{BASE}/messages/v4/send-many/detail", headers, json.dumps(body).encode())

    def _posted(self, made: Request) -> Outcome:
        answer = post(self._requests, made)
        return answer if isinstance(answer, Outcome) else _outcome(answer)

    def _held(self, delivery: Delivery, message: Message) -> Outcome | None:
        query = {
            "to": self._recipient(message)["to"], "limit": str(NEWEST),
            "dateType": "CREATED", "startDate": iso(delivery.planned_at - SKEW),
        }  # fmt: skip
        url = f"{BASE}/messages/v4/list?{urlencode(query)}"
        found = listed(self._requests, url, {"authorization": self._proof(message.at)}, "messageList")
        return next((_held(one) for one in found if marked(one, self._settings.secret) == delivery.pk), None)

    def _proof(self, at: datetime) -> str:
        return authorization(self._settings.solapi_key, self._settings.solapi_secret, at, self._new_salt())

    def _message(self, message: Message) -> dict[str, Any]:
        told: dict[str, Any] = self._recipient(message) | {"from": digits(self._settings.sms_sender)}
        if isinstance(message, ShortMessage):
            told |= {"text": message.text, "type": message.form.upper(), "customFields": {MARK: message.mark}}
            return told | ({"subject": message.subject} if message.subject else {})
        if not isinstance(message, KakaoMessage):
            raise TypeError(f"Solapi takes no {type(message).__name__}")
        return told | self._kakao(message)

    @staticmethod
    def _recipient(message: Message) -> dict[str, str]:
        if message.to.startswith("+82"):
            return {"to": local(message.to)}
        number = phonenumbers.parse(message.to)
        return {"to": str(number.national_number), "country": str(number.country_code)}

    def _kakao(self, message: KakaoMessage) -> dict[str, Any]:
        options: dict[str, Any] = {"pfId": self._settings.kakao_channel, "disableSms": True}  # our ledger falls back
        if message.template:
            options |= {"templateId": message.template, "variables": dict(message.blanks)}
            return {"type": "ATA", "kakaoOptions": options, "customFields": {MARK: message.mark}}
        bubble: dict[str, Any] = {"targeting": message.targeting, "chatBubbleType": "TEXT"}
        if message.button:
            bubble["buttons"] = [{"name": message.button, "linkType": "WL", "linkMobile": message.url}]
        options |= {"bms": bubble}
        return {"type": "BMS_FREE", "text": message.text, "kakaoOptions": options, "customFields": {MARK: message.mark}}

    def close(self) -> None:
        """Nothing stays open."""


def open_solapi(settings: Settings) -> Solapi:
    return Solapi(settings, fetcher(settings))


def open_kakao(settings: Settings) -> Solapi:
    if not settings.kakao_channel:
        raise Misconfigured("Kakao through Solapi needs the setting kakao_channel")
    return open_solapi(settings)


def authorization(key: str, secret: str, at: datetime, salt: str) -> str:
    """The header that signs a request."""
    date = iso(at.astimezone(UTC))
    return f"HMAC-SHA256 ApiKey={key}, Date={date}, salt={salt}, signature={signature(secret, date, salt)}"


def signature(secret: str, date: str, salt: str) -> str:
    return hmac.new(secret.encode(), (date + salt).encode(), hashlib.sha256).hexdigest()


def local(number: str) -> str:
    """A Korean number as it is dialled in Korea."""
    return "0" + number.removeprefix("+82") if number.startswith("+82") else number


def digits(number: str) -> str:
    return local("".join(letter for letter in number if letter.isdecimal() or letter == "+"))


def marked(data: Mapping[str, Any], secret: bytes) -> int | None:
    """Which delivery of ours a message is, by what Solapi keeps of it; None for one that does not bear our mark."""
    fields = data.get("customFields")
    return marks.marked(secret, str(fields.get(MARK, ""))) if isinstance(fields, dict) else None


def _held(found: Mapping[str, Any]) -> Outcome:
    """What Solapi says of a message that it has."""
    code = str(found.get("statusCode") or "")
    said = f"{code} {found.get('statusMessage') or found.get('reason') or ''}".strip()
    if code and code not in {DELIVERED, *ON_ITS_WAY}:
        return outcomes.failed(said)
    return outcomes.accepted(said, delivered=code == DELIVERED, reference=str(found.get("messageId") or ""))


def _outcome(answer: Answer) -> Outcome:
    body = body_of(answer)
    if not 200 <= answer.status < 300:
        code = str(body.get("errorCode", ""))
        said = f"{code} {body.get('errorMessage', '')}".strip()
        if code in NOT_OUR_FAULT:
            return outcomes.deferred(f"{answer.status} {said}", patience(answer))
        return refused(answer, said)
    failures = body.get("failedMessageList") or []
    if failures and isinstance(failures[0], dict):
        return outcomes.failed(f"{failures[0].get('statusCode', '')} {failures[0].get('statusMessage', '')}".strip())
    taken = body.get("messageList") or []
    known = taken[0] if taken and isinstance(taken[0], dict) else {}
    if not known and not isinstance(body.get("groupInfo"), dict):
        return outcomes.unknown("an answer that says neither yes nor no")
    return outcomes.accepted(
        f"{known.get('statusCode', '')} {known.get('statusMessage', '')}".strip(),
        reference=str(known.get("messageId", "")),
    )
