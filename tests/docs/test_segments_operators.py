"""Every rule in the tables of other systems' operators is one: it is read, and answers as the reference does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dangol.base.clock import to_us
from dangol.base.documents import read_text
from dangol.base.instants import parse_instant
from dangol.segment.parse import read_rule
from tests.docs import pages
from tests.segment.engine import judge, plan_of
from tests.segment.reference import Asked, Told, holds

PAGE = pages.text("segments-operators.md")
ZONE = ZoneInfo("Asia/Seoul")
SYSTEMS = ("Dittofeed", "Mautic", "Klaviyo", "Customer.io", "Unomi", "Parcelvoy", "Notifuse", "Formbricks", "PostHog")
REGULARS = {"event": "Order Completed", "count": {"at_least": 2}}


def rules() -> Iterator[tuple[str, Any]]:
    for row in pages.rows(PAGE):
        for text in pages.code(row[1]):
            if text == "everyone" or text.startswith("{"):
                yield text, read_text(f"- {text}")[0][0]


RULES = dict(rules())


def subjects(where: Any) -> set[str]:
    """All keys anywhere in a rule."""
    if isinstance(where, dict):
        return set(where).union(*map(subjects, where.values()))
    return set().union(*map(subjects, where)) if isinstance(where, list) else set()


JUDGED = {text: where for text, where in RULES.items() if "predicted" not in subjects(where)}  # that asks a table


def test_every_system_has_a_table_and_every_row_an_answer() -> None:
    for system in SYSTEMS:
        assert pages.rows(pages.section(PAGE, system))
    for row in pages.rows(PAGE):
        assert "Cannot be said" in row[1] or any(text in RULES for text in pages.code(row[1])), row
    assert len(RULES) > 150


@pytest.mark.parametrize("text", RULES)
def test_the_rule_is_read(text: str) -> None:
    read_rule(RULES[text], ZONE)


def us(text: str) -> int:
    found = parse_instant(text)
    assert found is not None
    return to_us(found)


def told(position: int, at: str, name: str, properties: dict[str, Any], own: bool = False) -> Told:
    return Told(us(at), position, "track", name, own, properties)


DEVICE = {"campaign": {"source": "naver", "medium": "cpc"}, "device": {"type": "ios"}}
TRAITS = {
    "plan": "gold", "age": 30, "city": "Seoul", "tags": ["vip"], "birthday": "1990-11-28", "points": 10,
    "renewed_at": "2026-11-25", "trial_ends": "2026-11-30", "email": "info@naver.com", "phone": "+82 10",
}  # fmt: skip
ORDER = {"total": 60_000, "currency": "KRW", "category": "cup", "products": [{"category": "cup", "price": 60}]}
FACTS = (
    Told(us("2026-10-01T09:00:00+09:00"), 1, "identify", traits=TRAITS),
    Told(us("2026-10-02T09:00:00+09:00"), 2, "page", "Cups", False, {"url": "/cups", "title": "Cups"}, context=DEVICE),
    told(3, "2026-10-10T09:00:00+09:00", "Order Completed", ORDER),
    told(4, "2026-11-20T09:00:00+09:00", "Order Completed", {"total": 40, "coupon": "A", "category": "pot"}),
    told(5, "2026-11-21T09:00:00+09:00", "Message Sent", {"campaign": "welcome", "channel": "email"}, True),
    told(6, "2026-11-22T09:00:00+09:00", "Consent Changed", {"channel": "email", "state": "granted"}, True),
    told(7, "2026-11-23T09:00:00+09:00", "Survey Answered", {"survey": "csat", "score": 2, "answer": "배송"}, True),
)


def test_every_rule_answers_as_the_reference_does() -> None:
    segments = {"regulars": REGULARS} | {f"r{n}": where for n, where in enumerate(JUDGED.values())}
    asked = [
        (FACTS[:number], t) for number in (1, 4, 7) for t in (us("2026-11-28T12:00:00+09:00"), FACTS[number - 1].at)
    ]
    found = judge(plan_of(segments, ZONE), asked, "polars")
    said = set()
    for number, ((facts, t), one) in enumerate(zip(asked, found, strict=True), 1):
        for key, where in segments.items():
            right = holds(where, Asked(facts, t, number, ZONE, segments))
            assert one[key][0] == right, (where, number)
            said.add((key, right))
    assert sum(right for _, right in said) > 80  # so many of them hold for somebody
