"""Keeps the catalogue: what facts say of products is written down as of when they say it, and news are noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.offer import rules
from dangol.offer.models import Notice, Price, Product
from dangol.offer.rules import Standing, Told


def note(facts: Iterable[Fact], now: datetime) -> None:
    """Take in what a catalogue says, in the loop's turn; what other facts say of products waits for a study."""
    for fact in facts:
        if fact.name == rules.UPDATED and fact.type == "track" and (told := rules.told(fact.properties)):
            _update(told, fact, now)


def _update(told: Told, fact: Fact, now: datetime) -> None:
    product = Product.objects.filter(key=told.key).first()
    if product is None:
        product = _new(told, fact.at, _money())
        product.save()
        _price(product, fact.at)
        return
    if product.catalogued and fact.at < product.told_at:
        return  # it came late: newer is known
    before, known = _standing(product), product.catalogued
    for name, value in told.parts().items():
        setattr(product, name, value)
    product.told_at, product.catalogued = max(fact.at, product.told_at), True
    product.save()
    after = _standing(product)
    if (before.price, before.currency) != (after.price, after.currency):
        _price(product, fact.at)
    for kind in rules.news(before, after, fact, now) if known else ():
        told_of = {"before": before.price, "price": after.price}
        Notice.objects.get_or_create(product=product, kind=kind, at=fact.at, defaults=told_of)


def _standing(product: Product) -> Standing:
    return Standing(product.price, product.currency, product.stock, product.offered)


def _price(product: Product, at: datetime) -> None:
    if product.price is not None:
        told = {"price": product.price, "currency": product.currency}
        Price.objects.update_or_create(product=product, at=at, defaults=told)


def learn_of(found: Mapping[str, tuple[datetime, Told]]) -> None:
    """Products that customers' facts name and no catalogue has told: each as it was told last."""
    money = _money()
    for part in parts(sorted(found)):
        known = {row.key: row for row in Product.objects.filter(key__in=part)}
        fresh = [
            _new(told, at, money, catalogued=False) for at, told in (found[key] for key in part if key not in known)
        ]
        Product.objects.bulk_create(fresh, ignore_conflicts=True)
        old = [row for row in known.values() if not row.catalogued and row.told_at < found[row.key][0]]
        _renew(old, found)


def _new(told: Told, at: datetime, money: str, *, catalogued: bool = True) -> Product:
    """A product nobody knew; its price is in the shop's money where nobody says another."""
    said = {"name": told.key, "currency": money} | told.parts()
    return Product(key=told.key, catalogued=catalogued, told_at=at, first_at=at, **said)


def _money() -> str:
    return Shop.objects.values_list("currency", flat=True).first() or ""


def _renew(rows: Sequence[Product], found: Mapping[str, tuple[datetime, Told]]) -> None:
    for row in rows:
        row.told_at, told = found[row.key]
        for name, value in told.parts().items():
            setattr(row, name, value)
    Product.objects.bulk_update(rows, [*_columns(), "told_at"], batch_size=200)


def _columns() -> list[str]:
    return [name for name in Told.__slots__ if name != "key"]


def numbered(pks: Iterable[Any]) -> dict[int, Product]:
    """Products by their number here, each with how many bought it; without what goes with it, which is long."""
    rows = Product.objects.select_related("liking").defer("liking__bought_with", "liking__viewed_with")
    return {row.pk: row for part in parts(sorted(set(pks))) for row in rows.filter(pk__in=part)}
