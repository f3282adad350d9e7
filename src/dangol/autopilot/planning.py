"""The plan as the whole shop knows it: what goods and messages cost, and which limits people set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from dangol.autopilot import scoring
from dangol.autopilot.models import Limit
from dangol.base.models import Shop
from dangol.deliver import contact, prices
from dangol.deliver.caps import EVERY_CHANNEL, Cap
from dangol.harvest import gathering
from dangol.profile import reads as profile
from dangol.strategy import counting
from dangol.strategy import steps as strategy
from dangol.strategy.earning import Circumstances
from dangol.strategy.steps import Plan

__all__ = ["circumstances", "due", "go_on", "plan"]

MONTH = 30  # days
FORMS = {"email": "email", "sms": "sms", "kakao": "alimtalk", "webpush": "webpush", "onsite": "onsite", "task": "call"}


def plan(now: datetime) -> Plan:
    """The ranked plan within the shop's limits."""
    return strategy.plan(now, circumstances())


def circumstances() -> Circumstances:
    """What other stages know of costs, and what people set."""
    row, usual = Limit.objects.first() or Limit(), gathering.usual_percent()
    return Circumstances(
        margin=None if usual is None else float(usual) / 100,
        prices=_prices(),
        contacts=_contacts(row.contacts, contact.policy().caps),
        budget=row.budget,
        minutes=None if row.staff_hours is None else 60 * row.staff_hours,
    )


def _prices() -> Mapping[str, Decimal]:
    """What a message costs by channel, where the price list says so in the shop's currency."""
    listed = prices.listed(settings.DANGOL.message_prices)
    money = Shop.objects.values_list("currency", flat=True).first() or ""
    found = {channel: listed.get(form) for channel, form in FORMS.items()}
    return {channel: one.amount for channel, one in found.items() if one is not None and one.currency == money}


def _contacts(told: int | None, caps: tuple[Cap, ...]) -> float | None:
    """Marketing messages that one customer may get in 30 days: the tightest of the caps and the owner's limit."""
    most = [cap.most * MONTH / cap.days for cap in caps if cap.channel == EVERY_CHANNEL]
    return min([*most, *([told] if told is not None else [])], default=None)


# --- in the background ----------------------------------------------------------------------------------------------


def due(now: datetime) -> bool:
    """Whether everybody is to be counted anew, or plays are to be scored."""
    return counting.due(now) or scoring.due(now)


def go_on(now: datetime) -> None:
    """Do what is due: heavy in a large shop, for a process behind everybody else."""
    if scoring.due(now):
        scoring.score(now)
    if counting.due(now):
        counting.count(now)


def refresh(now: datetime) -> None:
    """The same, where the shop is small enough to do it at once, and nobody does it in the background."""
    if profile.count() <= counting.SMALL:
        go_on(now)
