"""What Settings lack for the laws that want advertising to say who sends it, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from dangol.campaign.definition import Message
from dangol.campaign.models import Campaign
from dangol.campaign.parsing import parse
from dangol.deliver import imprint, rules
from dangol.web.wording import law_name, word

WHAT: dict[str, Any] = {
    "name": _("the sender's name"),
    "email": _("the sender's e-mail address"),
    "phone": _("the phone"),
    "address": _("the postal address"),
    "contact": _("a phone or an e-mail address"),
}


@dataclass(frozen=True, slots=True)
class Lacking:
    """One law's advertising on one channel that waits."""

    law: str
    channel: str
    what: str
    own: bool  # whether it is the law of the shop's own country


def told(now: datetime, channels: Collection[str] = rules.UNASKED) -> list[Lacking]:
    """What is missing, the shop's own law first."""
    return [
        Lacking(law_name(one.pack.key), word(one.channel), ", ".join(str(WHAT[what]) for what in one.what), one.own)
        for one in imprint.lacking(now, channels)
    ]


def of_campaign(campaign: Campaign, now: datetime) -> list[Lacking]:
    """What is missing for the channels on which a campaign advertises."""
    acts = [step.act for step in parse(campaign.definition).every_step()]
    sends = [act for act in acts if isinstance(act, Message) and act.message_class == rules.MARKETING]
    return told(now, {channel for act in sends for channel in act.channels})
