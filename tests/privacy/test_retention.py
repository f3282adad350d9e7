"""How long what is kept: what is older goes once a day, and what went is written down."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from dangol.base.clock import SetClock
from dangol.base.errors import Invalid
from dangol.converse import steps as converse
from dangol.converse.models import Task
from dangol.deliver.models import Delivery, OutboxMessage
from dangol.identity.models import Identifier
from dangol.privacy import audit, retention, steps
from dangol.privacy.audit import Actor
from dangol.privacy.models import Access, RetentionRule, RetentionRun, Vault, Withheld
from dangol.profile.models import Fact, Profile
from tests.privacy.conftest import holding
from tests.privacy.test_erasure import live
from tests.shopkit import Kit

pytestmark = pytest.mark.django_db(transaction=True)
ANN, DAY = Actor("ann@staff.example"), timedelta(days=1)


def test_what_is_young_stays(kit: Kit) -> None:
    live(kit)
    assert retention.see_to(kit.clock.now()) == 0
    assert not RetentionRun.objects.exists()
    assert RetentionRule.objects.exclude(done_at=None).count() == len(retention.KINDS)


def test_what_is_old_goes_once_a_day_and_is_written_down(kit: Kit, clock: SetClock, folder: Path) -> None:
    ann, begin = live(kit), clock.now()
    converse.done(Task.objects.get().pk, "called her", begin)
    Vault.objects.create(hash="0", kind="consent", told={}, keep_until=begin + DAY)
    (folder / "rejected").mkdir()
    for name, age in (("old.csv", 40), ("new.csv", -1200)):
        path = folder / "rejected" / name
        path.write_text("reason,email\n")
        stamp = (begin - age * DAY).timestamp()
        os.utime(path, (stamp, stamp))
    sent = OutboxMessage.objects.count()
    clock.set(begin + 1_100 * DAY)
    deleted = retention.see_to(clock.now())
    found = {run.kind: (run.count, run.until) for run in RetentionRun.objects.all()}
    assert found == {
        "messages": (sent, clock.now() - 365 * DAY), "tasks": (1, clock.now() - 1_096 * DAY),
        "answers": (1, clock.now() - 1_096 * DAY), "rejected": (1, clock.now() - 30 * DAY),
        "proofs": (1, clock.now()),
    }  # fmt: skip
    assert deleted == sum(count for count, _ in found.values())
    assert [path.name for path in (folder / "rejected").iterdir()] == ["new.csv"]
    assert Delivery.objects.filter(customer_id=ann).values_list("state", "address").get() == ("accepted", "")
    assert Profile.objects.filter(pk=ann).exists(), "a customer with a name is kept"
    assert retention.see_to(clock.now()) == 0, "once a day"


def test_a_visitor_without_a_name_goes_whole(kit: Kit, clock: SetClock, folder: Path) -> None:
    kit.send({"type": "page", "anonymousId": "b-stranger", "name": "Home", "properties": {"q": "blue-vases-search"}})
    kit.identify("c", {"email": "c@mail.example"}, anonymousId="b-known")
    kit.run()
    clock.advance(396 * DAY)
    assert retention.see_to(clock.now()) == 1
    assert list(Identifier.objects.values_list("value", flat=True).order_by("value")) == [
        "b-known",
        "c",
        "c@mail.example",
    ]
    assert not Fact.objects.filter(type="page").exists()
    assert Withheld.objects.count() == 1
    steps.tidy(clock.now())
    assert "log.db" not in holding(folder, "blue-vases-search")
    kit.send({"type": "page", "anonymousId": "b-stranger", "name": "Home"})
    kit.run()
    assert Identifier.objects.filter(value="b-stranger").exists(), "whoever comes back is met again"


def test_much_is_done_in_parts(kit: Kit, clock: SetClock) -> None:
    for n in range(7):
        kit.send({"type": "page", "anonymousId": f"b{n}", "name": "Home"})
    kit.run()
    clock.advance(396 * DAY)
    assert [retention.see_to(clock.now(), most=3) for _ in range(4)] == [3, 3, 1, 0]
    assert sum(RetentionRun.objects.values_list("count", flat=True)) == 7


def test_the_shop_sets_its_periods_within_the_law(kit: Kit, clock: SetClock) -> None:
    for key, days in (("accesses", 100), ("messages", 0), ("visitors", 40_000), ("proofs", 5), ("pigeons", 5)):
        with pytest.raises(Invalid):
            retention.keep(key, days, clock.now(), ANN)
    assert not RetentionRule.objects.exists()
    retention.keep("visitors", None, clock.now(), ANN)
    retention.keep("tasks", 60, clock.now(), ANN)
    told = {one.kind.key: (one.keep_days, one.standard) for one in retention.periods()}
    assert (told["visitors"], told["tasks"], told["messages"]) == ((None, False), (60, False), (365, True))
    assert [line.detail for line in Access.objects.order_by("pk")] == [
        {"kind": "visitors", "before": 395, "after": None}, {"kind": "tasks", "before": 1096, "after": 60},
    ]  # fmt: skip
    kit.send({"type": "page", "anonymousId": "b", "name": "Home"})
    kit.run()
    clock.advance(4_000 * DAY)
    retention.see_to(clock.now())
    assert Identifier.objects.filter(value="b").exists(), "for ever"


def test_the_log_of_accesses_is_still_a_chain_after_its_oldest_lines_went(kit: Kit, clock: SetClock) -> None:
    for _ in range(3):
        audit.note(ANN, "export", clock.now())
        clock.advance(400 * DAY)
    retention.see_to(clock.now())
    found = audit.verify()
    assert (found.lines, found.broken_at) == (1, None)
