"""What customers write back becomes a fact about them: a reply to a letter, an answer to a text message.

In: a reply that was read, or what a provider reports. Out: the fact `Message Received`, once for each.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction

from dangol.base.models import Shop
from dangol.base.phones import e164
from dangol.collect.steps import emit_all
from dangol.deliver import records
from dangol.deliver.hearing.told import Word
from dangol.deliver.models import Delivery
from dangol.deliver.replies import Reply


def by_mail(delivery: Delivery, reply: Reply, now: datetime) -> bool:
    """A reply to a letter; whether it says anything."""
    if not (reply.text or reply.files):
        return False
    said = {"text": reply.text, "subject": reply.subject, "from": reply.sender, "files": list(reply.files)}
    _tell(delivery, said, reply.message_id or reply.text, now)
    return True


def by_text(word: Word, now: datetime) -> bool:
    """An answer from a telephone; whether somebody to whom we wrote there said something. Of several customers with
    one number it is the one we wrote to last.
    """
    number = e164(word.address, Shop.objects.values_list("country", flat=True).first() or "")
    rows = Delivery.objects.filter(channel=word.channel, address=number, attempted_at__isnull=False)
    delivery = rows.order_by("-attempted_at", "-pk").first() if number and word.text.strip() else None
    if delivery is None:
        return False
    _tell(delivery, {"text": word.text.strip(), "subject": "", "from": number, "files": []}, word.id, now)
    return True


def _tell(delivery: Delivery, said: dict[str, Any], name: str, now: datetime) -> None:
    told = records.properties(delivery, records.campaign_names([delivery])) | {"channel": delivery.channel} | said
    key = hashlib.sha256(name.encode()).hexdigest()[:32]
    with transaction.atomic():
        emit_all([("Message Received", delivery.customer_id, told, f"received:{delivery.pk}:{key}", now)])
