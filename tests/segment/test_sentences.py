"""Rules in words, for people who do not read YAML."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings

from dangol.segment.parse import read_rule
from dangol.segment.sentences import words
from tests.segment import strategies

SENTENCES: list[tuple[Any, str, str]] = [
    ("everyone", "everyone", "모든 고객"),
    ({"any": []}, "nobody", "아무도 아님"),
    (
        {
            "all": [
                {"event": "A", "count": {"at_least": 2}, "within": "365d"},
                {"event": "A", "count": 0, "within": "1d"},
            ]
        },
        "A at least 2 times in the last 365 days and no A in the last 1 day",
        "최근 365일 동안 A 2회 이상 그리고 최근 1일 동안 A 없음",
    ),
    (
        {"any": [{"trait": "plan", "is": "gold"}, {"none": [{"segment": "x"}]}]},
        "plan is “gold” or none of (in the segment x)",
        "plan “gold”임 또는 (세그먼트 x에 속함) 중 어느 것도 아님",
    ),
    (
        {"exactly": {"k": 1, "of": [{"event": "A"}, {"event": "B", "count": 1}]}},
        "exactly 1 of (A at least once; B exactly once)",
        "(A 1회 이상; B 정확히 1회) 중 정확히 1개",
    ),
    (
        {"event": "*", "sum": {"of": "total", "over": 5}, "ago": ["30d", "60d"]},
        "any event with total in total is over 5 30 days to 60 days ago",
        "30일~60일 전 모든 이벤트 total 합계 5 초과",
    ),
    (
        {"consent": "email", "is": "none"},
        "has never said anything on marketing by email",
        "marketing email 수신 여부를 밝힌 적 없음",
    ),
    (
        {"survey": "csat", "score": {"at_most": 2}, "within": "30d"},
        "the newest answer to the survey csat in the last 30 days score is at most 2",
        "설문 csat의 최근 응답 최근 30일 동안 점수 2 이하",
    ),
    ({"event": "A", "count": 0, "calendar": "last_week"}, "no A last week", "지난주 A 없음"),
    ({"trait": "joined_at", "calendar": "this_month"}, "joined_at is this month", "joined_at 이번 달임"),
    (
        {"trait": "birthday", "anniversary": {"on": "today"}},
        "birthday has its anniversary today",
        "birthday 기념일이 오늘",
    ),
    (
        {"trait": "plan", "held_for": {"between": ["1d", "1w"]}},
        "plan has been the same for 1 day to 1 week",
        "plan 1일에서 1주 동안 그대로",
    ),
    (
        {
            "sequence": [
                {"event": "Checkout Started"},
                {"event": "Order Completed", "count": 0, "within": "1h"},
                {"event": "Letter", "within": "2d"},
            ],
            "within": "3d",
        },
        "Checkout Started in the last 3 days, then no Order Completed for 1 hour, then Letter at most 2 days later",
        "최근 3일 동안 Checkout Started, 그 뒤 Order Completed 없음 (1시간 동안), 그 뒤 Letter (2일 이내)",
    ),
    ({"list": "vip", "is": False}, "not on the list vip", "목록 vip에 없음"),
    ({"topic": "news"}, "subscribed to the topic news", "주제 news를 구독함"),
    ({"rfm": "cell", "in": ["loyal", "lost"]}, "in the RFM cell loyal, lost", "RFM 등급이 단골, 이탈"),
]


@pytest.mark.parametrize(("where", "english", "korean"), SENTENCES)
def test_a_rule_in_words(where: Any, english: str, korean: str) -> None:
    assert read_rule(where, UTC)
    assert words(where, "en") == english
    assert words(where, "ko") == korean


@settings(max_examples=150, deadline=None)
@given(strategies.rules)
def test_every_rule_that_is_accepted_has_words_in_both_languages(where: Any) -> None:
    assert read_rule(where, UTC)
    english, korean = words(where, "en"), words(where, "ko")
    assert english.strip()
    assert korean.strip()
    assert "{" not in english.replace("[a-z]", ""), english
