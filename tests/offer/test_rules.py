"""What a fact says of a product, what is news, and in which order products are shown: as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.collect.facts import Fact
from dangol.offer import rules
from dangol.offer.rules import Standing

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"product_id": "P1"}, {}),
        ({"product_id": 17, "name": " Cup "}, {"name": "Cup"}),
        ({"sku": "S", "price": "9.50", "currency": "usd"}, {"sku": "S", "price": Decimal("9.50"), "currency": "USD"}),
        ({"product_id": "P", "price": 9, "variants": [{"price": 7, "stock": 2}, {"price": 8, "stock": 3}]},
         {"price": Decimal(7), "stock": 5}),
        ({"product_id": "P", "stock": 0, "status": "Draft"}, {"stock": 0, "offered": False}),
        ({"product_id": "P", "status": "publish"}, {"offered": True}),
        ({"product_id": "P", "url": "javascript:alert(1)", "image_url": "//x"}, {}),
        ({"product_id": "P", "url": "/cup", "image_url": "https://x.example/a.png"},
         {"url": "/cup", "image_url": "https://x.example/a.png"}),
        ({"product_id": "P", "price": -1, "cost": "x", "name": 7, "variants": "none", "stock": None}, {}),
        ({"product_id": "P", "price": float("inf"), "variants": [None, 3, {"price": []}]}, {}),
    ],
)  # fmt: skip
def test_what_a_fact_says_of_a_product(properties: dict[str, Any], said: dict[str, Any]) -> None:
    told = rules.told(properties)
    assert told is not None
    assert told.parts() == said


@pytest.mark.parametrize("properties", [{}, {"product_id": ""}, {"product_id": True}, {"product_id": ["a"]}])
def test_what_names_no_product_is_none(properties: dict[str, Any]) -> None:
    assert rules.told(properties) is None


def standing(price: int | None = 100, stock: int | None = 5, currency: str = "KRW", offered: bool = True) -> Standing:
    return Standing(None if price is None else Decimal(price), currency, stock, offered)


@pytest.mark.parametrize(
    ("before", "after", "ago", "news"),
    [
        (standing(), standing(), 0, []),
        (standing(100), standing(95), 0, ["price"]),
        (standing(100), standing(96), 0, []),
        (standing(100), standing(120), 0, []),
        (standing(None), standing(50), 0, []),
        (standing(100), standing(None), 0, []),
        (standing(100), standing(50, currency="USD"), 0, []),
        (standing(100), standing(0), 0, ["price"]),
        (standing(stock=0), standing(), 0, ["stock"]),
        (standing(stock=0), standing(90), 0, ["stock", "price"]),
        (standing(stock=None), standing(), 0, []),
        (standing(offered=False), standing(), 0, ["stock"]),
        (standing(100), standing(50, stock=0), 0, []),
        (standing(100), standing(50), 3, []),
    ],
)
def test_what_is_news(before: Standing, after: Standing, ago: int, news: list[str]) -> None:
    fact = Fact(1, "shop", "m", "track", "Product Updated", NOW - timedelta(days=ago), NOW)
    assert rules.news(before, after, fact, NOW) == news


def test_what_goes_with_more_of_what_was_liked_comes_first() -> None:
    pairs = {1: [(3, 0.5), (4, 0.4)], 2: [(4, 0.4), (5, 0.9)]}
    found = rules.rank({1: 1.0, 2: 0.3}, pairs, {5})
    assert [(one.product, round(one.score, 2), one.because) for one in found] == [(4, 0.52, 1), (3, 0.5, 1)]


@given(
    st.dictionaries(st.integers(1, 9), st.floats(0.1, 1)),
    st.dictionaries(st.integers(1, 9), st.lists(st.tuples(st.integers(1, 9), st.floats(0.01, 1)), max_size=5)),
    st.sets(st.integers(1, 9)),
)
def test_nothing_that_is_left_out_is_shown(liked: dict[int, float], pairs: Any, without: set[int]) -> None:
    found = rules.rank(liked, pairs, without)
    assert not {one.product for one in found} & without
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
