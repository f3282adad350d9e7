"""Every segment of the library with a small history that is in it and one that is not; each can be adopted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dangol.base.clock import SetClock, to_us
from dangol.base.documents import read_text
from dangol.base.errors import Invalid, NotFound
from dangol.segment import adopting, library, reads
from tests.segment.engine import judge, plan_of
from tests.segment.reference import Told
from tests.shopkit import Kit

[CASES] = read_text((Path(__file__).parent / "cases.yaml").read_text("utf-8"))
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
RECENCY = {5: 10, 4: 60, 3: 120, 2: 300, 1: 500}  # days since the newest order, by row of the grid
ORDERS = {1: 1, 2: 2, 3: 4, 4: 6, 5: 9}


def told(position: int, days: int, name: str, properties: Any = None, context: Any = None) -> Told:
    identify = name == "identify"
    return Told(
        at=to_us(NOW - timedelta(days=days)),
        position=position,
        type="identify" if identify else "track",
        name="" if identify else name,
        own=name.startswith(("Email", "Message", "Survey")),
        properties={} if identify else properties or {},
        traits=properties if identify else {},
        context=context or {},
    )


def history(facts: list[list[Any]]) -> list[Told]:
    return [told(position, *fact) for position, fact in enumerate(facts, 1)]


def rule(key: str) -> Any:
    return library.filled(library.get(key), CASES.get(key, {}).get("fill", {}))


def test_every_segment_has_a_history_inside_and_one_outside() -> None:
    keys = [key for key in library.everything() if not key.startswith("rfm-")]
    assert set(CASES) == set(keys)
    asked = [(key, word) for key in keys for word in ("in", "out")]
    plan = plan_of({key: rule(key) for key in keys}, UTC)
    found = judge(plan, [(history(CASES[key][word]), to_us(NOW)) for key, word in asked], "polars")
    assert [one for one, said in zip(asked, found, strict=True) if said[one[0]][0] is not (one[1] == "in")] == []


def test_the_grid_holds_every_buyer_exactly_once() -> None:
    cells = [key for key in library.everything() if key.startswith("rfm-")]
    assert len(cells) == 11
    places = [(r, f) for r in RECENCY for f in ORDERS]
    asked = [(history([[RECENCY[r] + n, "Order Completed"] for n in range(ORDERS[f])]), to_us(NOW)) for r, f in places]
    found = judge(plan_of({key: rule(key) for key in cells}, UTC), asked, "polars")
    inside = {place: [key for key in cells if one[key][0]] for place, one in zip(places, found, strict=True)}
    assert all(len(keys) == 1 for keys in inside.values()), inside
    assert (inside[5, 5], inside[1, 5], inside[1, 1]) == (["rfm-champions"], ["rfm-cant-lose"], ["rfm-lost"])


def test_each_says_in_both_languages_what_it_is_for() -> None:
    for one in library.everything().values():
        assert all(one.name[language] and one.purpose[language] for language in ("en", "ko")), one.key
        assert one.purpose["en"] != one.purpose["ko"]


@pytest.mark.django_db
def test_one_is_adopted_as_a_draft_or_active(kit: Kit, clock: SetClock) -> None:
    kit.order("u1", "o1", 10)
    kit.run()
    assert adopting.adopt("lifecycle-active", {}, "ko", clock.now(), state="draft").state == "draft"
    adopted = adopting.adopt("lifecycle-active", {}, "ko", clock.now())
    assert (adopted.key, adopted.name, adopted.state) == ("lifecycle-active", "활동 고객", "active")
    assert reads.size("lifecycle-active") == 1
    with pytest.raises(NotFound):
        adopting.adopt("nothing", {}, "en", clock.now())


@pytest.mark.django_db
def test_what_is_asked_for_is_filled_in_or_refused(kit: Kit, clock: SetClock) -> None:
    with pytest.raises(Invalid) as refused:
        adopting.adopt("big-spenders", {"amount": "much", "colour": "red"}, "en", clock.now())
    assert [fault.path for fault in refused.value.faults] == ["/colour", "/amount"]
    for name in ("컵", "접시"):
        adopting.adopt("category-fans", {"category": name}, "en", clock.now())
    found = {row.key: row.name for row in reads.listed("active")}
    assert found == {"category-fans": "Fans of a category: 컵", "category-fans-2": "Fans of a category: 접시"}
    kit.track("u1", "Order Completed", {"order_id": "o1", "revenue": 9, "products": [{"category": "컵"}]})
    kit.run()
    assert adopting.suggestions(library.get("category-fans")) == {"category": ["컵"]}
