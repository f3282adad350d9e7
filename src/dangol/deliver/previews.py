"""A message as one customer would read it, without sending anything: for who writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings

from dangol.base.clock import to_us
from dangol.base.errors import Conflict
from dangol.campaign.templates import hints
from dangol.campaign.templates.hints import Hint
from dangol.deliver.channels import open_channel, sends_email
from dangol.deliver.drafts import draft_of
from dangol.deliver.kinds import letters
from dangol.deliver.letter import Letter
from dangol.deliver.messages import Message
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome
from dangol.deliver.render import Draft, Rendered, render, render_partial
from dangol.deliver.rules import MARKETING, parse_mailbox
from dangol.profile.known import figures
from dangol.profile.models import Profile

COUPON = {
    "code": "K7XM-94HD-RWTC", "offer": "example", "name": "Example", "gives": "percent", "worth": "10",
    "currency": "", "product": "", "expires_at": "2026-12-31T15:00:00Z",
}  # fmt: skip
Texts = Mapping[str, Mapping[str, str]]  # language → subject, html or mjml …


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be read, what was not there, and what to look at."""

    rendered: Rendered
    hints: list[Hint]


def preview(
    texts: Texts, language: str, customer: int, event: Mapping[str, Any], now: datetime, message_class: str = MARKETING
) -> Preview:
    """The texts in one language, as a customer (0: nobody, every value missing) would read them.

    Links are not counted, and nothing is written. Raises TemplateFault.
    """
    told = _only(texts, language)
    rendered = render(_drafted(told, customer, event, now, message_class)[1])
    return Preview(
        rendered, hints.of(rendered.subject, _preheader(told, rendered.language), rendered.html, rendered.text)
    )


def of_partial(source: str, customer: int, event: Mapping[str, Any], now: datetime) -> Preview:
    """A partial by itself, those that it holds put in: no subject, no footer. What it is given where it is used is
    missing. Raises TemplateFault.
    """
    _, draft = _drafted({"": {"html": source}}, customer, event, now, MARKETING)
    return Preview(render_partial(draft, source), [])


def send_test(texts: Texts, language: str, customer: int, event: Mapping[str, Any], to: str, now: datetime) -> Outcome:
    """Send what the preview shows to one of the shop's own people: past the ledger, so that nothing counts it.

    Raises TemplateFault; Conflict where no mail server or provider is set or the address is none.
    """
    config, mailbox = settings.DANGOL, parse_mailbox(to)
    if not sends_email(config):
        raise Conflict("no mail server or provider is set")
    if mailbox is None:
        raise Conflict("there is no address to send a test to")
    delivery, draft = _drafted(_only(texts, language), customer, event, now, MARKETING)
    letter = letters.finish(delivery, draft, now).message
    channel = open_channel("email", config)
    try:
        return channel.hand_over(delivery, _test(letter, mailbox, now))
    finally:
        channel.close()


def _test(letter: Message, mailbox: str, now: datetime) -> Message:
    """Each test is a message of its own: receivers drop what has the same id as the one before."""
    if not isinstance(letter, Letter):
        raise TypeError("a test is a letter")
    domain = letter.message_id.rpartition("@")[2]
    return replace(letter, to=mailbox, message_id=f"test.{to_us(now)}@{domain}")


def _only(texts: Texts, language: str) -> Texts:
    return {language: texts[language]} if language in texts else dict(texts)


def _drafted(
    texts: Texts, customer: int, event: Mapping[str, Any], now: datetime, message_class: str
) -> tuple[Delivery, Draft]:
    """A delivery that is in no ledger, and its draft."""
    delivery = Delivery(
        pk=0, campaign="preview", step="preview", customer_id=customer, home=customer, trigger="preview",
        channel="email", message_class=message_class,
        context={"coupon": COUPON} | ({"event": dict(event)} if event else {}), planned_at=now, due_at=now,
    )  # fmt: skip
    return delivery, draft_of(delivery, {"templates": texts, "tracking": False}, now)


def _preheader(texts: Texts, language: str) -> str:
    told = texts.get(language, {})
    return told.get("preheader") or ("-" if "<mj-preview" in told.get("mjml", "") else "")


def customers() -> list[tuple[int, str]]:
    """Customers to look at a message as: those seen last, with a name or an address."""
    rows = Profile.objects.exclude(email="", name="").order_by("-last_seen_at")[:MOST]
    return [(row.customer_id, row.name or row.email) for row in rows]


def example(customer: int) -> dict[str, Any]:
    """A fact that might start a run of this customer: about the product viewed last, or one that is made up."""
    row = Profile.objects.filter(pk=customer).first()
    seen = figures(row).last_viewed if row else {}
    told = seen or EXAMPLE
    return {"name": "Product Viewed", "at": "2026-01-15T09:30:00Z", "properties": {"order_id": "A-1024", **told}}


MOST = 12
EXAMPLE = {"product_id": "P-1", "name": "Cup", "price": 18000, "old_price": 21000, "url": "/products/cup"}
