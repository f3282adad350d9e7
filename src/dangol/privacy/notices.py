"""What the law wants customers to be told about their consent: the result of each word within some days, and every some
years that they agreed. Whether and when is in the policy packs of the customer's country and the shop's.

In: words on consent, and time. Out: rows with a due date, and letters where the shop lets us write them.
Promise: due dates go by the calendar; an overdue reconfirmation stops advertising until it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.campaign.rules import Send
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.deliver import homes, law, preferences
from dangol.deliver import steps as deliver
from dangol.deliver.law.pack import Pack
from dangol.deliver.models import Delivery
from dangol.deliver.rules import MARKETING, TRANSACTIONAL
from dangol.privacy import due, letters
from dangol.privacy.models import Policy
from dangol.profile import consenting
from dangol.profile.models import Consent, ConsentNotice

CAMPAIGN = "consent-notice"
AHEAD = timedelta(days=30)  # a reconfirmation is sent so long before it is due
SOONEST = timedelta(days=365 * min(pack.reconfirm_years for pack in law.PACKS if pack.reconfirm_years))
PATIENCE = timedelta(days=30)  # how long silence lasts before it ends a consent, where the shop wants that
AT_ONCE = 200
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONSENT = "Consent Changed"


def policy() -> Policy:
    return Policy.objects.filter(pk=1).first() or Policy()


def begin(country: str, *, demo: bool) -> None:
    """A new shop whose law wants it tells its customers at once; invented customers need not be told."""
    if not demo and any(pack.result_days for pack in law.PACKS if country.upper() in pack.countries):
        decide(notices=True, silence="keep")


def decide(*, notices: bool, silence: str) -> None:
    """What the shop wants where the law leaves it a choice."""
    Policy.objects.update_or_create(pk=1, defaults={"notices": notices, "silence": silence})


def note(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """A word on marketing is answered as the customer's law wants it; what a list from elsewhere says was answered
    there.
    """
    told = [
        (said, fact, customer)
        for fact, customer in zip(facts, customer_ids, strict=True)
        if customer and fact.name == CONSENT and not fact.imported and (said := consenting.consent_of(fact))
    ]
    told = [one for one in told if one[0].purpose == MARKETING and one[0].state in letters.SAID]
    asking = _asking([customer for _, _, customer in told], now, lambda pack: pack.result_days) if told else {}
    rows = [
        (ConsentNotice(
            customer_id=customer, channel=said.channel, purpose=said.purpose, kind="result", state=said.state,
            about_at=fact.at, due_at=fact.at + timedelta(days=asked.every),
        ), asked.zone)
        for said, fact, customer in told
        if (asked := asking.get(customer)) and fact.at > now - timedelta(days=asked.every)
    ]  # fmt: skip
    _enter(rows, now)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a customer's law wants."""

    every: int  # days or years; the shortest that any of the laws says
    zone: ZoneInfo  # whose calendar counts


def _asking(customers: Sequence[int], now: datetime, wants: Callable[[Pack], int | None]) -> dict[int, Demand]:
    """Of which of these customers a law wants something, among the countries that a message to them touches."""
    shop = Shop.objects.get()
    where, nowhere, today = homes.homes(customers, shop), homes.home({}, "", shop), now.astimezone(shop.zone).date()
    found = {}
    for customer in set(customers):
        packs = law.in_force(where.get(customer, nowhere).countries, today)
        asked = [(every, pack.zone or shop.zone) for pack in packs if (every := wants(pack))]
        if asked:
            found[customer] = Demand(*min(asked, key=lambda one: one[0]))
    return found


def _enter(rows: Iterable[tuple[ConsentNotice, ZoneInfo]], now: datetime) -> None:
    fresh = []
    for row, zone in rows:
        about = {name: getattr(row, name) for name in ("customer_id", "channel", "purpose", "kind", "due_at")}
        kept, new = ConsentNotice.objects.get_or_create(
            **about, defaults={"state": row.state, "about_at": row.about_at}
        )
        fresh += [(kept, zone)] if new else []
    if policy().notices:
        deliver.plan([_letter(row, zone) for row, zone in fresh if row.channel == "email"], now)


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
    done = _note_sent()
    with transaction.atomic():
        done += _expire(Consent.objects.filter(state="granted", effective_until__lte=now)[:AT_ONCE], "ran_out", now)
        if Shop.objects.exists() and _is_time(now):
            done += _reconfirm(now)
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


def _reconfirm(now: datetime) -> int:
    """Enter what is due within a month; once for each consent and date."""
    old = Consent.objects.filter(state="granted", purpose=MARKETING, at__lte=now - SOONEST + AHEAD + DAY)
    rows = [row for part in parts(list(old)) for row in _to_confirm(part, now)]
    known = set(ConsentNotice.objects.filter(kind="reconfirmation").values_list("customer_id", "channel", "due_at"))
    fresh = [row for row in rows if (row[0].customer_id, row[0].channel, row[0].due_at) not in known][:AT_ONCE]
    _enter(fresh, now)
    return len(fresh)


def _to_confirm(consents: Sequence[Consent], now: datetime) -> list[tuple[ConsentNotice, ZoneInfo]]:
    asking = _asking([one.customer_id for one in consents], now, lambda pack: pack.reconfirm_years)
    return [
        (ConsentNotice(
            customer_id=one.customer_id, channel=one.channel, purpose=MARKETING, kind="reconfirmation",
            state="granted", about_at=one.at, due_at=at,
        ), asked.zone)
        for one in consents
        if (asked := asking.get(one.customer_id)) and (at := due.missed(one.at, now + AHEAD, asked.zone, asked.every))
    ]  # fmt: skip


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
