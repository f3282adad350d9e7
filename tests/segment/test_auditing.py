"""Once a day live and full are held together: nothing is found, or it is found, told and set right."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dangol.base.clock import SetClock
from dangol.privacy import doctor
from dangol.profile.columns import keeping
from dangol.profile.models import Copy
from dangol.segment import auditing, audits, steps
from dangol.segment.models import Audit, Flip, Member, Standing, Summary
from tests.shopkit import Kit

DAY = timedelta(days=1)


@pytest.fixture
def shop_of_three(kit: Kit, clock: SetClock, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Kit:
    monkeypatch.setattr(auditing, "RANGE", 2)
    settings.DANGOL = replace(settings.DANGOL, data=str(tmp_path))
    steps.save("recent", {"where": {"event": "Order Completed", "within": "30d"}}, clock.now())
    steps.save("gold", {"where": {"all": [{"trait": "plan", "is": "gold"}, {"segment": "recent"}]}}, clock.now())
    for n in (1, 2, 3):
        kit.identify(f"u{n}", {"plan": "gold" if n < 3 else "silver"})
    kit.order("u1", "o1", 10)
    kit.order("u3", "o3", 10)
    kit.run()
    return kit


def audit(kit: Kit) -> Audit:
    while auditing.go_on(kit.clock):
        pass
    return Audit.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("copied", [True, False])
def test_a_whole_shop_is_found_whole_once_a_day(shop_of_three: Kit, clock: SetClock, copied: bool) -> None:
    if copied:
        keeping.keep(clock.now())
    row = audit(shop_of_three)
    assert (row.segments, row.checked, row.wrong, row.copy_wrong) == (2, 3, 0, 0)
    assert not audits.due(clock.now())
    clock.set(clock.now() + DAY)
    assert audits.due(clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("harm", ["a member too many", "a member too few", "a flip too late", "no flip"])
def test_what_is_wrong_is_found_told_and_set_right(
    shop_of_three: Kit, clock: SetClock, harm: str, copied: bool, caplog: pytest.LogCaptureFixture
) -> None:
    right = sorted(Member.objects.values_list("segment__key", "customer_id"))
    flips = dict(Flip.objects.values_list("customer_id", "at"))
    one, two = shop_of_three.customer("u1"), shop_of_three.customer("u2")
    if copied:
        keeping.keep(clock.now())
    if harm == "a member too many":
        Member.objects.create(
            segment=Member.objects.filter(customer_id=one)[0].segment, customer_id=two, since=clock.now()
        )
    elif harm == "a member too few":
        Member.objects.filter(customer_id=one).delete()
    elif harm == "a flip too late":
        Flip.objects.filter(customer_id=one).update(at=clock.now() + 300 * DAY)
    else:
        Flip.objects.filter(customer_id=one).delete()
    with caplog.at_level(logging.ERROR):
        row = audit(shop_of_three)
    assert row.wrong >= 1
    assert row.copy_wrong == 0
    assert f"memberships of {row.wrong} customers were not what the rules say" in caplog.text
    assert sorted(Member.objects.values_list("segment__key", "customer_id")) == right
    assert dict(Flip.objects.values_list("customer_id", "at")) == flips
    (found,) = [one for one in doctor.examine(clock.now()) if one.what == "memberships"]
    assert not found.good


@pytest.mark.django_db(transaction=True)
def test_what_stands_is_left_alone_but_of_who_was_wrong(shop_of_three: Kit) -> None:
    stood = dict(Standing.objects.values_list("customer_id", "state"))
    assert audit(shop_of_three).wrong == 0
    assert dict(Standing.objects.values_list("customer_id", "state")) == stood
    wrong = shop_of_three.customer("u1")
    Member.objects.filter(customer_id=wrong).delete()
    for customer in stood:
        Summary.objects.create(customer_id=customer, group=1, state=b"")
    Audit.objects.all().delete()
    assert audit(shop_of_three).wrong == 1
    now = dict(Standing.objects.values_list("customer_id", "state"))
    assert {one: now[one] for one in stood if one != wrong} == {one: stood[one] for one in stood if one != wrong}
    assert set(Summary.objects.values_list("customer_id", flat=True)) == set(stood) - {wrong}


@pytest.mark.django_db(transaction=True)
def test_the_log_names_a_few_of_many(
    shop_of_three: Kit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(auditing, "NAMED", 1)
    Member.objects.all().delete()
    first = min(shop_of_three.customer("u1"), shop_of_three.customer("u3"))
    audit(shop_of_three)
    assert caplog.text.strip().endswith(
        f"2 customers were not what the rules say; they are set right, among them those of {first}"
    )


@pytest.mark.django_db(transaction=True)
def test_whose_time_has_come_is_not_called_wrong(shop_of_three: Kit, clock: SetClock) -> None:
    clock.set(clock.now() + 31 * DAY)  # the loop has not woken them yet
    row = audit(shop_of_three)
    assert (row.checked, row.wrong) == (3, 0)


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_says_something_else_is_told_and_made_again(
    shop_of_three: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping.keep(clock.now())
    from dangol.profile import rows
    from dangol.profile.columns import stale

    monkeypatch.setattr(stale, "mark", lambda *_, **__: None)  # a way of changing facts that forgets to say so
    one, two = shop_of_three.customer("u1"), shop_of_three.customer("u3")
    assert rows.stale is stale
    from dangol import loop

    loop.join(one, two, clock.now())
    row = audit(shop_of_three)
    assert row.copy_wrong > 0
    assert row.wrong == 0
    assert not Copy.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_loop_wrote_while_it_began_is_no_fault(
    shop_of_three: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Between asking for the time and reading the state, time moves people out and the loop writes it."""
    plan = auditing.Plan

    def slow(*told: Any) -> Any:
        monkeypatch.setattr(auditing, "Plan", plan)
        clock.advance(31 * DAY)
        shop_of_three.run()
        return plan(*told)

    monkeypatch.setattr(auditing, "Plan", slow)
    row = audit(shop_of_three)
    assert (row.wrong, caplog.messages) == (0, [])
    assert not Member.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_was_wrong_is_named_and_the_days_before_are_kept(shop_of_three: Kit, clock: SetClock) -> None:
    one, two = shop_of_three.customer("u1"), shop_of_three.customer("u2")
    gold = Member.objects.get(customer_id=one, segment__key="gold").segment
    Member.objects.create(segment=gold, customer_id=two, since=clock.now())
    Member.objects.filter(customer_id=one).delete()
    Flip.objects.filter(customer_id=one).delete()
    row = audit(shop_of_three)
    assert audits.differences(row) == [
        audits.Difference(one, [], ["gold", "recent"], late=True),
        audits.Difference(two, ["gold"], [], late=False),
    ]
    clock.set(clock.now() + DAY)
    row = audit(shop_of_three)
    assert (row.wrong, audits.differences(row)) == (0, [])
    assert [(run.wrong, run.checked) for run in audits.before(row)] == [(2, 3)]
