"""The monthly letter: written once for each month on the first morning after it, sent to the owners by the shop's mail.

In: what came in, what campaigns brought; and, from stages that come later, satisfaction and advice.
Out: a letter that is kept and read as a page, and an e-mail to each owner. It is no marketing and no ledger counts it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model

from dangol.base.clock import to_us
from dangol.base.errors import NotFound
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.campaign.models import Campaign
from dangol.deliver import imprint
from dangol.deliver.channels import Channel, open_channel, sends_email
from dangol.deliver.letter import Letter as Mail
from dangol.deliver.models import Delivery
from dangol.deliver.outcomes import Outcome
from dangol.deliver.rules import parse_mailbox
from dangol.harvest import gathering, history, letter, reads, sales, steps
from dangol.harvest.letter import LANGUAGES, Month, Satisfied, Texts, Told
from dangol.harvest.margins import Costing
from dangol.harvest.models import Letter
from dangol.harvest.periods import Period, month_before, next_month
from dangol.harvest.rules import Harvest
from dangol.profile.models import Order
from dangol.strategy import steps as strategy

MORNING = time(8)  # of the first, in the shop's zone
MOST_TRIES, MOST_CAMPAIGNS = 5, 8
AGAIN_AFTER = timedelta(hours=1)
ROUTE = "/harvest/letters"

Asks = Callable[[datetime, datetime], Satisfied]  # from, until
Advises = Callable[[datetime], Sequence[tuple[Texts, Texts]]]  # what to do next: its name, and why


@dataclass(frozen=True, slots=True)
class Beside:
    """What stages that come after the harvest add to the letter."""

    satisfied: Asks
    advice: Advises


def go_on(now: datetime, beside: Beside) -> bool:
    """Write the letter that is due and send what is to be sent; whether anything was done."""
    shop = Shop.objects.first()
    if shop is None or not wanted():
        return False
    month = _due(now, shop.zone)
    if month and not Letter.objects.filter(pk=_key(month)).exists() and _anything(shop, month):
        write(month, now, beside)
        return True
    return _send_next(now)


def wanted() -> bool:
    """Whether the owner wants the letter: yes, unless they said no."""
    told = steps.terms()
    return told.letter if told else True


def _due(now: datetime, zone: ZoneInfo) -> date | None:
    """The month whose letter may be there by now: the one before, from the morning of the first on."""
    local = now.astimezone(zone)
    first = local.date().replace(day=1)
    return month_before(first) if local >= datetime.combine(first, MORNING, zone) else None


def _anything(shop: Shop, month: date) -> bool:
    """An empty shop gets no letter about nothing."""
    return Order.objects.filter(at__lt=Period(month, next_month(month), shop.zone).until).exists()


def write(month: date, now: datetime, beside: Beside) -> Letter:
    """Keep the letter of a month; the one that is there already where there is one."""
    body = letter.written(told(month, now, beside))
    with turn():
        row, _ = Letter.objects.get_or_create(pk=_key(month), defaults={"body": body, "written_at": now})
    return row


def told(month: date, now: datetime, beside: Beside, found: Sequence[Harvest] | None = None) -> Told:
    """Everything that the letter of a month says, as it is known now. `found`: what campaigns brought, where somebody
    knows it already; else they are compared up to the end of the month.
    """
    shop, known = Shop.objects.get(), gathering.costing()
    span = _span(month, shop.zone)
    end = min(span.until, now)
    if found is None:
        found = [steps.results(one.key, end, known) for one in Campaign.objects.filter(activated_at__lt=end)]
    total = reads.total(list(found))
    called = {one.key: _called(one) for one in Campaign.objects.all()}
    busy = sorted((one for one in found if one.treated.customers), key=lambda one: -one.treated.customers)
    earlier = _span(month_before(month), shop.zone)
    return Told(
        shop=shop.name, month=month, currency=shop.currency, now=_month(span, known, now),
        before=_month(earlier, known, now),
        year_before=_month(_span(month.replace(year=month.year - 1), shop.zone), known, now),
        money=total.money, margins=total.margins,
        campaigns=[(called[one.campaign], one.sentence) for one in busy[:MOST_CAMPAIGNS]],
        satisfied=beside.satisfied(span.since, end), satisfied_before=beside.satisfied(earlier.since, earlier.until),
        next=beside.advice(now),
    )  # fmt: skip


def _span(month: date, zone: ZoneInfo) -> Period:
    return Period(month, next_month(month) - timedelta(days=1), zone)


def _month(span: Period, known: Costing, now: datetime) -> Month:
    """What came in, as it is known now."""
    sums = sales.sums(span, known, now)
    return Month(
        net=sums.net, orders=sums.orders, buyers=sums.buyers, new=_new(span),
        left=None if sums.margin is None else sums.left, messages=sums.messages,
    )  # fmt: skip


def _new(span: Period) -> int:
    """Who bought for the first time."""
    found = history.read(None, span.until, Costing({})).standing()
    early = set(found.customers[found.at < to_us(span.since)].tolist())
    return len(set(found.customers[found.at >= to_us(span.since)].tolist()) - early)


def _called(one: Campaign) -> str:
    """A campaign's name; where it is still its play's, in the shop's language."""
    play, locale = strategy.plays().get(one.play), Shop.objects.get().locale
    return str(play.name.get(locale, one.name)) if play and one.name in play.name.values() else one.name


# --- sending ----------------------------------------------------------------------------------------------------------


def _send_next(now: datetime) -> bool:
    """Send the newest letter, where it was not sent and its last try is a while ago."""
    row = Letter.objects.order_by("-month").first()
    if row is None or row.sent_at or row.attempts >= MOST_TRIES or not sends_email(settings.DANGOL):
        return False
    if row.month != _key(_due(now, Shop.objects.get().zone) or date.max):
        return False  # old news
    if row.attempts and now < row.written_at + row.attempts * AGAIN_AFTER:
        return False
    send(row, now)
    return True


def send(row: Letter, now: datetime) -> None:
    """Hand it over for each owner who has not got it. A crash in between may repeat it under the same Message-ID."""
    Letter.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
    row.attempts += 1
    channel = open_channel("email", settings.DANGOL)
    try:
        for address in owners():
            if address in row.to:
                continue
            outcome = _hand_over(channel, row, address, now)
            row.outcome = outcome.answer[:500]
            if outcome.state == "accepted":
                row.to = [*row.to, address]
    finally:
        channel.close()
    row.sent_at = now if set(owners()) <= set(row.to) else None
    row.save(update_fields=["to", "outcome", "sent_at"])


def _hand_over(channel: Channel, row: Letter, address: str, now: datetime) -> Outcome:
    shop = Shop.objects.get()
    sender, language = imprint.sender(shop), shop.locale if shop.locale in LANGUAGES else "en"
    local, _, domain = sender.email.rpartition("@")
    domain, said = domain.encode("idna").decode(), row.body[language]
    page = f"{settings.DANGOL.base_url.rstrip('/')}{ROUTE}"
    mail = Mail(
        to=parse_mailbox(address) or address, at=now, sender=f"{local}@{domain}", sender_name=sender.name,
        subject=said["subject"], text=letter.as_text(said, page, language),
        html=letter.as_html(said, page, language), message_id=f"letter.{row.month}.{_mark(address)}@{domain}",
        marketing=False,
    )  # fmt: skip
    delivery = Delivery(
        pk=0, campaign="letter", step="letter", customer_id=0, home=0, trigger=row.month, channel="email",
        message_class="transactional", planned_at=now, due_at=now,
    )  # fmt: skip
    return channel.hand_over(delivery, mail)


def _mark(address: str) -> str:
    """The same for an address each time, and naming nobody."""
    return hmac.new(settings.DANGOL.secret, f"letter:{address}".encode(), hashlib.sha256).hexdigest()[:16]


def owners() -> list[str]:
    """Addresses of those who own the shop."""
    rows = get_user_model().objects.filter(is_active=True, is_superuser=True).order_by("pk")
    return [address for address in rows.values_list("email", flat=True) if parse_mailbox(address)]


# --- looking ----------------------------------------------------------------------------------------------------------


def get(month: str) -> Letter:
    """The letter of a month such as 2026-10. Raises NotFound."""
    found = Letter.objects.filter(pk=month).first()
    if found is None:
        raise NotFound(f"there is no letter of {month}")
    return found


def everything() -> list[Letter]:
    """All letters, the newest first."""
    return list(Letter.objects.order_by("-month"))


def preview(now: datetime, beside: Beside) -> tuple[str, dict[str, dict[str, Any]]]:
    """The letter as the month before would make it now, in every language; nothing is kept or sent."""
    month = month_before(now.astimezone(Shop.objects.get().zone).date())
    return _key(month), letter.written(told(month, now, beside, reads.everything(now)))


def _key(month: date) -> str:
    return f"{month:%Y-%m}"
