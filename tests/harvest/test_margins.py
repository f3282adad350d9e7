"""What orders leave: cost by their own word, by the catalogue, by what the owner says; refunds bring goods back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from dangol.harvest import rules
from dangol.harvest.margins import Costing, Sold, earned
from dangol.harvest.rules import Costs, Outcome, Question

CATALOGUE = Costing({"cup": Decimal(4), "pot": Decimal(10)})
ASKED = Question("welcome", "Order Completed", timedelta(days=7), 0.5, "KRW")


def sold(revenue: int, returned: int = 0, cost: int | None = None, **items: int) -> Sold:
    return Sold(
        Decimal(revenue), Decimal(returned), None if cost is None else Decimal(cost),
        {key: [pieces, None] for key, pieces in items.items()},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "margin", "known"),
    [
        (sold(100, cost=60, cup=1), 40, True),  # the order's own word counts before the catalogue's
        (sold(100, cup=2, pot=1), 82, True),
        (sold(100, cup=2, vase=1), None, False),  # nobody knows what a vase costs
        (sold(100), None, False),
        (sold(100, returned=25, cost=60), 30, True),  # a quarter of the goods came back
        (sold(100, returned=100, cost=60), 0, True),
        (sold(0, cost=60), -60, True),  # given away
        (sold(50, cost=60), -10, True),  # sold below its price
    ],
)
def test_what_an_order_leaves(order: Sold, margin: int | None, known: bool) -> None:
    found = earned(order, CATALOGUE)
    assert (found.margin, found.known) == (margin, known)


def test_what_is_not_known_counts_at_the_usual_margin_and_is_not_called_known() -> None:
    found = earned(sold(200, returned=100), replace(CATALOGUE, usual_percent=Decimal(30)))
    assert (found.net, found.margin, found.known) == (100, 30, False)


def both(margin: int | None, known: int, usual: Decimal | None = None) -> rules.Harvest:
    """600 on either side; 120 and 60 buy for 100 each, one order in two with a cost that is known."""
    asked = replace(ASKED, costing=Costing({}, usual), costs=Costs(Decimal(6_000), Decimal(0)))
    return rules.harvest(
        asked,
        [
            Outcome(
                treated, n < buyers, Decimal(100 if n < buyers else 0),
                margin=(None if margin is None else Decimal(margin)) if n < buyers else Decimal(0),
                known=Decimal(known if n < buyers else 0), cost=Decimal(10 if treated else 0),
            )
            for treated, buyers in ((True, 120), (False, 60)) for n in range(600)
        ],
    )  # fmt: skip


def test_the_margin_pays_goods_and_messages() -> None:
    found = both(40, 100)
    assert found.extra_revenue.value == pytest.approx(6_000)
    assert found.after_costs.value == pytest.approx(0), "the messages ate it up"
    assert found.extra_margin.value == pytest.approx(60 * 40 - 6_000)
    assert (found.basis, found.known_share) == ("all", 1)
    assert found.money == found.extra_margin
    assert "cost" in found.sentence["en"], "it lost money, whatever it sold"
    assert "손해" in found.sentence["ko"]


def test_where_costs_are_not_known_nothing_is_said_of_margins_but_how_much_is_known() -> None:
    found = both(None, 25)
    assert (found.basis, found.known_share, found.extra_margin.low) == ("unknown", 0.25, None)
    assert found.money == found.after_costs


def test_the_owners_usual_margin_stands_for_the_rest() -> None:
    found = both(30, 25, Decimal(30))
    assert (found.basis, found.known_share) == ("usual", 0.25)
    assert found.extra_margin.value == pytest.approx(60 * 30 - 6_000)


def test_a_claim_rests_on_one_figure_of_money() -> None:
    """Else two chances to be wrong about money would share the doubt that one may have."""
    found = both(30, 25, Decimal(30))
    assert found.revenue.clear
    assert found.evidence == ("enough" if found.conversion.clear or found.extra_margin.clear else "not_yet")
