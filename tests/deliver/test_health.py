"""When the autopilot warns and when it stops, as a table; and that it stops the right thing, once, and lets go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.campaign.models import Campaign
from dangol.deliver import autopilot, outcomes, returns, steps
from dangol.deliver.health import Counts, of_campaign, of_shop
from dangol.deliver.models import Act, Delivery, Returned, Tally
from dangol.deliver.returned import Report
from tests.deliver.post import Recorder, customer, run, send


@pytest.mark.parametrize(
    ("accepted", "complaints", "measure"),
    [
        (0, 5, None),
        (100, 2, None),  # two are no sign
        (10_000, 9, None),
        (10_000, 10, "warned"),
        (10_000, 29, "warned"),
        (10_000, 30, "marketing_paused"),
        (50, 3, "marketing_paused"),
    ],
)
def test_complaints(accepted: int, complaints: int, measure: str | None) -> None:
    found = of_shop(Counts(accepted=accepted, complaints=complaints))
    assert (found and found.measure) == measure


@pytest.mark.parametrize(
    ("accepted", "refused", "gone", "reason"),
    [
        (0, 49, 0, None),
        (0, 50, 0, "refused"),
        (950, 50, 0, None),  # 5 % and not more
        (949, 51, 0, "refused"),
        (900, 0, 100, None),
        (899, 0, 101, "gone"),
    ],
)
def test_refusals(accepted: int, refused: int, gone: int, reason: str | None) -> None:
    found = of_campaign(Counts(accepted=accepted, refused=refused, gone=gone))
    assert (found and found.reason) == reason


@pytest.mark.django_db
def test_complaints_stop_marketing_until_somebody_resumes_it(shop: Shop, clock: SetClock, wire: Recorder) -> None:
    for number in range(1, 6):
        customer(number, clock.now())
    steps.plan([send(n, clock.now()) for n in (1, 2, 3)], clock.now())
    run(clock)
    for delivery in Delivery.objects.all():
        Returned.objects.create(delivery=delivery, channel="email", address_hash="x", kind="complained", at=clock.now())
    (act,) = autopilot.look(clock.now())
    assert (act.measure, act.reason, autopilot.look(clock.now())) == ("marketing_paused", "complaints", [])
    steps.plan([send(4, clock.now()), send(5, clock.now(), message_class="transactional")], clock.now())
    run(clock)
    assert [pk for pk, *_ in wire.arrived][3:] == [Delivery.objects.get(customer_id=5).pk], "an order still arrives"
    assert Delivery.objects.get(customer_id=4).decision[-1]["rules"] == ["complaints"]
    assert autopilot.resume("owner@example.com", clock.now()) == 1
    clock.advance(timedelta(minutes=10))
    assert autopilot.look(clock.now()) == [], "what was taken back is not done again for the same complaints"
    run(clock)
    assert len(wire.arrived) == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("report", "reason"),
    [(Report("bounced", status="5.1.1", hard=True, reason="address"), "gone"),
     (Report("bounced", status="5.7.1", reason="policy"), "refused")],
)  # fmt: skip
def test_what_comes_back_later_stops_a_campaign_too(
    shop: Shop, clock: SetClock, wire: Recorder, report: Report, reason: str
) -> None:
    now = clock.now()
    definition = {"entry": {"segment": "x"}, "steps": [{"key": "done", "exit": True}]}
    Campaign.objects.create(key="news", name="News", state="active", created_at=now, definition=definition)
    steps.plan([send(customer(number, now), now) for number in range(1, 61)], now)
    run(clock)
    clock.advance(timedelta(hours=2))
    numbers = sorted(Delivery.objects.values_list("pk", flat=True))
    for pk in numbers[:50]:
        assert not Act.objects.exists()
        for _ in range(2):
            returns.book(pk, [report], clock.now())
    act = Act.objects.get()
    assert (act.subject, act.measure, act.reason, round(act.share, 2)) == ("news", "campaign_paused", reason, 0.83)
    assert Campaign.objects.get().state == "paused"
    Campaign.objects.update(state="active")
    returns.book(numbers[50], [report], clock.now())
    assert Campaign.objects.get().state == "active", "what left before it was paused is no reason to pause it again"


@pytest.mark.django_db
def test_letters_are_counted_by_how_they_ended(shop: Shop, clock: SetClock, wire: Recorder) -> None:
    ends = {
        1: outcomes.accepted("250"), 2: outcomes.of_reply("rcpt", 550, "5.1.1 gone"),
        3: outcomes.of_reply("end", 554, "5.7.1 spam"), 4: outcomes.deferred("451"), 5: outcomes.accepted("250"),
    }  # fmt: skip
    wire.answer = lambda delivery, letter: ends[delivery.customer_id]
    for number in ends:
        customer(number, clock.now())
        steps.plan([send(number, clock.now())], clock.now())
    run(clock)
    assert dict(Tally.objects.values_list("ending", "letters")) == {"accepted": 2, "gone": 1, "refused": 1}
