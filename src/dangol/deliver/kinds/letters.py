"""E-mail: the letter of a delivery."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from dangol.base import links
from dangol.deliver.kinds.finished import NOWHERE, Finished
from dangol.deliver.letter import Letter
from dangol.deliver.models import Delivery
from dangol.deliver.render import Draft, Rendered, render
from dangol.deliver.rules import MARKETING


def finish(delivery: Delivery, draft: Draft, now: datetime) -> Finished:
    """Render the letter."""
    rendered = render(draft)
    return Finished(rendered, _letter(delivery, draft, rendered, now))


def _letter(delivery: Delivery, draft: Draft, rendered: Rendered, now: datetime) -> Letter:
    domain = draft.sender.email.rpartition("@")[2].encode("idna").decode()
    local = draft.sender.email.rpartition("@")[0]
    shop = domain.replace(".", "-")
    return Letter(
        to=NOWHERE,
        sender=f"{local}@{domain}",
        sender_name=draft.sender.name,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=f"{delivery.pk}.{links.sign(settings.DANGOL.secret, 'm', delivery.pk)}@{domain}",
        at=now,
        marketing=delivery.message_class == MARKETING,
        unsubscribe_url=draft.addresses.unsubscribe(),
        list_id=f"{delivery.campaign}.{domain}",
        feedback_id=f"{delivery.campaign}:{shop}:{delivery.message_class}:dangol",
    )
