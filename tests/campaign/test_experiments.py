"""Variants: shares that learn and leave every arm its fifth, bets that may be looked at on any day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol import loop
from dangol.base.clock import SetClock
from dangol.base.turns import turn
from dangol.campaign import allocating, evidence, experiments, steps
from dangol.campaign.evidence import Counted
from dangol.campaign.models import Allocation, Exposure, Run
from dangol.campaign.parsing import parse
from dangol.deliver.models import Delivery, OutboxMessage
from tests.shopkit import Kit

DAY = timedelta(days=1)


def batches(
    rng: np.random.Generator, weeks: int, sent: int, rates: tuple[float, float]
) -> list[tuple[Counted, Counted]]:
    drawn = rng.binomial(sent, rates, size=(weeks, 2))
    return [(Counted(sent, int(a)), Counted(sent, int(b))) for a, b in drawn]


def ever(counts: list[tuple[Counted, Counted]]) -> bool:
    """Whether anybody who looks after each week ever claims a difference."""
    return any(evidence.log_wins(counts[:n]) >= np.log(20) for n in range(1, len(counts) + 1))


@pytest.mark.parametrize(
    ("rates", "low", "high"),
    [
        ((0.02, 0.02), 0.0, 0.03),  # measured 1.0 % over 12 weeks of looking every day
        ((0.01, 0.03), 0.88, 1.0),  # 94 %
        ((0.01, 0.02), 0.25, 0.52),  # 38 %
    ],
)
def test_power_and_false_alarms_are_those_that_were_measured(
    rates: tuple[float, float], low: float, high: float
) -> None:
    """Two arms of 150 a week for 12 weeks, looked at every week; 200 repetitions with a set seed."""
    rng = np.random.default_rng(7)
    found = [ever(batches(rng, 12, 150, rates)) for _ in range(200)]
    assert low <= np.mean(found) <= high


def test_a_common_drift_under_adaptive_shares_is_no_difference() -> None:
    """Simpson's trap: the share of A grows while everybody converts more. Pooled rates differ, the bet does not."""
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(200):
        counts = []
        for week in range(12):
            a = 30 + 20 * week
            rate = 0.01 * (1 + week / 3)
            counts.append((Counted(a, int(rng.binomial(a, rate))), Counted(270 - a, int(rng.binomial(270 - a, rate)))))
        alarms += ever(counts)
    assert alarms <= 6


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 30), st.integers(0, 30))
def test_a_bet_is_fair(n_a: int, n_b: int, c_a: int, c_b: int) -> None:
    """The mean of the wins over all that chance could have brought is 1: that is what makes the bet safe."""
    c_a, c_b = min(c_a, n_a), min(c_b, n_b)
    m = c_a + c_b
    from math import comb

    mean = sum(
        comb(n_a, k) * comb(n_b, m - k) / comb(n_a + n_b, m)
        * np.exp(evidence.log_wins([(Counted(n_a, k), Counted(n_b, m - k))]))
        for k in range(max(0, m - n_b), min(m, n_a) + 1)
    )  # fmt: skip
    assert mean == pytest.approx(1, abs=1e-9)


def test_more_pairs_need_more_and_the_better_one_is_named() -> None:
    won = {"a": Counted(500, 60), "b": Counted(500, 20), "c": Counted(500, 22)}
    found = {(one.first, one.second): one for one in evidence.compare([won], ["a", "b", "c"])}
    assert {one.needed for one in found.values()} == {60.0}
    assert (found["a", "b"].better, found["a", "c"].better, found["b", "c"].better) == ("a", "a", "")
    assert evidence.compare([], ["a", "b"])[0].wins == pytest.approx(1)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(2, 5))
def test_every_arm_keeps_its_fifth(one: int, other: int, arms: int) -> None:
    names = list("abcde")[:arms]
    shares = allocating.learnt(names, {"a": (500, one), "b": (500, other)}, 1)
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= min(0.2, 1 / arms) - 1e-9


def test_shares_learn_and_are_the_same_for_the_same_numbers() -> None:
    told = {"a": (1000, 30), "b": (1000, 10)}
    shares = allocating.learnt(["a", "b"], told, 5)
    assert shares["a"] > 0.78
    assert shares == allocating.learnt(["a", "b"], told, 5)
    assert all(share == pytest.approx(0.5, abs=0.02) for share in allocating.learnt(["a", "b"], {}, 5).values())
    drawn = [allocating.drawn({"a": 0.8, "b": 0.2}, "c", "s", "t", home) for home in range(5000)]
    assert 0.77 < drawn.count("a") / 5000 < 0.83


# --- whole paths ----------------------------------------------------------------------------------------------------


def definition(**more: Any) -> dict[str, Any]:
    variants = [{"key": key, "templates": {"en": {"subject": key, "html": "<p>Hi</p>"}}} for key in ("short", "long")]
    send = {"channel": "email", "class": "transactional", "variants": variants, "allocation": "learning"}
    return {
        "entry": {"fact": "Seen"}, "goal": {"fact": "Order Completed", "within": "3d"}, "exit_on_goal": False,
        "steps": [{"key": "hi", "send": send}], **more,
    }  # fmt: skip


@pytest.mark.django_db
def test_an_experiment_from_the_first_send_to_the_answer(kit: Kit, clock: SetClock) -> None:
    steps.put("c", {"definition": definition()}, clock.now())
    campaign = steps.activate("c", clock.now())
    users = [f"u{n}" for n in range(120)]
    for user in users:
        kit.identify(user, {"email": f"{user}@example.com"})
        kit.track(user, "Seen")
    kit.run()
    drawn = dict(Exposure.objects.values_list("customer_id", "variant"))
    assert len(drawn) == 120
    assert set(Exposure.objects.values_list("propensity", flat=True)) <= set(Allocation.objects.get().shares.values())
    subjects = {row.delivery.customer_id: row.subject for row in OutboxMessage.objects.select_related("delivery")}
    assert subjects == drawn, "each gets the variant that was drawn"
    assert {delivery.message["variant"] for delivery in Delivery.objects.all()} == {"short", "long"}

    clock.advance(2 * DAY)
    bought = [user for user in users if drawn[kit.customer(user)] == "short"][:40]
    for user in bought:
        kit.order(user, f"o-{user}", 10)
    kit.run()
    plan = parse(campaign.definition)
    [open_yet] = experiments.results(campaign.pk, plan, clock.now())
    assert (open_yet.still_open, open_yet.compared[0].enough) == (120, False), "not enough evidence yet"
    clock.advance(10 * DAY)
    [told] = experiments.results(campaign.pk, plan, clock.now())
    assert (told.still_open, told.compared[0].better) == (0, "short")
    assert {arm.key: arm.converted for arm in told.arms} == {"short": 40, "long": 0}
    for n in range(20):
        kit.identify(f"v{n}", {"email": f"v{n}@example.com"})
        kit.track(f"v{n}", "Seen")
    kit.run()
    newest = Allocation.objects.order_by("-day").first()
    assert newest
    assert newest.shares["short"] > 0.75
    assert newest.shares["long"] >= 0.2
    days = Allocation.objects.order_by("day").values_list("day", flat=True)
    assert all(one < other for one, other in pairwise(days))


@pytest.mark.django_db
def test_the_shops_holdout_is_left_alone_by_every_campaign(kit: Kit, clock: SetClock) -> None:
    steps.hold_out_of_all(30)
    for key in ("a", "b"):
        steps.put(key, {"definition": definition(goal=None)}, clock.now())
        steps.activate(key, clock.now())
    steps.put("care", {"definition": definition(goal=None, shop_holdout=False)}, clock.now())
    steps.activate("care", clock.now())
    for n in range(60):
        kit.identify(f"u{n}", {"email": f"u{n}@example.com"})
        kit.track(f"u{n}", "Seen")
    kit.run()
    held = [
        set(Run.objects.filter(campaign__key=key, arm="holdout").values_list("customer_id", flat=True))
        for key in ("a", "b", "care")
    ]
    assert held[0] == held[1]
    assert 8 <= len(held[0]) <= 30
    assert held[2] == set()


def hello(*keys: str, **more: Any) -> dict[str, Any]:
    variants = [{"key": key, "templates": {"en": {"subject": key, "html": "<p>Hi</p>"}}} for key in keys]
    send = {"channel": "email", "class": "transactional", "variants": variants, "allocation": "learning", **more}
    return {"entry": {"fact": "Seen"}, "steps": [{"key": "hi", "wait": "1h", "send": send}]}


@pytest.mark.django_db
def test_versions_that_share_out_otherwise_have_batches_of_their_own(kit: Kit, clock: SetClock) -> None:
    steps.put("c", {"definition": hello("a", "b")}, clock.now())
    campaign = steps.activate("c", clock.now())
    for n in range(10):
        kit.track(f"u{n}", "Seen")
    kit.run()
    steps.put("c", {"definition": hello("a", "b", "c")}, clock.now(), apply_to="new")
    for n in range(10, 20):
        kit.track(f"u{n}", "Seen")
    kit.run()
    clock.advance(timedelta(hours=1))
    kit.run()
    rows = Allocation.objects.filter(day=clock.now().date())
    assert sorted(sorted(row.shares) for row in rows) == [["a", "b"], ["a", "b", "c"]]
    assert Exposure.objects.values("split").distinct().count() == 2
    [told] = experiments.results(campaign.pk, parse(steps.get("c").definition), clock.now())
    assert told.still_open == 20


@pytest.mark.django_db
def test_nothing_is_counted_inside_a_turn(kit: Kit, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    steps.put("c", {"definition": hello("a", "b")}, clock.now())
    steps.activate("c", clock.now())
    real, inside, counted = experiments._so_far, [], []

    @contextmanager
    def noted() -> Iterator[None]:
        with turn():
            inside.append(True)
            yield
            inside.pop()

    def seen(*told: Any) -> Any:
        counted.append(bool(inside))
        return real(*told)

    monkeypatch.setattr(loop, "turn", noted)
    monkeypatch.setattr(experiments, "_so_far", seen)
    for _ in range(3):
        kit.track("ann", "Seen")
        kit.run()
        kit.pass_time(DAY, timedelta(hours=1))
    assert set(counted) == {False}
    assert len(counted) == Allocation.objects.count(), "once for each day"
