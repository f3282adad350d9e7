"""A look through everybody's orders and visits: what is popular, and what goes with what.

It reads all that happened in rules.LOOKED_BACK once, and runs behind everything else.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import msgspec

from dangol.base.clock import from_us, to_us
from dangol.base.turns import turn
from dangol.offer import catalogue, cosines, rules
from dangol.offer.models import Liking, Product, Study
from dangol.offer.rules import ORDERED, VIEWED, Told
from dangol.profile import restrictions
from dangol.profile import steps as profile

log = logging.getLogger("dangol.offer")

MOST_PRODUCTS = 20_000  # those that most customers had are compared
MOST_LIKED = 200  # of one customer: whoever bought more than that resells, and says little


class Seen:
    """What the facts say of products, gathered in one sweep."""

    def __init__(self, since_popular: int) -> None:
        self.since_popular = since_popular
        self.told: dict[str, tuple[datetime, Told]] = {}  # newest first wins
        self.had: dict[str, dict[int, set[str]]] = {ORDERED: defaultdict(set), VIEWED: defaultdict(set)}
        self.lately: dict[str, dict[str, set[int]]] = {ORDERED: defaultdict(set), VIEWED: defaultdict(set)}
        self.orders = 0

    def add(self, customer: int, at: int, name: str, properties: str) -> None:
        given = msgspec.json.decode(properties) if properties else {}
        kind = ORDERED if name == ORDERED else VIEWED  # what lies in a cart was looked at
        self.orders += name == ORDERED
        for one in rules.products_in(name, given):
            product = rules.told(one)
            if product is None:
                continue
            if product.key not in self.told or to_us(self.told[product.key][0]) <= at:
                self.told[product.key] = (from_us(at), product)
            self.had[kind][customer].add(product.key)
            if at >= self.since_popular:
                self.lately[kind][product.key].add(customer)


def study(now: datetime) -> Study:
    """Look through all orders and visits, and write down what they say. Nobody who is restricted is looked at."""
    started = time.perf_counter()
    seen = _read(now)
    catalogue.learn_of(seen.told)
    numbers = dict(Product.objects.values_list("key", "pk"))
    wanted = _most_had(seen)
    bought, viewed = (_together(seen.had[kind], wanted) for kind in (ORDERED, VIEWED))
    rows = [
        Liking(
            product_id=numbers[key],
            buyers=len(seen.lately[ORDERED].get(key, ())),
            viewers=len(seen.lately[VIEWED].get(key, ())),
            bought_with=[[numbers[other], cosine] for other, cosine in bought.get(key, ()) if other in numbers],
            viewed_with=[[numbers[other], cosine] for other, cosine in viewed.get(key, ()) if other in numbers],
        )
        for key in seen.told
        if key in numbers
    ]
    made = Study(
        at=now, customers=len({*seen.had[ORDERED], *seen.had[VIEWED]}), orders=seen.orders, products=len(rows),
        seconds=round(time.perf_counter() - started, 3),
    )  # fmt: skip
    with turn():
        Liking.objects.all().delete()
        Liking.objects.bulk_create(rows, batch_size=500)
        Study.objects.all().delete()
        made.save()
    return made


def _read(now: datetime) -> Seen:
    seen, kept = Seen(to_us(now - timedelta(days=rules.POPULAR_DAYS))), restrictions.restricted()
    since = to_us(now - rules.LOOKED_BACK)
    for row in profile.histories(None, list(rules.WEIGHTS), since=since, columns=("properties",)):
        customer, at, _position, _type, name, _own, properties, *_ = row
        if customer not in kept and at <= to_us(now):
            seen.add(customer, at, name, properties)
    return seen


def _most_had(seen: Seen) -> list[str]:
    """The products that are compared, in order: all in all but the largest shops."""
    had = Counter(key for those in seen.had.values() for keys in those.values() for key in keys)
    return sorted(key for key, _count in had.most_common(MOST_PRODUCTS))


def _together(had: dict[int, set[str]], wanted: list[str]) -> dict[str, list[tuple[str, float]]]:
    """By product those that go with it, with their cosines."""
    place = {key: number for number, key in enumerate(wanted)}
    customers, products = [], []
    for customer, keys in had.items():
        for key in sorted(keys)[:MOST_LIKED]:
            if key in place:
                customers.append(customer)
                products.append(place[key])
    found = cosines.neighbours(customers, products, len(wanted))
    return {wanted[n]: [(wanted[other], cosine) for other, cosine in those] for n, those in enumerate(found) if those}
