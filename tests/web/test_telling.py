"""Facts as lines of a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import translation

from dangol.base.models import Shop
from dangol.profile.models import Fact
from dangol.web.telling import Manner, tell

AT = datetime(2026, 11, 24, tzinfo=UTC)
LABELS = {("segment", "loyal"): "단골", ("campaign", "welcome"): "환영 인사"}


def row(name: str, kind: str = "track", **parts: dict[str, Any]) -> Fact:
    texts = {key: json.dumps(value) for key, value in parts.items()}
    return Fact(
        customer_id=1, at=AT, position=1, type=kind, name=name, source="site", message_id="m", received_at=AT, **texts
    )


@pytest.mark.parametrize(
    ("fact", "title", "detail"),
    [
        (
            row(
                "Order Completed",
                properties={"revenue": 38000, "products": [{"name": "잔"}, {"name": "찻잎"}, {"name": "쟁반"}]},
            ),
            "Order Completed",
            "₩38,000 · 잔, 찻잎 …",
        ),
        (row("Order Completed", properties={"total": "12.5", "currency": "USD"}), "Order Completed", "US$12.50"),
        (
            row("Product Viewed", properties={"name": "Celadon cup", "price": 38000}),
            "Product Viewed",
            "₩38,000 · Celadon cup",
        ),
        (
            row("", "identify", traits={"email": "a@b.example", "vip": True}),
            "자신을 알림",
            "email: a@b.example, vip: true",
        ),
        (row("Home", "page", properties={"path": "/cups"}), "페이지를 봄", "/cups"),
        (row("Home", "page"), "페이지를 봄", "Home"),
        (row("Segment Entered", properties={"segment": "loyal"}), "Segment Entered", "단골"),
        (
            row("Journey Entered", properties={"campaign": "welcome", "arm": "holdout"}),
            "Journey Entered",
            "환영 인사 · 대조군",
        ),
        (row("Survey Answered", properties={"score": 2, "answer": "늦음"}), "Survey Answered", "2 · 늦음"),
        (
            row("Consent Changed", properties={"channel": "email", "state": "granted"}),
            "Consent Changed",
            "이메일 · 동의",
        ),
        (row("Own Event", properties={"products": "no list", "name": 5, "price": {}}), "Own Event", "5"),
        (row("Own Event"), "Own Event", ""),
    ],
)
def test_a_fact_is_one_line(fact: Fact, title: str, detail: str) -> None:
    with translation.override("ko"):
        told = tell(fact, Manner(Shop(currency="KRW"), "ko", LABELS))
    assert (told.title, told.detail) == (title, detail)


def test_a_long_detail_is_cut_and_everything_is_kept_below() -> None:
    told = tell(row("Own", properties={"name": "x" * 500}), Manner(Shop(currency="KRW"), "en", {}))
    assert len(told.detail) == 160
    assert "x" * 500 in told.body
