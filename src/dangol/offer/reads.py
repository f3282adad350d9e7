"""What to show to whom, and the catalogue to look at. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from dangol.base.errors import NotFound
from dangol.offer import catalogue, rules
from dangol.offer.models import Liking, Notice, Price, Product, Study
from dangol.offer.rules import Ranked
from dangol.profile import reads as profile
from dangol.profile import restrictions

NEWEST = 200  # facts of a customer about products
LOOKED_BACK = timedelta(days=365)
POPULAR = 200  # products that strangers are shown some of
MOST = 50  # products in one answer


@dataclass(frozen=True, slots=True)
class Recommended:
    """A product to show, and why: it goes with another, or it is popular."""

    product: Product
    score: float
    because: Product | None = None


def for_customer(
    customer_id: int, now: datetime, *, limit: int = 10, leave_out: Collection[str] = ()
) -> list[Recommended]:
    """What to show to a customer: what goes with what they bought, put into the cart and looked at; then what is
    popular. Nothing they bought already, nothing that cannot be had; `leave_out` are further product ids.

    Somebody whose data may not be used is shown what is popular.
    """
    liked = {} if not customer_id or customer_id in restrictions.restricted() else _liked(customer_id, now)
    return _shown(liked, {key for key, (_, had) in liked.items() if had}.union(leave_out), limit)


def with_product(key: str, *, limit: int = 10) -> list[Recommended]:
    """What goes with one product, then what is popular. Raises NotFound."""
    return _shown({get(key).key: (1.0, True)}, {key}, limit)


def popular(*, limit: int = 10) -> list[Recommended]:
    """What most customers bought lately; where nobody bought, what most looked at."""
    return _shown({}, (), limit)


def _liked(customer_id: int, now: datetime) -> dict[str, tuple[float, bool]]:
    """By product id: how much a customer liked it, and whether they have it already."""
    found: dict[str, tuple[float, bool]] = {}
    for name, told in profile.newest(customer_id, list(rules.WEIGHTS), since=now - LOOKED_BACK, limit=NEWEST):
        for one in rules.products_in(name, msgspec.json.decode(told) if told else {}):
            key, bought = rules.key_of(one), name == rules.ORDERED
            weight, had = found.get(key, (0.0, False))
            found[key] = (max(weight, rules.WEIGHTS[name]), had or bought)
    found.pop("", None)
    return found


def _shown(liked: Mapping[str, tuple[float, bool]], leave_out: Iterable[str], limit: int) -> list[Recommended]:
    limit = min(limit, MOST)
    without = {*leave_out}
    rows = Liking.objects.filter(product__key__in=[*liked][:NEWEST]).annotate(key=F("product__key"))
    known = {row.key: row for row in rows}
    weights = {row.pk: liked[key][0] for key, row in known.items()}
    pairs = {row.pk: _pairs(row) for row in known.values()}
    out = {row.pk for key, row in known.items() if key in without}
    ranked = rules.rank(weights, pairs, out)
    chosen = _offered(ranked, without, limit)
    if len(chosen) < limit:
        there = {one.product.pk for one in chosen}
        chosen += [one for one in _offered(_popular(), without, limit + len(there)) if one.product.pk not in there]
    return chosen[:limit]


def _pairs(row: Liking) -> Sequence[tuple[int, float]]:
    """What goes with a product: by orders, and where there are none yet by visits."""
    return [(other, cosine) for other, cosine in row.bought_with or row.viewed_with]


def _popular() -> list[Ranked]:
    rows = Liking.objects.order_by("-buyers", "-viewers", "product_id").values_list("product_id", "buyers", "viewers")
    return [Ranked(pk, buyers or viewers / 1_000) for pk, buyers, viewers in rows[:POPULAR]]


def _offered(ranked: Sequence[Ranked], without: Collection[str], limit: int) -> list[Recommended]:
    """Those that can be had, in their order; looked up in parts, since most can."""
    found: list[Recommended] = []
    some_more = 2 * limit + len(without)
    for start in range(0, len(ranked), some_more):
        some = ranked[start : start + some_more]
        rows = catalogue.numbered({one.product for one in some} | {one.because for one in some if one.because})
        for one in some:
            product = rows.get(one.product)
            if product and can_be_had(product) and product.key not in without:
                found.append(Recommended(product, round(one.score, 4), rows.get(one.because)))
        if len(found) >= limit:
            break
    return found[:limit]


def can_be_had(product: Product) -> bool:
    return bool(product.offered and (product.stock is None or product.stock > 0))


def margin_percent(product: Product) -> float | None:
    """What stays of the price, in per cent; None where price or cost is not known."""
    if not product.price or product.cost is None:
        return None
    return float(100 * (product.price - product.cost) / product.price)


# --- the catalogue --------------------------------------------------------------------------------------------------


def get(key: str) -> Product:
    """One product by its product id. Raises NotFound."""
    found = Product.objects.filter(key=key).select_related("liking").first()
    if found is None:
        raise NotFound(f"no product has the id {key}")
    return found


def name_of(key: str) -> str:
    """What a product is called; its id where no product has that."""
    return Product.objects.filter(key=key).values_list("name", flat=True).first() or key


def numbered(pk: int) -> Product:
    """One product by its number here. Raises NotFound."""
    found = Product.objects.filter(pk=pk).select_related("liking").first()
    if found is None:
        raise NotFound(f"there is no product {pk}")
    return found


def search(text: str, *, after: str = "", limit: int = 50) -> list[tuple[Product, Liking | None]]:
    """Products whose name, id, brand, category or article number holds a text, by id behind `after`."""
    found = _holding(text).filter(key__gt=after).order_by("key")
    return [(row, liking_of(row)) for row in found[:limit]]


def liked_most(text: str, *, start: int = 0, limit: int = 50) -> list[tuple[Product, Liking | None]]:
    """The same, from the one that most bought and looked at lately down; without the first `start`."""
    buyers, viewers = (Coalesce(F(f"liking__{name}"), 0).desc() for name in ("buyers", "viewers"))
    found = _holding(text).order_by(buyers, viewers, "key")
    return [(row, liking_of(row)) for row in found[start : start + limit]]


def _holding(text: str) -> QuerySet[Product]:
    found = Product.objects.select_related("liking").defer("liking__bought_with", "liking__viewed_with")
    for word in text.split()[:5]:
        found = found.filter(
            Q(name__icontains=word) | Q(key__icontains=word) | Q(sku__iexact=word) | Q(brand__icontains=word)
            | Q(category__icontains=word)
        )  # fmt: skip
    return found


def liking_of(product: Product) -> Liking | None:
    """What the last study said of a product; None where it has not seen it."""
    return getattr(product, "liking", None)


def prices(product: Product) -> list[Price]:
    """Its prices, the oldest first."""
    return list(Price.objects.filter(product=product).order_by("at"))


def news_of(product: Product, limit: int = 20) -> list[Notice]:
    """What happened to it, the newest first."""
    return list(Notice.objects.filter(product=product).order_by("-at")[:limit])


def count() -> int:
    return Product.objects.count()


def last_study() -> Study | None:
    return Study.objects.order_by("-at").first()
