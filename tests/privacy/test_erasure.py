"""An erased person is in no table and in no file, and nothing brings them back; what others did stays."""

from __future__ import annotations

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connection

from dangol import loop
from dangol.base.errors import NotFound
from dangol.campaign import steps as campaign
from dangol.campaign.models import Run
from dangol.collect import rules as collected
from dangol.collect.log import Rejected
from dangol.collect.models import Import, Outgoing
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.deliver import suppressions
from dangol.deliver.models import Delivery, OutboxMessage, Suppression
from dangol.harvest import steps as harvest
from dangol.identity import steps as identity
from dangol.identity.models import Identifier
from dangol.offer import giving, loyalty, offers, redeeming
from dangol.offer.models import Coupon, Redemption
from dangol.offer.terms import Basket
from dangol.privacy import files, steps, tombstones
from dangol.privacy.models import Erasure, Tombstone, Vault, Withheld
from dangol.profile.models import Consent, ConsentChange, Fact, Order, Profile, Refund
from dangol.segment.models import Flip, Member
from dangol.strategy import steps as strategy
from dangol.survey import steps as survey
from dangol.survey.models import Answer, Survey
from dangol.web.models import ApiKey, Idempotency
from tests.privacy.conftest import holding
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL, PHONE, NAME = "ann.smith@mail.example", "010-2345-6789", "Ann Blossom Smith"
TRACES = (EMAIL, PHONE, "01023456789", NAME)
DAY = timedelta(days=1)
LETTER = {
    "entry": {"fact": "Order Completed"}, "holdout_percent": 0, "goal": {"fact": "Video Watched", "within": "7d"},
    "steps": [{"key": "mail", "send": {"channel": "email", "class": "transactional",
               "templates": {"en": {"subject": "Thank you {{ customer.name }}", "html": "<p>Thank you</p>"}}}}],
}  # fmt: skip


def live(kit: Kit) -> int:
    """Ann lives in the shop and leaves behind what a person leaves behind. Her customer id."""
    now = kit.clock.now()
    strategy.ensure_ready(now)
    survey.ensure_ready(now)
    campaign.put("thanks-at-once", {"name": "Thanks", "definition": LETTER}, now)
    campaign.activate("thanks-at-once", now)
    kit.send({"type": "page", "anonymousId": "browser-1", "name": "Home", "context": {"ip": "203.0.113.9"}})
    kit.identify("ann", {"email": EMAIL.title(), "phone": PHONE, "name": NAME}, anonymousId="browser-1")
    kit.consent("ann")
    kit.order("ann", "A-1", "120.50", now - 3 * DAY, imported=True)
    kit.order("ann", "A-2", 30)
    kit.run()
    offers.put("ten", {"gives": {"percent": 10}}, now)
    [given] = giving.issue([giving.Wish("ten", kit.customer("ann"), "thanks", campaign="thanks-at-once")], now)
    assert given.coupon is not None
    loyalty.put({"earn": {"points": 1, "each": 1}}, now)
    loyalty.adjust(kit.customer("ann"), 5, f"for {NAME}", "case", now)
    redeeming.redeem(
        redeeming.Use(given.coupon.code, Basket(order_id="A-2", amount=Decimal(30)), kit.customer("ann")), now
    )
    kit.track("ann", "Video Watched", {"video": NAME}, messageId=f"video-{EMAIL}")
    kit.track("ann", "Order Refunded", {"order_id": "A-2", "revenue": 10})
    kit.track("ann", "Topic Changed", {"topic": "news", "subscribed": True, "said": NAME})
    kit.track("ann", "Message Received", {"text": f"I am {NAME}, call me {PHONE}", "channel": "form"})
    kit.order("bob", "B-1", 80)
    kit.track("bob", "Gift Sent", {"to": f"for {EMAIL}", "call": 1023456789, "note": "hi"})
    kit.clock.advance(timedelta(minutes=1))
    kit.run()
    ann = kit.customer("ann")
    delivery = Delivery.objects.get(customer_id=ann)
    Answer.objects.create(
        survey=Survey.objects.earliest("pk"), delivery_id=delivery.pk, customer_id=ann, home=ann,
        campaign="thanks-at-once", score=2, answer=f"call me {PHONE}", at=now,
    )  # fmt: skip
    converse.open_task(ann, "dissatisfied", {"answer": f"write to {EMAIL}"}, "answer:1", now)
    body = msgspec.json.encode({"type": "odd", "userId": "ann", "traits": {"email": EMAIL}})
    kit.log.append([], [Rejected("site", 0, "unknown_type", "type", body), Rejected("site", 0, "x", "y", b"other")])
    Import.objects.create(
        name="customers.csv", digest="0", kind="customers", started_at=now, counts={"reasons": {f"found '{EMAIL}'": 1}}
    )
    Idempotency.objects.create(
        api_key=ApiKey.objects.create(name="k", prefix="dgk_", hash="0", created_at=now), route="/", key="1",
        body_hash="0", status=200, answer=f'{{"email": "{EMAIL}"}}', created_at=now,
    )  # fmt: skip
    return ann


def test_redemptions_stay_as_an_amount_and_codes_belong_to_nobody(kit: Kit, folder: Path) -> None:
    ann = live(kit)
    giving.issue([giving.Wish("ten", ann, "again")], kit.clock.now())
    offers.put("tea", {"gives": {"gift": "tea", "worth": 3}}, kit.clock.now())
    giving.issue([giving.Wish("tea", ann, "again")], kit.clock.now())
    steps.forget(ann, kit.clock.now())
    kit.run()
    rows = Coupon.objects.order_by("pk").values_list("customer_id", "home", "key", "state")
    assert list(rows) == [(None, None, None, "redeemed"), (None, None, None, "void")]
    [row] = Redemption.objects.all()
    assert (row.cost, row.order_id, row.source, row.campaign) == (3, "", "", "thanks-at-once")


def scraps(folder: Path) -> None:
    """Files that an import and an upgrade left in the data folder."""
    (folder / "rejected").mkdir()
    lines = ["reason,email", f"no date,{EMAIL.upper()}", "no date,other@mail.example"]
    (folder / "rejected" / "customers.csv.rejected.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "state.before-upgrade.db").write_bytes(b"\0 a copy with " + EMAIL.encode())


def test_nothing_of_a_person_is_left_in_any_table_or_file(kit: Kit, folder: Path) -> None:
    ann = live(kit)
    scraps(folder)
    assert len(holding(folder, EMAIL)) >= 3, "she is there before"
    erasure = steps.forget(ann, kit.clock.now(), actor=steps.Actor("owner@shop.example"))
    assert erasure.finished_at == kit.clock.now()
    assert holding(folder, *TRACES) == []
    names = steps.names_of([EMAIL, "01023456789"])
    assert names
    assert files.remains(folder, names) == []
    for model in (Profile, Consent, ConsentChange, Member, Flip, Task):
        assert not model._default_manager.filter(customer_id=ann).exists(), model
    assert not Identifier.objects.filter(customer_id=ann).exists()
    assert not OutboxMessage.objects.filter(delivery__customer_id=ann).exists()
    assert [row.body for row in kit.log.rejected(9)] == [b"other"]
    kept = (folder / "rejected" / "customers.csv.rejected.csv").read_text("utf-8")
    assert kept == "reason,email\nno date,other@mail.example\n"
    assert not (folder / "state.before-upgrade.db").exists()
    assert Import.objects.get().counts == {"reasons": {"found '[erased]'": 1}}
    assert erasure.report["lines of files"] == 1
    assert erasure.report["refused events"] == 1


def test_what_others_did_and_what_all_did_together_stays(kit: Kit) -> None:
    ann = live(kit)
    before = harvest.results("thanks-at-once", kit.clock.now())
    mean = survey.results("satisfaction").csat if Survey.objects.filter(key="satisfaction").exists() else None
    end, revenue = kit.log.end(), sum(Order.objects.values_list("revenue", flat=True))
    steps.forget(ann, kit.clock.now())
    assert kit.log.end() == end
    assert sum(Order.objects.values_list("revenue", flat=True)) == revenue == Decimal("230.5")
    assert not Order.objects.filter(order_id__in=["A-1", "A-2"]).exists()
    refund = Refund.objects.get()
    assert Order.objects.get(order_id=refund.order_id).revenue == 30, "refunds stay with their orders"
    assert harvest.results("thanks-at-once", kit.clock.now()) == before
    assert (survey.results("satisfaction").csat if mean is not None else None) == mean
    assert Answer.objects.get().answer == ""
    gift = Fact.objects.get(name="Gift Sent")
    assert msgspec.json.decode(gift.properties) == {"to": "for [erased]", "call": 1023456789, "note": "hi"}
    told = [collected.normalise(entry) for entry in kit.log.read(0, 1000)]
    assert [fact.properties.get("to") for fact in told if fact.name == "Gift Sent"] == ["for [erased]"]
    assert len([fact for fact in told if fact.name == "Erased"]) >= 6
    assert kit.customer("bob")


def test_old_batches_and_new_events_do_not_bring_the_person_back(kit: Kit, folder: Path) -> None:
    ann = live(kit)
    entries = kit.log.read(0, 1000)
    steps.forget(ann, kit.clock.now())
    customers = Profile.objects.count()
    again = [entry.message_id for entry, at in zip(entries, kit.log.append(entries), strict=True) if at is not None]
    assert again == [], "every message id is known, also one that named the person and was renamed"
    kit.send({"type": "page", "anonymousId": "browser-1", "name": "Back"})
    kit.identify("ann", {"email": EMAIL, "phone": PHONE, "name": NAME})
    kit.identify("ann-2", {"email": EMAIL.upper()})
    kit.send({"type": "track", "anonymousId": "fresh", "event": "Hi", "context": {"traits": {"phone": PHONE}}})
    kit.order("ann", "A-3", 5)
    kit.run()
    assert Profile.objects.count() == customers
    assert identity.find("email", EMAIL) is None
    assert not Order.objects.filter(order_id="A-3").exists()
    assert Withheld.objects.count() == 5
    assert holding(folder, EMAIL), "until it is emptied"
    steps.tidy(kit.clock.now())
    assert (Withheld.objects.count(), holding(folder, *TRACES)) == (0, [])


def test_somebody_else_at_the_same_browser_is_another_customer(kit: Kit) -> None:
    steps.forget(live(kit), kit.clock.now())
    kit.identify("carl", {"email": "carl@mail.example"}, anonymousId="browser-1")
    kit.run()
    carl = kit.customer("carl")
    assert [key for key in identity.identifiers([carl])[carl] if key[0] == "anonymousId"] == []
    assert Fact.objects.filter(customer_id=carl, type="identify").exists()


def test_an_address_that_two_people_share_stays_with_the_other(kit: Kit, folder: Path) -> None:
    kit.identify("ann", {"email": EMAIL, "phone": PHONE})
    kit.identify("mother", {"email": EMAIL})
    kit.run()
    steps.forget(kit.customer("ann"), kit.clock.now())
    assert holding(folder, PHONE, "01023456789") == []
    kit.identify("mother", {"city": "Busan"})
    kit.run()
    mother = Profile.objects.get(pk=kit.customer("mother"))
    assert (mother.email, mother.traits["city"]) == (EMAIL, "Busan")


def test_facts_about_the_erased_that_the_house_writes_later_are_dropped(kit: Kit) -> None:
    ann = live(kit)
    late = Outgoing(message_id="late", body=b"", written_at=kit.clock.now())
    late.body = b'{"type":"track","event":"Email Opened","customerId":%d,"timestamp":"2026-11-24T03:00:00Z"}' % ann
    steps.forget(ann, kit.clock.now())
    late.save()
    kit.run()
    assert not Fact.objects.filter(customer_id=ann, name="Email Opened").exists()


def test_a_message_in_a_workers_hands_is_emptied_again(kit: Kit, folder: Path) -> None:
    ann = live(kit)
    delivery = Delivery.objects.get(customer_id=ann)
    steps.forget(ann, kit.clock.now())
    delivery.save()  # what the worker had read before
    assert Delivery.objects.filter(address=EMAIL).exists()
    assert steps.tidy(kit.clock.now()) == 1
    again = Delivery.objects.get(pk=delivery.pk)
    assert (again.address, again.subject, again.trigger) == ("", "", f"erased:{delivery.pk}")
    assert holding(folder, *TRACES) == []


def test_a_refusal_outlives_the_person_as_a_hash(kit: Kit) -> None:
    ann = live(kit)
    address = suppressions.address_hash("email", EMAIL)
    Suppression.objects.create(channel="email", address_hash=address, reason="complaint", created_at=kit.clock.now())
    steps.forget(ann, kit.clock.now())
    assert Suppression.objects.filter(address_hash=address).exists()
    proof = Vault.objects.get(hash=tombstones.hash_of("email", EMAIL))
    assert [change["state"] for change in proof.told["changes"]] == ["granted"]
    assert proof.keep_until > kit.clock.now() + 1825 * DAY
    assert EMAIL not in str(proof.told)


@pytest.mark.parametrize("at", ["log", "files", "anew"])
def test_an_erasure_that_was_cut_short_is_finished_later(kit: Kit, folder: Path, at: str, monkeypatch: Any) -> None:
    ann = live(kit)
    place = {"log": "dangol.privacy.erasure._empty_log", "files": "dangol.privacy.files.strike",
             "anew": "dangol.privacy.files.write_anew"}[at]  # fmt: skip

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, crash)
        with pytest.raises(KeyboardInterrupt):
            steps.forget(ann, kit.clock.now())
    assert Erasure.objects.get().finished_at is None
    assert steps.tidy(kit.clock.now()) >= 1
    assert Erasure.objects.get().finished_at
    assert holding(folder, *TRACES) == []


def test_who_was_merged_goes_with_whom_they_became_and_only_once(kit: Kit) -> None:
    kit.send({"type": "page", "anonymousId": "b", "name": "Home"})
    kit.run()
    first = identity.find("anonymousId", "b")
    kit.identify("ann", {"email": EMAIL})
    kit.send({"type": "identify", "userId": "ann", "anonymousId": "b"})
    kit.run()
    ann = kit.customer("ann")
    erasure = steps.forget(first or ann, kit.clock.now())
    assert steps.forget(ann, kit.clock.now()).pk == erasure.pk
    assert Erasure.objects.count() == 1
    with pytest.raises(NotFound):
        steps.forget(99_999, kit.clock.now())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="restores a copy of the embedded state")
def test_a_restored_backup_does_not_bring_the_person_back(kit: Kit, folder: Path, tmp_path_factory: Any) -> None:
    ann = live(kit)
    state, backup = Path(str(connection.settings_dict["NAME"])), tmp_path_factory.mktemp("backup") / "state.db"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(backup)])
    steps.forget(ann, kit.clock.now())
    connection.close()
    for path in state.parent.glob(state.name + "*"):
        path.unlink()
    shutil.copy(backup, state)
    assert Profile.objects.filter(email=EMAIL).exists()
    assert not Tombstone.objects.exists()
    assert steps.replay(kit.clock.now()) == 1
    assert holding(folder, *TRACES) == []
    assert steps.replay(kit.clock.now()) == 0
    kit.identify("ann", {"email": EMAIL})
    kit.run()
    assert not Profile.objects.filter(email=EMAIL).exists()


def test_the_loop_sees_to_what_is_left(kit: Kit) -> None:
    steps.forget(live(kit), kit.clock.now())
    kit.identify("ann", {"email": EMAIL})
    runner = loop.Runner(kit.log, kit.clock)
    while runner.turn():
        pass
    assert Withheld.objects.exists()
    kit.clock.advance(timedelta(seconds=6))
    runner.chores()
    assert not Withheld.objects.exists()


def test_an_erased_order_does_not_count_runs_twice(kit: Kit) -> None:
    ann = live(kit)
    runs = Run.objects.count()
    steps.forget(ann, kit.clock.now())
    assert Run.objects.count() == runs
    assert set(Run.objects.filter(customer_id=ann).values_list("state", flat=True)) <= {"left", "finished"}


def test_who_comes_back_by_an_act_of_their_own_is_let_in(kit: Kit, folder: Path) -> None:
    steps.forget(live(kit), kit.clock.now())
    with pytest.raises(NotFound):
        steps.meet_again("email", "nobody@mail.example", kit.clock.now(), steps.HOUSE)
    steps.meet_again("email", EMAIL.title(), kit.clock.now(), steps.HOUSE, "signed up again")
    assert steps.replay(kit.clock.now()) == 0, "the file does not bring the tombstone back"
    kit.send({"type": "identify", "userId": "new-ann", "traits": {"email": EMAIL}})
    kit.identify("ann", {"city": "Seoul"})
    kit.run()
    assert identity.find("email", EMAIL) == kit.customer("new-ann")
    assert identity.find("userId", "ann") is None
