"""What goes with what: against the plain formula, and against popularity on a real shop's orders."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dangol.offer import cosines, rules


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=40))
def test_they_are_the_cosines_of_the_formula(pairs: list[tuple[int, int]]) -> None:
    had: dict[int, set[int]] = defaultdict(set)
    for customer, product in pairs:
        had[product].add(customer)
    found = cosines.neighbours([c for c, _ in pairs], [p for _, p in pairs], 6)
    for one in range(6):
        wanted = {
            other: len(had[one] & had[other]) / math.sqrt(len(had[one]) * len(had[other]))
            for other in range(6)
            if other != one and had[one] & had[other]
        }
        assert dict(found[one]) == pytest.approx(wanted, abs=1e-4)
        assert [value for _, value in found[one]] == sorted((value for _, value in found[one]), reverse=True)


def test_no_more_than_the_most_are_kept() -> None:
    count = cosines.MOST_NEIGHBOURS + 30
    customers = [0] * count + [1, 1]
    found = cosines.neighbours(customers, [*range(count), 0, 1], count)
    assert {len(one) for one in found} == {cosines.MOST_NEIGHBOURS}
    assert found[0][0] == (1, 1.0)


@pytest.mark.data
def test_on_a_real_shop_it_beats_what_is_popular(test_data: Path) -> None:
    """docs/models.md: at least 1.3 times the ndcg@10 of popularity for shops of 50 customers on."""
    orders = _orders(test_data)
    rng = np.random.default_rng(11)
    for customers, repeats in ((50, 40), (200, 12), (500, 6)):
        ours, popular = np.mean([_ndcg(orders, customers, rng) for _ in range(repeats)], axis=0)
        assert ours >= 1.3 * popular, (customers, ours, popular)


Bought = dict[int, list[tuple[int, str]]]  # customer → (day, product), in order


def _orders(folder: Path) -> Bought:
    """What each customer bought on which day, of the 300 products that most bought."""
    rows = duckdb.sql(f"""
        WITH bought AS (
            SELECT CustomerID::BIGINT AS who, epoch(InvoiceDate::TIMESTAMP)::BIGINT // 86400 AS day,
                StockCode::VARCHAR AS code
            FROM '{folder}/online_retail/online_retail.parquet'
            WHERE CustomerID IS NOT NULL AND CustomerID = CustomerID AND Quantity > 0
                AND NOT starts_with(InvoiceNo::VARCHAR, 'C')
        ), wanted AS (
            SELECT code FROM bought GROUP BY code ORDER BY count(DISTINCT who) DESC, code LIMIT 300
        )
        SELECT DISTINCT who, day, code FROM bought JOIN wanted USING (code) ORDER BY who, day, code
    """).fetchall()
    found: Bought = defaultdict(list)
    for who, day, code in rows:
        found[who].append((day, code))
    return found


def _ndcg(orders: Bought, count: int, rng: np.random.Generator) -> tuple[float, float]:
    """ndcg@10 of what is shown, ours and the most popular, for a shop of `count` of these customers: it learns from
    the orders up to a day, and is asked for what each newly buys in the 60 days behind it, of at most 8 known products.
    """
    last = max(day for bought in orders.values() for day, _ in bought)
    split = last - 60
    able = [who for who, bought in orders.items() if bought[0][0] <= split]
    some = rng.choice(sorted(able), count, replace=False)
    known = {who: list(dict.fromkeys(code for day, code in orders[who] if day <= split)) for who in some}
    codes = sorted({code for had in known.values() for code in had})
    place = {code: number for number, code in enumerate(codes)}
    pairs = [(who, place[code]) for who, had in known.items() for code in had]
    near = dict(enumerate(cosines.neighbours([w for w, _ in pairs], [p for _, p in pairs], len(codes))))
    favourites = [code for code, _ in Counter(code for had in known.values() for code in had).most_common()]
    gains = []
    for who, had in known.items():
        wanted = {code for day, code in orders[who] if day > split} - set(had)
        if not wanted:
            continue
        of = had[-8:]
        ranked = rules.rank({place[code]: 1.0 for code in of}, near, {place[code] for code in had})
        ours = [codes[one.product] for one in ranked] + favourites
        gains.append((_gain(ours, had, wanted), _gain(favourites, had, wanted)))
    ours, popular = np.mean(gains, axis=0)
    return float(ours), float(popular)


def _gain(shown: list[str], had: list[str], wanted: set[str]) -> float:
    top = [code for code in dict.fromkeys(shown) if code not in had][:10]
    best = sum(1 / math.log2(place + 2) for place in range(min(len(wanted), 10)))
    return sum(1 / math.log2(place + 2) for place, code in enumerate(top) if code in wanted) / best
