"""What Korean law wants customers to be told about their consent: the result of each word within 14 days, and every two
years that they agreed.

In: words on consent, and time. Out: rows with a due date, and letters where the shop lets us write them.
Promise: due dates go by the calendar; an overdue reconfirmation stops advertising until it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.campaign.rules import Send
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.deliver import preferences
from dangol.deliver import steps as deliver
from dangol.deliver.law import korea
from dangol.deliver.models import Delivery
from dangol.deliver.rules import MARKETING, TRANSACTIONAL
from dangol.privacy import due, letters
from dangol.privacy.models import Policy
from dangol.profile import consenting
from dangol.profile.models import Consent, ConsentNotice

CAMPAIGN = "consent-notice"
RESULT_WITHIN = timedelta(days=korea.RESULT_DAYS)
AHEAD = timedelta(days=30)  # a reconfirmation is sent so long before it is due
TWO_YEARS_AT_LEAST = timedelta(days=729)
PATIENCE = timedelta(days=30)  # how long silence lasts before it ends a consent, where the shop wants that
AT_ONCE = 200
HOUR = timedelta(hours=1)
CONSENT = "Consent Changed"


def policy() -> Policy:
    return Policy.objects.filter(pk=1).first() or Policy()


def begin(country: str, *, demo: bool) -> None:
    """A new shop in Korea tells its customers at once, as the law wants it; invented customers need not be told."""
    if country.upper() == "KR" and not demo:
        decide(notices=True, silence="keep")


def decide(*, notices: bool, silence: str) -> None:
    """What the shop wants where the law leaves it a choice."""
    Policy.objects.update_or_create(pk=1, defaults={"notices": notices, "silence": silence})


def note(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """A word on marketing is answered within 14 days; what a list from elsewhere says was answered there."""
    told = [
        (said, fact, customer)
        for fact, customer in zip(facts, customer_ids, strict=True)
        if customer and fact.name == CONSENT and not fact.imported and (said := consenting.consent_of(fact))
    ]
    shop = Shop.objects.first() if told else None
    if shop is None or shop.country != "KR":
        return
    rows = [
        ConsentNotice(
            customer_id=customer, channel=said.channel, purpose=said.purpose, kind="result", state=said.state,
            about_at=fact.at, due_at=fact.at + RESULT_WITHIN,
        )
        for said, fact, customer in told
        if said.purpose == MARKETING and said.state in letters.SAID and fact.at > now - RESULT_WITHIN
    ]  # fmt: skip
    _enter(rows, shop.zone, now)


def _enter(rows: Iterable[ConsentNotice], zone: ZoneInfo, now: datetime) -> None:
    fresh = []
    for row in rows:
        about = {name: getattr(row, name) for name in ("customer_id", "channel", "purpose", "kind", "due_at")}
        kept, new = ConsentNotice.objects.get_or_create(
            **about, defaults={"state": row.state, "about_at": row.about_at}
        )
        fresh += [kept] if new else []
    if policy().notices:
        deliver.plan([_letter(row, zone) for row in fresh if row.channel == "email"], now)


def _letter(row: ConsentNotice, zone: ZoneInfo) -> Send:
    day = row.about_at.astimezone(zone).date().isoformat()
    newest = Delivery.objects.filter(customer_id=row.customer_id, state="accepted").order_by("-pk").first()
    page = f"{preferences.ROUTE}/{preferences.link(newest.pk)}" if newest else ""
    url = f"{settings.DANGOL.base_url.rstrip('/')}/{page}"
    return Send(
        campaign=CAMPAIGN, step=row.kind, customer_id=row.customer_id, trigger=f"notice:{row.pk}", channel="email",
        message_class=TRANSACTIONAL, message=letters.message(row.kind),
        context=letters.context("Consent Notice", url=url, **letters.about(row.channel, row.state, day)),
    )  # fmt: skip


# --- time -----------------------------------------------------------------------------------------------------------


def look(now: datetime) -> int:
    """What time brings: letters that left, consents to be confirmed, run out or answered by silence; how much."""
    shop = Shop.objects.first()
    done = _note_sent()
    with transaction.atomic():
        done += _expire(Consent.objects.filter(state="granted", effective_until__lte=now)[:AT_ONCE], "ran_out", now)
        if shop and shop.country == "KR" and _is_time(now):
            done += _reconfirm(shop.zone, now)
            if policy().silence == "stop":
                done += _expire(_silent(now), "silence", now)
    return done


def _is_time(now: datetime) -> bool:
    """Once an hour: it reads every old consent."""
    row, _new = Policy.objects.get_or_create(pk=1)
    if row.looked_at is not None and row.looked_at > now - HOUR:
        return False
    Policy.objects.filter(pk=1).update(looked_at=now)
    return True


def _note_sent() -> int:
    waiting = {f"notice:{row.pk}": row for row in ConsentNotice.objects.filter(sent_at=None).order_by("-pk")[:1_000]}
    left = Delivery.objects.filter(campaign=CAMPAIGN, state="accepted", trigger__in=list(waiting))
    for trigger, at in left.values_list("trigger", "finished_at"):
        ConsentNotice.objects.filter(pk=waiting[trigger].pk).update(sent_at=at)
    return 0


def _reconfirm(zone: ZoneInfo, now: datetime) -> int:
    """Enter what is due within a month; once for each consent and date."""
    old = Consent.objects.filter(state="granted", purpose=MARKETING, at__lte=now - TWO_YEARS_AT_LEAST + AHEAD)
    rows = []
    for consent in old.iterator():
        at = due.missed(consent.at, now + AHEAD, zone)
        if at:
            rows.append(
                ConsentNotice(
                    customer_id=consent.customer_id, channel=consent.channel, purpose=MARKETING, kind="reconfirmation",
                    state="granted", about_at=consent.at, due_at=at,
                )
            )  # fmt: skip
    known = set(ConsentNotice.objects.filter(kind="reconfirmation").values_list("customer_id", "channel", "due_at"))
    fresh = [row for row in rows if (row.customer_id, row.channel, row.due_at) not in known][:AT_ONCE]
    _enter(fresh, zone, now)
    return len(fresh)


def _silent(now: datetime) -> list[Consent]:
    """Consents whose customers were asked a month ago and said nothing since."""
    asked = ConsentNotice.objects.filter(kind="reconfirmation", sent_at__lte=now - PATIENCE).order_by("-sent_at")
    found = []
    for row in asked[:AT_ONCE]:
        consent = Consent.objects.filter(
            customer_id=row.customer_id, channel=row.channel, purpose=row.purpose, state="granted", at__lte=row.sent_at
        ).first()
        found += [consent] if consent else []
    return found


def _expire(rows: Iterable[Consent], basis: str, now: datetime) -> int:
    told = [
        (CONSENT, row.customer_id, {"channel": row.channel, "purpose": row.purpose, "state": "expired", "basis": basis},
         f"expired:{row.pk}:{to_us(row.at)}:{basis}", now)
        for row in rows
    ]  # fmt: skip
    if told:
        collect.emit_all(told)
    return len(told)


def overdue(now: datetime) -> int:
    """How many were to be told something and were not."""
    return ConsentNotice.objects.filter(sent_at=None, due_at__lt=now).count()


def waiting(limit: int = 20) -> list[ConsentNotice]:
    """Who is to be told something, the most urgent first."""
    return list(ConsentNotice.objects.filter(sent_at=None).order_by("due_at", "pk")[:limit])


def told_otherwise(pk: int, now: datetime) -> bool:
    """The staff told the customer by other means: a text message, a letter on paper. Whether that was open."""
    return bool(ConsentNotice.objects.filter(pk=pk, sent_at=None).update(sent_at=now))
