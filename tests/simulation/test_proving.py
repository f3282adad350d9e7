"""A few shops lived through by the real loop. The long proof is scripts/prove."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dangol.campaign import steps as campaign
from dangol.deliver.models import OutboxMessage
from dangol.simulation import driving, judging, kinds, proving, rivals
from dangol.simulation.driving import Ran
from dangol.simulation.stories import Take
from dangol.strategy import steps as strategy

DAYS, VISITORS = 6, 30.0


@pytest.fixture
def ran(db: None, tmp_path: Path) -> Ran:
    return driving.live(kinds.draw(kinds.kind("cosmetics"), 1, DAYS, VISITORS), tmp_path)


def test_an_owner_who_only_accepts_writes_to_people_from_the_first_day(ran: Ran) -> None:
    told = judging.judge(ran.world, ran, ran.crowd)
    assert "activate welcome" in told.accepted
    assert told.sent["welcome"] > 10
    assert told.letters["nothing"] == 0 < told.letters["fixed"]
    assert sum(told.sent.values()) == OutboxMessage.objects.count()  # every letter came back into the world
    assert not told.broken
    assert {claim.of for claim in told.claims} >= {"conversions"}
    _a_limit_that_is_broken_is_seen(ran)


def _a_limit_that_is_broken_is_seen(ran: Ran) -> None:
    """The check must be able to fail: two letters on one day, one at night, one to somebody who never agreed."""
    first, second = OutboxMessage.objects.filter(delivery__message_class="marketing").order_by("pk")[:2]
    OutboxMessage.objects.filter(pk=second.pk).update(to=first.to, at=first.at)
    assert any("the second of a day" in one for one in judging.broken(ran))
    OutboxMessage.objects.filter(pk=second.pk).update(at=ran.crowd.instant(3 + 23 / 24))
    assert any("at night" in one for one in judging.broken(ran))
    life = ran.crowd.by_email[first.to]
    told = replace(ran.crowd.stories[life], takes=(Take(leaves=ran.crowd.day(first.at) - 0.01),))
    ran.crowd.stories[life] = told
    assert any("wanted no more" in one for one in judging.broken(ran))
    never = next(number for number, life in ran.crowd.lives.items() if not life.agrees)
    OutboxMessage.objects.filter(pk=second.pk).update(to=ran.crowd.people[never].email)
    assert any("never agreed" in one for one in judging.broken(ran))


def usual(ran: Ran, now: datetime) -> None:
    """An owner who lets three plays run, for everybody, and looks at nothing."""
    for key in rivals.DISCOUNTS:
        play = strategy.play(key)
        campaign.save_audience(play, now)
        campaign.put(key, {"name": key, "definition": {**play.definition, "holdout_percent": 0}}, now)
        campaign.activate(key, now)


@pytest.mark.django_db
def test_the_fixed_setup_is_no_worse_than_our_own_system_would_run_it(tmp_path: Path) -> None:
    """The rival is simulated without our system: it writes to all whom the system would write to, and more."""
    world = kinds.draw(kinds.kind("cosmetics"), 2, 6, 40.0)
    ran = driving.live(world, tmp_path, usual)
    theirs = {n: {one.play for one in rivals.fixed(world, life)[1]} for n, life in ran.crowd.lives.items()}
    ours = {n: {one.play for one in letters} for n, letters in ran.crowd.letters.items()}
    wrote, would = sum(map(len, ours.values())), sum(map(len, theirs.values()))
    missed = sum(len(plays - theirs[n]) for n, plays in ours.items())
    assert wrote > 25
    assert missed <= 0.05 * wrote
    assert wrote >= 0.8 * would  # the last evening's wait for the next morning, who orders first needs no welcome


@pytest.mark.django_db
def test_a_shop_is_the_same_each_time_and_leaves_nothing_behind() -> None:
    one, other = (proving.one("placebo", 3, 3, 15.0) for _ in range(2))
    assert one == other
    assert not OutboxMessage.objects.exists()
    assert one["orders"]["dangol"] == one["orders"]["nothing"]  # what does nothing changes nothing
    assert all(claim["truth"] == 0 for claim in one["claims"])


def judged(**told: Any) -> dict[str, Any]:
    margins = {"nothing": 100.0, "plain": 101.0, "fixed": 102.0, "dangol": 103.0}
    counts = dict.fromkeys(margins, 1)
    base = {
        "kind": "gifts",
        "seed": 1,
        "days": 90,
        "visitors": 20.0,
        "margins": margins,
        "orders": counts,
        "letters": counts,
        "left": counts,
    }
    return base | {"sent": {"welcome": 1}, "broken": [], "claims": []} | told


def claim(low: float, high: float, truth: float) -> dict[str, Any]:
    return {"campaign": "welcome", "of": "revenue", "low": low, "high": high, "truth": truth}


def test_the_summary_counts_wins_coverage_and_false_alarms() -> None:
    loses = {"nothing": 100.0, "plain": 101.0, "fixed": 102.0, "dangol": 101.5}
    claims = [claim(1, 3, 2), claim(1, 3, 0), claim(-1, 1, 0), claim(-1, 1, 2)]
    told = proving.summary([judged(claims=claims), judged(margins=loses, broken=["x"])])
    assert told["wins"]["nothing"]["count"] == 2
    assert told["wins"]["fixed"]["count"] == 1
    assert told["wins"]["nothing and fixed"]["share"] == 0.5
    assert told["coverage"]["revenue"]["count"] == 2
    assert told["found"] == {"clear": 2, "right": 1, "false_alarms": 1}
    assert told["limits_broken"] == 1
    assert told["by_kind"] == {"gifts": {"plain": 1.0, "fixed": 2.0, "dangol": 2.25}}
    json.dumps(told)


def test_a_share_has_wilsons_interval() -> None:
    assert proving.share(80, 100) == {"count": 80, "of": 100, "share": 0.8, "low": 0.7112, "high": 0.8666}
    assert proving.share(0, 0)["share"] is None


def test_mixed_takes_every_ordinary_kind_in_turn() -> None:
    kinds_of = [kind for kind, _ in proving.shops(proving.MIXED, 12)]
    assert sorted(set(kinds_of)) == sorted(kinds.ORDINARY)
    assert "placebo" not in kinds_of


def test_a_proof_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    keep, wanted = tmp_path / "kept.jsonl", proving.shops("gifts", 2)
    known = judged(seed=1, days=3)
    keep.write_text(json.dumps({**known, "margins": {"nothing": 1.0}}) + "\n")
    told = proving.prove(wanted, 3, 20.0, 1, system=False, step=lambda what, done, total: None, keep=keep)
    assert [one["seed"] for one in told] == [1, 2]
    assert told[0]["margins"] == {"nothing": 1.0}  # as it stood there
    assert len(keep.read_text().splitlines()) == 2
