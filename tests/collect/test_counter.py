"""A sale that staff write down becomes an ordinary order, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dangol.base.errors import Invalid
from dangol.collect import counter
from dangol.collect.log import open_log

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SALE = counter.Sale("R-17", NOW, "KRW", amount=Decimal(12_000), who=("phone", "010-1234-5678"), by="staff@shop.example")


def told(folder: Path, *sales: counter.Sale) -> list[dict[str, Any]]:
    with open_log(folder) as log:
        for sale in sales:
            counter.record(sale, log, NOW)
        return [msgspec.json.decode(entry.body) for entry in log.read(0, 100)]


def test_an_amount_is_enough(tmp_path: Path) -> None:
    (order,) = told(tmp_path, SALE)
    assert order == {
        "type": "track", "event": "Order Completed", "timestamp": "2026-11-24T03:00:00Z",
        "properties": {"order_id": "R-17", "total": 12_000, "currency": "KRW"},
        "context": {"channel": "store", "staff": "staff@shop.example", "traits": {"phone": "010-1234-5678"}},
    }  # fmt: skip


def test_products_add_up_and_a_card_is_an_identifier(tmp_path: Path) -> None:
    lines = [counter.Line("Cup", 2, Decimal("4.50")), counter.Line("Bowl", 1, Decimal("3"))]
    (order,) = told(tmp_path, replace(SALE, amount=None, lines=lines, who=("loyalty_card", "77"), channel="phone"))
    assert order["properties"]["total"] == 12
    assert order["properties"]["products"][0] == {"name": "Cup", "quantity": 2, "price": 4.5}
    assert (
        order["context"]["externalIds"][0] | {"type": "loyalty_card", "id": "77"} == order["context"]["externalIds"][0]
    )
    assert order["context"]["channel"] == "phone"


def test_a_receipt_is_in_once(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        assert counter.record(SALE, log, NOW)
        assert not counter.record(replace(SALE, amount=Decimal(5)), log, NOW)
        assert log.end() == 1


def test_a_yes_is_written_down_with_the_words_that_were_asked(tmp_path: Path) -> None:
    asked = replace(SALE, consents=("sms",), wording="문자로 소식을 보내 드려도 될까요?", name="김민지")
    order, consent, person = told(tmp_path, asked)
    assert consent["properties"] == {
        "channel": "sms", "purpose": "marketing", "state": "granted", "basis": "explicit",
        "wording": "문자로 소식을 보내 드려도 될까요?", "asked_by": "staff@shop.example", "receipt": "R-17",
    }  # fmt: skip
    assert person["traits"] == {"name": "김민지", "phone": "010-1234-5678"}
    assert order["event"] == "Order Completed"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"receipt": ""}, "/receipt"),
        ({"amount": Decimal(0)}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"channel": "moon"}, "/channel"),
        ({"at": NOW + timedelta(hours=1)}, "/at"),
        ({"at": NOW - timedelta(days=800)}, "/at"),
        ({"lines": [counter.Line("", 1, Decimal(1))]}, "/lines"),
        ({"lines": [counter.Line("Cup", 0, Decimal(1))]}, "/lines"),
        ({"consents": ("email",)}, "/wording"),
        ({"consents": ("email",), "wording": "?", "who": None}, "/who"),
        ({"consents": ("pigeon",), "wording": "?"}, "/consents"),
    ],
)
def test_what_is_wrong_is_named_and_not_written(tmp_path: Path, change: dict[str, Any], place: str) -> None:
    with open_log(tmp_path) as log:
        with pytest.raises(Invalid) as refused:
            counter.record(replace(SALE, **change), log, NOW)
        assert [fault.path for fault in refused.value.faults] == [place]
        assert log.end() == 0


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (" Ann@Example.com ", ("email", "ann@example.com")),
        ("010-1234-5678", ("phone", "010-1234-5678")),
        ("+49 30 123456", ("phone", "+49 30 123456")),
        ("8801-2345", ("loyalty_card", "8801-2345")),
        ("VIP7", ("loyalty_card", "VIP7")),
        ("ann@", None),
        ("", None),
        ("x" * 201, None),
    ],
)
def test_who_a_customer_says_they_are(text: str, who: tuple[str, str] | None) -> None:
    assert counter.who_is(text) == who
