"""What people look at in the ledger: the sandbox's outbox, one customer's messages, counts. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, Sum

from dangol.base.errors import NotFound
from dangol.base.money import Money
from dangol.base.parts import parts
from dangol.deliver.models import Delivery, OutboxMessage


def outbox(*, before: int | None = None, limit: int = 50) -> list[OutboxMessage]:
    """What the sandbox holds, the newest first; `before` is the id of the last one on a page."""
    rows = OutboxMessage.objects.select_related("delivery").order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows[:limit])


def outbox_message(pk: int) -> OutboxMessage:
    """One message of the sandbox. Raises NotFound."""
    found = OutboxMessage.objects.select_related("delivery").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"the outbox holds no message {pk}")
    return found


def count_outbox() -> int:
    return OutboxMessage.objects.count()


def handed_over_since(at: datetime) -> int:
    """Messages that left since."""
    return Delivery.objects.filter(state="accepted", finished_at__gte=at).count()


def delivery(pk: int) -> Delivery:
    """One message of the ledger. Raises NotFound."""
    found = Delivery.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"there is no delivery {pk}")
    return found


def named(pks: Collection[int]) -> dict[int, Delivery]:
    """Messages of the ledger by their numbers."""
    return {row.pk: row for part in parts(sorted(set(pks))) for row in Delivery.objects.filter(pk__in=part)}


def of_customer(customer_id: int, limit: int = 30) -> list[Delivery]:
    """One customer's messages, the newest first."""
    rows = Delivery.objects.filter(customer_id=customer_id).select_related("outbox")
    return list(rows.order_by("-planned_at", "-pk")[:limit])


def states(campaign: str) -> Mapping[str, Counter[str]]:
    """How a campaign's messages ended or stand: step → state → how many."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    rows = Delivery.objects.filter(campaign=campaign).values_list("step", "state").annotate(Count("pk")).order_by()
    for step, state, messages in rows:
        found[step][state] += messages
    return found


def costs(campaign: str) -> list[Money]:
    """What a campaign's messages cost by the price list, in each currency; empty where the list says nothing."""
    priced = Delivery.objects.filter(campaign=campaign, cost__isnull=False).exclude(currency="")
    rows = priced.values_list("currency").annotate(Sum("cost"))
    return [Money(amount, currency) for currency, amount in rows.order_by("currency")]


def refusals(campaign: str, limit: int = 2_000) -> Counter[str]:
    """Why the gate refused a campaign's newest messages: rule → how many."""
    rows = Delivery.objects.filter(campaign=campaign, state__in=("cancelled", "expired")).order_by("-pk")
    return Counter(
        rule
        for decision in rows.values_list("decision", flat=True)[:limit]
        if decision and isinstance(decision[-1], dict)
        for rule in decision[-1].get("rules", ())
    )


def held(campaign: str, limit: int = 2_000) -> Counter[str]:
    """Why the gate holds those of a campaign's newest messages that wait: rule → how many."""
    rows = Delivery.objects.filter(campaign=campaign, state__in=("planned", "deferred")).order_by("-pk")
    return Counter(
        rule
        for decision in rows.values_list("decision", flat=True)[:limit]
        if decision and decision[-1].get("verdict") == "hold"
        for rule in decision[-1].get("rules", ())
    )


def ledger(
    *, campaign: str | None, customer_id: int | None, state: str | None, before: int | None, limit: int
) -> list[Delivery]:
    """Deliveries, the newest first; each filter may be left out, `before` is the id of the last one seen."""
    wanted = {"campaign": campaign, "customer_id": customer_id, "state": state, "pk__lt": before}
    rows = Delivery.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    return list(rows.order_by("-pk")[:limit])


def of_step(
    campaign: str, step: str, states: Collection[str], *, before: int | None, limit: int
) -> list[tuple[int, int, str, datetime | None]]:
    """A step's messages in these states, the newest first: number, customer, state and when it was due."""
    rows = Delivery.objects.filter(campaign=campaign, step=step, state__in=states)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk").values_list("pk", "customer_id", "state", "due_at")[:limit])
