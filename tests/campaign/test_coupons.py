"""The step that gives a coupon, and what is said with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.campaign import steps
from dangol.campaign.models import Run
from dangol.deliver.models import OutboxMessage
from dangol.offer import giving, offers
from dangol.offer.models import Coupon
from tests.campaign.ways import begin, known, reasons, sent
from tests.offer.giving import facts, offered
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db
FIRST = "/definition/steps/0"
SIGNED = {"fact": "Signed Up"}
SAYS = "{{ coupon.value }} until {{ coupon.expires }}: {{ coupon.code }}"


def letter(key: str = "letter", text: str = SAYS, **more: Any) -> dict[str, Any]:
    templates = {language: {"subject": text, "html": f"<p>{text}</p>"} for language in ("en", "ko")}
    return {"key": key, "send": {"channel": "email", "class": "transactional", "templates": templates}, **more}


def gift(key: str = "gift", offer: str = "ten", **more: Any) -> dict[str, Any]:
    return {"key": key, "give": {"offer": offer, **more}}


def come(kit: Kit, *users: str) -> None:
    for user in users:
        kit.track(user, "Signed Up")
    kit.run()


def subjects() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("subject", flat=True))


def test_a_letter_says_the_code_that_was_given(kit: Kit, clock: SetClock) -> None:
    offered(clock, valid={"days": 14})
    begin(clock, SIGNED, gift(), letter())
    known(kit, "ann", language="en")
    known(kit, "bob", language="ko")
    come(kit, "ann", "bob")
    codes = dict(Coupon.objects.values_list("customer_id", "code"))
    ann, bob = codes[kit.customer("ann")], codes[kit.customer("bob")]
    assert sorted(subjects()) == sorted([
        f"10% until December 8, 2026: {ann}", f"10% until 2026년 12월 8일: {bob}",
    ])  # fmt: skip
    assert set(Coupon.objects.values_list("campaign", "step")) == {("c", "gift")}
    assert facts("Coupon Issued")[0]["trail"] == ["c"]


def test_a_crash_between_issue_and_letter_gives_no_second_code(kit: Kit, clock: SetClock) -> None:
    offered(clock, limits={"per_customer": 9})
    begin(clock, SIGNED, gift(), letter())
    known(kit, "ann")
    kit.track("ann", "Signed Up")
    loop.turn_once(kit.log, clock)
    Run.objects.update(phase="wait", context={})  # as if the step had not been taken
    kit.run()
    assert Coupon.objects.count() == 1
    assert Coupon.objects.get().code in subjects()[0]


def test_who_gets_none_leaves_or_goes_on_as_the_step_says(kit: Kit, clock: SetClock) -> None:
    offered(clock, codes="batches")
    offers.bring("ten", "ONLY-ONE-1", clock.now())
    offered(clock, "none", codes="batches")
    open_to_all = letter("open", "{% if coupon.code %}{{ coupon.code }}{% else %}Hello{% endif %}")
    begin(clock, SIGNED, gift("more", "none", without="continue"), open_to_all, gift(), letter())
    known(kit, "ann", "bob")
    come(kit, "ann", "bob")
    assert (sent(kit, "ann"), sent(kit, "bob")) == (["open", "letter"], ["open"])
    assert sorted(reasons()) == ["finished", "no_coupon"]
    told = [(one["offer"], one["reason"], one["step"]) for one in facts("Coupon Not Issued")]
    assert sorted(told) == [("none", "empty", "more")] * 2 + [("ten", "empty", "gift")]


def test_who_is_held_out_gets_nothing(kit: Kit, clock: SetClock) -> None:
    offered(clock)
    begin(clock, SIGNED, gift(), letter(), holdout_percent=90)
    users = [f"u{number}" for number in range(12)]
    known(kit, *users)
    come(kit, *users)
    treated = set(Run.objects.filter(arm="treated").values_list("customer_id", flat=True))
    assert 0 <= len(treated) < 12
    assert set(Coupon.objects.values_list("customer_id", flat=True)) == treated
    assert Run.objects.filter(state="finished").count() == 12


def test_a_second_run_gives_the_code_that_is_still_good(kit: Kit, clock: SetClock) -> None:
    offered(clock)
    begin(clock, SIGNED, gift(), letter())
    known(kit, "ann")
    come(kit, "ann")
    clock.advance(timedelta(days=2))
    come(kit, "ann")
    assert Coupon.objects.count() == 1
    assert len(set(subjects())) == 1
    assert len(subjects()) == 2


@pytest.mark.parametrize(
    ("way", "places"),
    [
        ([letter()], ["/definition/steps/0"]),
        ([letter(), gift()], ["/definition/steps/0"]),
        ([gift(), letter()], []),
        ([{"key": "fact", "emit": {"fact": "Told", "properties": {"code": "{{ coupon.code }}"}}}], [FIRST]),
        ([letter(text="{{ customer.coupon }} coupon")], []),
        ([{"key": "s", "split": {"shares": [
            {"key": "a", "share": 50, "steps": [gift()]}, {"key": "b", "share": 50, "steps": [letter("early")]}]}},
          letter("late")], ["/definition/steps/0/split/shares/1/steps/0", "/definition/steps/1"]),
        ([{"key": "s", "split": {"shares": [
            {"key": "a", "share": 50, "steps": [gift()]},
            {"key": "b", "share": 50, "steps": [{"key": "end", "exit": True}]}]}}, letter("late")], []),
    ],
)  # fmt: skip
def test_a_letter_may_only_speak_of_a_coupon_that_was_given(
    kit: Kit, clock: SetClock, way: list[dict[str, Any]], places: list[str]
) -> None:
    offered(clock)
    if not places:
        begin(clock, SIGNED, *way)
        return
    with pytest.raises(Invalid) as caught:
        begin(clock, SIGNED, *way)
    assert [fault.path for fault in caught.value.faults] == places
    assert steps.get("c").state == "draft"


def test_an_offer_that_is_not_there_or_archived_is_a_fault(kit: Kit, clock: SetClock) -> None:
    offered(clock, "old")
    offers.archive("old", clock.now())
    with pytest.raises(Invalid) as caught:
        begin(clock, SIGNED, gift("a", "nowhere"), gift("b", "old"))
    assert [fault.path for fault in caught.value.faults] == [f"/definition/steps/{n}/give/offer" for n in (0, 1)]


def test_a_merge_while_the_run_waits_keeps_the_code(kit: Kit, clock: SetClock) -> None:
    offered(clock, limits={"per_customer": 9})
    begin(clock, SIGNED, gift(), letter(wait="1d"))
    known(kit, "ann", "anna")
    come(kit, "ann", "anna")
    loop.join(kit.customer("ann"), kit.customer("anna"), clock.now())
    kit.pass_time(timedelta(days=1), timedelta(hours=6))
    assert {row.customer_id for row in Coupon.objects.all()} == {kit.customer("ann")}
    assert all(any(code in text for code in Coupon.objects.values_list("code", flat=True)) for text in subjects())


def test_what_staff_gave_by_hand_is_the_one_that_a_campaign_says(kit: Kit, clock: SetClock) -> None:
    offered(clock)
    begin(clock, SIGNED, gift(), letter())
    known(kit, "ann")
    [given] = giving.issue([giving.Wish("ten", kit.customer("ann"), "by hand", by="me@shop.example")], clock.now())
    come(kit, "ann")
    assert given.coupon is not None
    assert given.coupon.code in subjects()[0]
