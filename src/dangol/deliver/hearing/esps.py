"""E-mail providers' calls about letters, read and verified by django-anymail."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest

from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings
from dangol.deliver import marks, outcomes
from dangol.deliver.channels.esp import MARK, imported
from dangol.deliver.hearing.told import Call, Fate, Refusal, Told, Visit
from dangol.deliver.returned import Report

VIEWS = {
    "brevo": ("brevo", "BrevoTrackingWebhookView"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView"),
    "postmark": ("postmark", "PostmarkTrackingWebhookView"),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView"),
    "ses": ("amazon_ses", "AmazonSESTrackingWebhookView"),
}
# How providers say that an address is not there and will not be; anything less may pass.
FOR_GOOD = {("Type", "HardBounce"), ("event", "hard_bounce"), ("bounceType", "Permanent")}


class EspHearing:
    def __init__(self, name: str) -> None:
        self._name = name

    def genuine(self, call: Call, settings: Settings) -> bool:
        """By the name and password in the address that the provider calls and, where it signs, by its signature."""
        if not settings.email_webhook_secret or settings.email_provider != self._name:
            return False
        try:
            self._view(settings).run_validators(_request(call))
        except (SuspiciousOperation, ImproperlyConfigured, Misconfigured, ValueError, KeyError):
            return False
        return True

    def told(self, call: Call, settings: Settings) -> Sequence[Told]:
        try:
            events = self._view(settings).parse_events(_request(call))
            found = [(event, _delivery(event, settings)) for event in events]
            return [told for event, delivery in found if delivery and (told := _told(event, delivery))]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"an event that is none: {error}") from error

    def _view(self, settings: Settings) -> Any:
        module, name = VIEWS[self._name]
        given = {"webhook_secret": settings.email_webhook_secret}
        if self._name == "mailgun":
            given["webhook_signing_key"] = settings.email_signing_key or settings.email_api_key
        elif self._name == "sendgrid" and settings.email_signing_key:
            given["webhook_verification_key"] = settings.email_signing_key
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(imported(f"anymail.webhooks.{module}"), name)(**given)


def _request(call: Call) -> HttpRequest:
    """The call as Django would have it."""
    request = HttpRequest()
    request.method = "POST"
    request.META = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    request.META["CONTENT_TYPE"] = call.headers.get("content-type", "application/json")
    request.content_type = request.META["CONTENT_TYPE"].partition(";")[0]
    request._body = call.body  # it was read already
    request.encoding = "utf-8"
    return request


def _delivery(event: Any, settings: Settings) -> int | None:
    return marks.marked(settings.secret, str((event.metadata or {}).get(MARK, "")))


def _told(event: Any, delivery: int) -> Told | None:
    kind = event.event_type
    if kind == "delivered":
        return Fate(delivery, Report("delivered", said=_said(event)))
    if kind in {"bounced", "rejected", "failed"}:
        return Fate(delivery, _bounce(event))
    if kind == "complained":
        return Fate(delivery, Report("complained", said=_said(event)))
    if kind == "unsubscribed":
        return Refusal(_text(event.recipient), "email", delivery)
    if kind in {"opened", "clicked"}:
        return Visit(delivery, kind, _text(event.click_url), _text(event.user_agent), _text(event.event_id))
    return None


def _text(told: Any) -> str:
    return told if isinstance(told, str) else ""


def _bounce(event: Any) -> Report:
    """A failure; hard only where the provider or the mail server says plainly that the address is gone."""
    said, raw = _said(event), event.esp_event if isinstance(event.esp_event, dict) else {}
    code = next((word for word in said.split() if word.isdecimal() and len(word) == 3), "")
    reply = outcomes.of_reply("rcpt", int(code), said) if code.startswith("5") else None
    plainly = any(raw.get(key) == value for key, value in FOR_GOOD) or event.reject_reason == "invalid"
    about_us = event.reject_reason in {"blocked", "spam"} or (reply is not None and reply.reason == "policy")
    hard = not about_us and event.event_type == "bounced" and (plainly or (reply is not None and reply.hard))
    return Report("bounced", reply=code, reason="policy" if about_us else "address", hard=hard, said=said)


def _said(event: Any) -> str:
    return " ".join(str(event.mta_response or event.description or event.event_type).split())[:300]
