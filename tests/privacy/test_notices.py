"""What customers must be told about their consent, and by when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.privacy import notices
from dangol.profile import consents
from dangol.profile.models import ConsentNotice
from tests.privacy.test_erasure import LETTER
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
DAY, SEOUL = timedelta(days=1), ZoneInfo("Asia/Seoul")
ADVERT = {**LETTER, "steps": [{**LETTER["steps"][0], "send": {**LETTER["steps"][0]["send"], "class": "marketing"}}]}  # type: ignore[index]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def known(kit: Kit, at: datetime | None = None, **told: Any) -> int:
    kit.identify("c", {"email": "c@mail.example"})
    about = {"channel": "email", "purpose": "marketing", "state": "granted", **told}
    kit.track("c", "Consent Changed", about, at)
    kit.run()
    return kit.customer("c")


def test_a_word_is_answered_within_fourteen_days(kit: Kit, clock: SetClock) -> None:
    customer = known(kit)
    (row,) = notices.waiting()
    assert (row.kind, row.state, row.due_at) == ("result", "granted", clock.now() + 14 * DAY)
    assert not Delivery.objects.exists(), "the shop has not switched letters on"
    assert notices.overdue(clock.now()) == 0
    clock.advance(15 * DAY)
    assert notices.overdue(clock.now()) == 1
    assert notices.told_otherwise(row.pk, clock.now())
    assert not notices.told_otherwise(row.pk, clock.now())
    assert notices.overdue(clock.now()) == 0
    assert customer


def test_the_letter_says_who_what_and_when_without_advertising(kit: Kit, clock: SetClock) -> None:
    notices.decide(notices=True, silence="keep")
    known(kit)
    clock.advance(timedelta(hours=1))
    kit.consent("c", "withdrawn")
    kit.run()
    first, second = OutboxMessage.objects.order_by("pk")
    assert "Dangol Test Shop" in first.subject
    assert "(광고)" not in first.subject
    assert "2026-11-24" in first.text
    assert "수신 동의" in first.text
    assert "수신 동의 철회" in second.text
    notices.look(clock.now())
    assert set(ConsentNotice.objects.values_list("sent_at", flat=True)) == {
        clock.now() - timedelta(hours=1),
        clock.now(),
    }


def test_lists_from_elsewhere_and_other_laws_ask_for_nothing(kit: Kit, clock: SetClock) -> None:
    kit.track("i", "Consent Changed", {"channel": "email", "state": "granted"}, imported=True)
    kit.track("o", "Consent Changed", {"channel": "email", "state": "granted"}, clock.now() - 20 * DAY)
    kit.run()
    Shop.objects.update(country="DE")
    known(kit)
    assert not ConsentNotice.objects.exists()


def test_a_customer_in_korea_is_told_whatever_the_shops_country(kit: Kit, clock: SetClock) -> None:
    Shop.objects.update(country="DE", timezone="Europe/Berlin")
    kit.identify("k", {"email": "k@mail.example", "phone": "+82 10 1234 5678"})
    kit.consent("k")
    kit.identify("d", {"email": "d@mail.example", "country": "DE"})
    kit.consent("d")
    kit.run()
    (row,) = notices.waiting()
    assert (row.customer_id, row.kind, row.due_at) == (kit.customer("k"), "result", clock.now() + 14 * DAY)


def test_a_customer_in_korea_is_reminded_whatever_the_shops_country(kit: Kit, clock: SetClock) -> None:
    Shop.objects.update(country="DE", timezone="America/New_York")
    clock.set(local("2024-12-10T01:00"))  # the ninth in New York: Korea's calendar counts
    for who, country in (("k", "KR"), ("d", "DE")):
        kit.identify(who, {"email": f"{who}@mail.example", "country": country})
        kit.consent(who)
    kit.run()
    ConsentNotice.objects.update(sent_at=clock.now())
    clock.set(local("2026-11-20T12:00"))
    notices.look(clock.now())
    (row,) = notices.waiting()
    assert (row.customer_id, row.kind, row.due_at) == (
        kit.customer("k"), "reconfirmation", local("2026-12-10T00:00"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("agreed", "entered", "due"),
    [
        ("2024-02-29T15:00", "2026-01-29T00:00", "2026-02-28T00:00"),
        ("2024-12-10T09:00", "2026-11-10T00:00", "2026-12-10T00:00"),
    ],
)
def test_an_agreement_is_told_of_again_every_two_years_and_advertising_waits_for_it(
    kit: Kit, clock: SetClock, agreed: str, entered: str, due: str
) -> None:
    clock.set(local(agreed))
    customer = known(kit)
    campaign.put("advert", {"name": "Advert", "definition": ADVERT}, clock.now())
    campaign.activate("advert", clock.now())
    ConsentNotice.objects.update(sent_at=clock.now())
    clock.set(local(entered) - timedelta(seconds=1))
    notices.look(clock.now())
    assert notices.waiting() == []
    clock.set(local(entered) + timedelta(hours=12))
    notices.look(clock.now())
    (row,) = notices.waiting()
    assert (row.kind, row.about_at, row.due_at) == ("reconfirmation", local(agreed), local(due))
    clock.advance(2 * timedelta(hours=1))
    notices.look(clock.now())
    assert len(notices.waiting()) == 1, "once"
    clock.set(local(due) + timedelta(hours=10))
    kit.order("c", "o1", 10)
    kit.run()
    assert Delivery.objects.get(campaign="advert").decision[-1]["rules"] == ["reconfirmation_overdue"]
    notices.told_otherwise(row.pk, clock.now())
    kit.order("c", "o2", 10)
    kit.run()
    assert Delivery.objects.filter(campaign="advert", state="accepted").count() == 1
    assert customer


def test_silence_keeps_a_consent_unless_the_shop_says_otherwise(kit: Kit, clock: SetClock) -> None:
    clock.set(local("2024-01-10T12:00"))
    customer = known(kit)
    notices.decide(notices=True, silence="keep")
    clock.set(local("2025-12-20T12:00"))
    notices.look(clock.now())
    kit.run()
    assert "2024-01-10" in OutboxMessage.objects.get().text
    clock.advance(40 * DAY)
    notices.look(clock.now())
    clock.advance(timedelta(hours=2))
    notices.look(clock.now())
    kit.run()
    assert consents.states([customer], "email", "marketing") == {customer: "granted"}
    notices.decide(notices=True, silence="stop")
    clock.advance(timedelta(hours=2))
    notices.look(clock.now())
    kit.run()
    assert consents.states([customer], "email", "marketing") == {customer: "expired"}


def test_an_existing_trade_ends_on_its_day(kit: Kit, clock: SetClock) -> None:
    until = (clock.now() + 10 * DAY).isoformat()
    customer = known(kit, basis="kr_existing_trade", effective_until=until)
    clock.advance(9 * DAY)
    assert notices.look(clock.now()) == 0
    clock.advance(DAY)
    assert notices.look(clock.now()) == 1
    kit.run()
    assert consents.states([customer], "email", "marketing") == {customer: "expired"}
    assert notices.look(clock.now()) == 0
