"""Invented visitors are the same for the same seed, and can be told from real people."""

from __future__ import annotations

import random
from decimal import Decimal

from dangol.demo.behaviour import Visit, browse, check_out, fill_cart, order_of, reaction
from dangol.demo.extract import catalogue, people
from dangol.demo.people import person


def a_visit(seed: int) -> Visit:
    rng = random.Random(seed)
    visit = Visit(person("n1", rng), rng, known=False)
    browse(visit, catalogue(), rng)
    visit.sign_up()
    check_out(visit, order_of("D1", fill_cart(visit, catalogue(), rng), "GBP"))
    return visit


def test_the_same_seed_makes_the_same_visit() -> None:
    assert a_visit(3).happenings == a_visit(3).happenings
    assert a_visit(3).happenings != a_visit(4).happenings


def test_a_visit_is_in_order_and_named_only_after_the_sign_up() -> None:
    happenings = a_visit(3).happenings
    assert [one.after for one in happenings] == sorted(one.after for one in happenings)
    kinds = [one.event["type"] for one in happenings]
    signed_up = kinds.index("identify")
    assert all("userId" not in one.event for one in happenings[:signed_up])
    assert all(one.event["userId"] == "n1" for one in happenings[signed_up:])
    order = happenings[-1].event["properties"]
    lines = sum(Decimal(str(line["price"])) * line["quantity"] for line in order["products"])
    assert Decimal(str(order["revenue"])) == lines > 0


def test_nobody_invented_can_be_written_to() -> None:
    everybody = people(1)
    assert len(everybody) == 400
    assert {one.email.rpartition("@")[2] for one in everybody.values()} == {"example.com"}
    assert len({one.email for one in everybody.values()}) == 400
    assert {one.language for one in everybody.values()} == {"en", "ko"}
    agreed = sum(one.agrees is True for one in everybody.values())
    assert 280 <= agreed <= 360, "most agreed"
    assert {one.agrees for one in everybody.values()} == {True, False, None}, "some refused, some were never asked"
    assert people(1) == everybody != people(2)


def test_only_a_thank_you_asks_and_only_advertising_is_unsubscribed_from() -> None:
    rng = random.Random(1)
    thanks = [reaction("thanks", "en", rng) for _ in range(500)]
    carts = [reaction("abandoned-cart", "ko", rng) for _ in range(500)]
    assert any(one.answers for one in thanks)
    assert not any(one.clicks or one.unsubscribes or one.buys for one in thanks)
    assert not any(one.answers for one in carts)
    assert any(one.buys for one in carts)
    assert all(one.opens is not None for one in carts if one.clicks or one.unsubscribes)
    assert {one.score for one in thanks} == {1, 2, 3, 4, 5}
