"""The ledger of points: earned by orders and facts, spent on coupons, expired, taken back; and the tier that makes.

In: facts as the loop takes them, words of the staff, and time. Out: movements that are only added; the traits `points`
and `tier`, and the fact `Tier Changed`.
Promise: each cause counts once; nobody spends what they have not, however many try at once: whoever writes holds the
scheme's row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Min, Sum

from dangol.base.clock import to_us
from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.models import Shop
from dangol.base.parts import parts
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.collect.facts import Fact
from dangol.identity.rules import Moves
from dangol.offer import giving, points
from dangol.offer.models import Offer, PointEntry, PointStanding, Scheme
from dangol.offer.points import Move, Rules
from dangol.offer.redeeming import Refused
from dangol.profile.models import Order, Refund

CHANGED = "Tier Changed"
ORDERS = frozenset({"Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"})
EARNED = ("earned", "taken_back")
POOR = "points"  # the reason of a refusal: too few


def scheme() -> Scheme | None:
    """The shop's scheme; None where it has none."""
    return Scheme.objects.filter(pk=1).first()


def put(rules: object, now: datetime) -> Scheme:
    """Save the scheme; it begins when it is saved first. Raises Invalid with every fault."""
    agreed = points.parse(rules, "/rules")
    missing = [key for key in agreed.spend if not Offer.objects.filter(key=key, archived_at=None).exists()]
    if missing:
        allowed = "the key of an offer that is not archived"
        raise Invalid([Fault(f"/rules/spend/{key}", key, allowed) for key in missing])
    with turn():
        row = Scheme.objects.select_for_update().filter(pk=1).first() or Scheme(pk=1, begun_at=now)
        row.rules = rules
        row.save()
        PointStanding.objects.update(next_at=now)  # tiers are looked at anew
    return row


def _held() -> tuple[Scheme, Rules]:
    row = Scheme.objects.select_for_update().filter(pk=1).first()
    if row is None:
        raise NotFound("the shop has no points: save a scheme first")
    return row, points.parse(row.rules)


# --- the loop's part ------------------------------------------------------------------------------------------------


def note(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Take in what facts earn and what orders that changed take back; in the loop's turn, behind profile."""
    row = scheme()
    if row is None:
        return
    rules = points.parse(row.rules)
    told = [
        (fact, who)
        for fact, who in zip(facts, customer_ids, strict=True)
        if who and fact.type == "track" and not fact.imported and fact.at >= row.begun_at
        and (fact.name in ORDERS or fact.name in rules.facts)
    ]  # fmt: skip
    if not told:
        return
    Scheme.objects.select_for_update().get(pk=1)
    touched: set[int] = set()
    for fact, who in told:
        touched.add(_order(rules, fact, now) if fact.name in ORDERS else _fact(rules, fact, who))
    settle(touched - {0}, now)


def _fact(rules: Rules, fact: Fact, who: int) -> int:
    earned = rules.facts[fact.name]
    if earned.once and PointEntry.objects.filter(customer_id=who, reason=fact.name, kind="earned").exists():
        return 0
    key = f"fact:{fact.source}:{fact.message_id}"
    _add(rules, who, fact.at, earned.points, "earned", key, reason=fact.name[:300])
    return who


def _order(rules: Rules, fact: Fact, now: datetime) -> int:
    """An order is worth what it comes to now: the difference to what it was worth is added, or taken back."""
    order_id = str(fact.properties.get("order_id") or fact.properties.get("orderId") or "")[:200]
    order = Order.objects.filter(source=fact.source, order_id=order_id).first()
    if order is None or order.currency != (Shop.objects.values_list("currency", flat=True).first() or ""):
        return 0
    refunds = Refund.objects.filter(source=fact.source, order_id=order_id)
    whole = refunds.filter(amount=None).exists()
    refunded = order.revenue if whole else refunds.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    before = PointEntry.objects.filter(source=fact.source, order_id=order_id)
    had = before.aggregate(sum=Sum("points"))["sum"] or 0
    change = points.earns(rules, order.revenue, refunded, cancelled=order.cancelled) - had
    who = order.customer_id
    if change < 0:
        change = -min(-change, max(balance(who), 0))  # what was spent meanwhile cannot be taken back
    if change:
        key = f"order:{fact.source}:{order_id}:{before.count()}"
        kind = "earned" if change > 0 else "taken_back"
        _add(rules, who, fact.at, change, kind, key, source=fact.source, order_id=order_id)
    return who


def _add(rules: Rules, who: int, at: datetime, change: int, kind: str, key: str, **more: Any) -> None:
    days = rules.expires_days
    expires = at + timedelta(days=days) if days is not None and change > 0 else None
    PointEntry.objects.bulk_create(
        [
            PointEntry(
                customer_id=who, home=who, at=at, points=change, kind=kind, key=key[:300], expires_at=expires, **more
            )
        ],
        ignore_conflicts=True,
    )


def balance(customer_id: int) -> int:
    """What a customer has; points whose time is over are taken off when the loop comes by, at once."""
    rows = PointEntry.objects.filter(customer_id=customer_id)
    return int(rows.aggregate(sum=Sum("points"))["sum"] or 0)


def settle(customers: Iterable[int], now: datetime) -> None:
    """Count these customers anew: what expired is taken off, and whoever's points or tier changed is told of."""
    row = scheme()
    if row is None:
        return
    rules = points.parse(row.rules)
    for who in sorted(customers):
        moves = [
            Move(entry.at, entry.points, entry.expires_at, entry.kind in EARNED)
            for entry in PointEntry.objects.filter(customer_id=who).order_by("at", "pk")
        ]
        over = points.expiring(moves, now)
        if over:
            _add(rules, who, now, -over, "expired", f"expired:{who}:{to_us(now)}")
            moves.append(Move(now, -over))
        _stand(rules, who, moves, now)


def _stand(rules: Rules, who: int, moves: Sequence[Move], now: datetime) -> None:
    amount, spent_at = Decimal(points.in_a_year(moves, now)), list[datetime]()
    if rules.tiers_by == points.SPEND:
        amount, spent_at = _spent(who, now)
    before = PointStanding.objects.filter(pk=who).first()
    row = before or PointStanding(customer_id=who, since=now)
    had = (row.points, row.tier) if before else (0, "")
    row.points, row.tier = points.balance(moves), points.tier_of(rules.tiers, amount)
    row.next_at = points.next_change(moves, spent_at, now)
    if row.tier != had[1]:
        row.since = now
    row.save()
    if (row.points, row.tier) != had:
        _tell(rules, row, had[1], now)


def _spent(who: int, now: datetime) -> tuple[Decimal, list[datetime]]:
    """Money of a year's orders net of refunds, in the shop's currency, and when those were."""
    shop = Shop.objects.get()
    orders = Order.objects.filter(customer_id=who, cancelled=False, at__gt=now - points.YEAR, currency=shop.currency)
    total, times = Decimal(0), []
    for order in orders:
        refunds = Refund.objects.filter(source=order.source, order_id=order.order_id)
        if refunds.filter(amount=None).exists():
            continue
        total += max(order.revenue - (refunds.aggregate(sum=Sum("amount"))["sum"] or 0), Decimal(0))
        times.append(order.at)
    return total, times


def _tell(rules: Rules, row: PointStanding, before: str, now: datetime) -> None:
    who, mark = row.customer_id, f"{row.customer_id}:{to_us(now)}:{row.points}:{row.tier}"
    traits: dict[str, Any] = {"points": row.points}
    if row.tier != before:
        traits["tier"] = row.tier or None
    collect.emit_identify(who, traits, {}, message_id=f"points:{mark}", at=now)
    if row.tier != before:
        order = ["", *(tier.key for tier in rules.tiers)]
        up = order.index(row.tier) > (order.index(before) if before in order else 0)
        told = {"tier": row.tier, "before": before, "up": up}
        collect.emit(CHANGED, who, told, message_id=f"tier:{mark}", at=now)


def pass_time(now: datetime, limit: int) -> int:
    """Count those anew whose points or tier time alone has changed; how many."""
    due = PointStanding.objects.filter(next_at__lte=now).order_by("next_at", "pk")
    found = list(due.values_list("pk", flat=True)[:limit])
    if found:
        Scheme.objects.select_for_update().filter(pk=1).first()
        settle(found, now)
    return len(found)


def next_due() -> datetime | None:
    """When time alone changes somebody's points next."""
    found: datetime | None = PointStanding.objects.aggregate(at=Min("next_at"))["at"]
    return found


# --- by hand and by programs ----------------------------------------------------------------------------------------


def adjust(customer_id: int, change: int, reason: str, cause: str, now: datetime, *, by: str = "") -> PointEntry:
    """Give points or take some, with a reason; the same cause once. Raises Invalid, NotFound, and Refused where there
    are fewer than are to be taken."""
    faults = (
        [] if change and abs(change) <= points.MOST_POINTS else [Fault("/points", str(change), "a whole number, not 0")]
    )
    if not reason.strip() or len(reason) > 300:
        faults.append(Fault("/reason", reason[:100], "text of 1 to 300 characters"))
    if faults:
        raise Invalid(faults)
    key = f"adjusted:{customer_id}:{cause}"[:300]
    with turn():
        _, rules = _held()
        settle([customer_id], now)
        done = PointEntry.objects.filter(key=key).first()
        if done is None:
            if change < 0 and balance(customer_id) < -change:
                raise Refused(POOR)
            _add(rules, customer_id, now, change, "adjusted", key, reason=reason.strip(), by=by[:254])
            settle([customer_id], now)
    return PointEntry.objects.get(key=key)


def spend(customer_id: int, offer: str, cause: str, now: datetime, *, by: str = "") -> PointEntry:
    """Turn points into a coupon of an offer; the same cause once. Raises Invalid, NotFound, Refused (`points`: too few,
    or why there is no coupon)."""
    key = f"spent:{customer_id}:{cause}"[:300]
    with turn():
        _, rules = _held()
        if offer not in rules.spend:
            raise Invalid([Fault("/offer", offer, "one of " + ", ".join(rules.spend))])
        done = PointEntry.objects.filter(key=key).first()
        if done is not None:
            return done
        settle([customer_id], now)
        price = rules.spend[offer]
        if balance(customer_id) < price:
            raise Refused(POOR)
        [given] = giving.issue([giving.Wish(offer, customer_id, key, by=by)], now)
        if given.coupon is None or given.again:
            raise Refused(given.reason or "per_customer")
        _add(rules, customer_id, now, -price, "spent", key, reason=offer, by=by[:254], coupon=given.coupon)
        settle([customer_id], now)
    return PointEntry.objects.select_related("coupon").get(key=key)


# --- reading and belonging ------------------------------------------------------------------------------------------


def standing(customer_id: int) -> PointStanding | None:
    return PointStanding.objects.filter(pk=customer_id).first()


def entries(customer_id: int, *, before: int = 0, limit: int = 20) -> list[PointEntry]:
    """A customer's movements, the newest first."""
    rows = PointEntry.objects.filter(customer_id=customer_id).select_related("coupon")
    return list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[:limit])


def by_tier() -> dict[str, int]:
    """How many customers are in each tier; those with points and in none under the empty one."""
    found: dict[str, int] = defaultdict(int)
    for tier in PointStanding.objects.values_list("tier", flat=True).iterator():
        found[tier] += 1
    return dict(found)


def totals() -> dict[str, int]:
    """Points by what became of them."""
    rows = PointEntry.objects.values_list("kind").annotate(sum=Sum("points"))
    return {kind: int(total or 0) for kind, total in rows}


def rehome(moves: Moves, now: datetime) -> None:
    """Points go with their customers. Where an undone merge leaves somebody with less than nothing, since the other's
    were spent, that is levelled."""
    touched: set[int] = set()
    for (before, after), (_, homes) in moves.pairs().items():
        for some in parts(homes):
            if PointEntry.objects.filter(customer_id=before, home__in=some).update(customer_id=after):
                touched |= {before, after}
    row = scheme() if touched else None
    if row is None:
        return
    touched |= _with_their_orders(touched)
    rules = points.parse(row.rules)
    for who in sorted(touched):
        lacks = -balance(who)
        if lacks > 0:
            _add(rules, who, now, lacks, "levelled", f"levelled:{who}:{to_us(now)}")
    PointStanding.objects.filter(pk__in=moves.vanished).delete()
    settle(touched - moves.vanished, now)


def _with_their_orders(customers: Collection[int]) -> set[int]:
    """Points of an order belong to whose order it is now; the customers who gained some."""
    gained: set[int] = set()
    for entry in PointEntry.objects.filter(customer_id__in=customers).exclude(order_id=""):
        order = Order.every.filter(source=entry.source, order_id=entry.order_id).first()
        if order is not None and order.customer_id != entry.customer_id:
            PointEntry.objects.filter(pk=entry.pk).update(customer_id=order.customer_id)
            gained.add(order.customer_id)
    return gained


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Delete these customers' points."""
    PointStanding.objects.filter(pk__in=customer_ids).delete()
    return {"movements of points": PointEntry.objects.filter(customer_id__in=customer_ids).delete()[0]}
