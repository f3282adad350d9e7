"""What customers are worth: counted as orders come, learned at night, told for each customer in quiet moments.

In: customers whose orders have changed; the hour of the day. Out: forecasts of every buyer in the customer file
(profile.predictions), and one of the shop a day, which is scored once its time has passed.
Promise: facts never wait for it: what takes long runs aside (fit) or in small pieces (go_on); it has an answer from the
first order on, and says how sure it is.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.identity.rules import Moves
from dangol.profile import predictions, restrictions
from dangol.profile.models import Profile
from dangol.value import counting, rules
from dangol.value.models import Buyer, Forecast, Kind, Stale, Word

log = logging.getLogger("dangol.value")

COUNTED = 200  # customers counted, or …
TOLD = 100  # … told their forecast in one piece
note = counting.note


def rehome(moves: Moves) -> None:
    """Orders went with the facts that reported them: count again who lost or gained some."""
    note(moves.touched | moves.vanished)


def begin_anew() -> None:
    """Count everybody again: what a day is or which money is the shop's has changed, or nobody has counted yet."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_ANEW)


BEGIN_ANEW = f"""INSERT INTO {Stale._meta.db_table} (customer_id)
    SELECT customer_id FROM {Profile._meta.db_table} WHERE orders > 0 ON CONFLICT DO NOTHING"""  # noqa: S608


def latest() -> Forecast | None:
    """The newest forecast of the shop."""
    return Forecast.objects.order_by("-pk").first()


def said() -> Word | None:
    """What the owner says of the shop's customers."""
    return Word.objects.first()


def say(weeks_between: float | None, order_amount: Decimal | None, now: datetime) -> None:
    """The owner says how often a good customer buys and what an order comes to; the next forecast begins from there."""
    with turn():
        Word.objects.update_or_create(
            pk=1, defaults={"weeks_between": weeks_between, "order_amount": order_amount, "said_at": now}
        )
    fit(now)


# --- the shop ---------------------------------------------------------------------------------------------------------


def fit_due(now: datetime) -> bool:
    """Whether the shop's forecast is to be made: once a day, and in a young shop when it has outgrown the last."""
    shop = Shop.objects.first()
    if shop is None or Stale.objects.exists():
        return False
    newest = latest()
    if newest is None or newest.day < rules.today(now, shop.zone):
        return True
    return newest.customers < rules.YOUNG and rules.outgrown(customers(), newest.customers)


def customers() -> int:
    """How many have bought."""
    return int(Kind.objects.aggregate(n=Sum("n"))["n"] or 0)


def fit(now: datetime) -> Forecast:
    """Learn from all orders, and forecast the shop; every customer's forecast follows in quiet moments."""
    from dangol.value import fitting  # noqa: PLC0415 - numpy and scipy take a moment; facts are heard before that

    shop = Shop.objects.get()
    made = fitting.made(rules.today(now, shop.zone), said(), now)
    with turn():
        if latest() is None:
            begin_anew()
        Forecast.objects.filter(day=made.day).delete()
        made.save()
    return made


# --- the customers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """What one quiet moment was used for."""

    done: int  # customers counted or told
    told: list[int]  # customers of whom something else is expected now


def waiting() -> bool:
    """Whether there is anything to go on with."""
    newest = latest()
    return Stale.objects.exists() or (newest is not None and Buyer.objects.filter(told__lt=newest.pk).exists())


def go_on(now: datetime) -> Piece:
    """The next piece of what is to do, inside a turn; nothing is done when all is done."""
    counted = counting.settle(COUNTED)
    left = _without_orders(counted)
    if left:
        predictions.drop(left)
    newest = latest()
    told = _tell(newest, now) if newest else []
    return Piece(len(counted) + len(told), sorted(left.union(told)))


def _without_orders(customers: Collection[int]) -> set[int]:
    buyers = Buyer.objects.filter(pk__in=customers).values_list("pk", flat=True)
    return set(customers).difference(buyers)


def _tell(forecast: Forecast, now: datetime) -> list[int]:
    from dangol.value import telling  # noqa: PLC0415 - as above

    buyers = list(Buyer.objects.filter(told__lt=forecast.pk).order_by("told")[:TOLD])
    if not buyers:
        return []
    kept = restrictions.restricted()
    shop = Shop.objects.get()
    used = [buyer for buyer in buyers if buyer.customer_id not in kept]
    predictions.put(now, telling.figures(forecast, used, rules.today(now, shop.zone)))
    everybody = [buyer.customer_id for buyer in buyers]
    predictions.drop(kept.intersection(everybody))
    Buyer.objects.filter(pk__in=everybody).update(told=forecast.pk)
    return everybody
