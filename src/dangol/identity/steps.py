"""Which customer each fact belongs to.

In: facts in the order of the log. Out: one customer id per fact, and the merges they prove.
Promise: an identifier leads to one customer; an old id resolves for ever; no merge without a row that says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.identity import rules
from dangol.identity.models import Customer, Identifier, Merge
from dangol.identity.rules import Key, Merged

T = TypeVar("T")

__all__ = ["Merged", "Resolution", "current", "find", "identifiers", "resolve"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a batch of facts says about who is who."""

    customer_ids: list[int]  # one per fact; 0 where a fact names nobody
    identifier_ids: list[int | None]  # the identifier each fact came with
    merges: list[Merged]


def resolve(facts: Sequence[Fact], now: datetime) -> Resolution:
    """Find or make the customer of each fact; writes new customers, identifiers and merges."""
    known = _load(rules.wanted(facts))
    graph = rules.Graph(
        owners={key: row.customer_id for key, row in known.items()},
        strong=_strong({row.customer_id for row in known.values()}),
        create=lambda: Customer.objects.create(created_at=now).pk,
        signposts=_signposts({fact.customer_id for fact in facts if fact.customer_id}),
    )
    resolved = [rules.resolve(fact, graph) for fact in facts]
    rows = known | _write_identifiers(graph, now)
    _write_merges(graph, now)
    return Resolution(
        customer_ids=[graph.current(customer) if customer else 0 for customer, _ in resolved],
        identifier_ids=[rows[key].pk if key in rows else None for _, key in resolved],
        merges=graph.merges,
    )


def _load(keys: Collection[Key]) -> dict[Key, Identifier]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in keys:
        by_kind[kind].append(value)
    rows: dict[Key, Identifier] = {}
    for kind, values in by_kind.items():
        for part in parts(values):
            for row in Identifier.objects.filter(kind=kind, value__in=part):
                rows[kind, row.value] = row
    return rows


def _strong(customers: Collection[int]) -> dict[int, str]:
    return {
        customer: value
        for part in parts(sorted(customers))
        for customer, value in Identifier.objects.filter(customer_id__in=part, kind=rules.STRONG).values_list(
            "customer_id", "value"
        )
    }


def _signposts(customers: Collection[int]) -> dict[int, int]:
    """Absorbed → survivor for these customers, all the way to one who was not absorbed."""
    found: dict[int, int] = {}
    ask = set(customers)
    while ask:
        step = dict(
            row
            for part in parts(sorted(ask))
            for row in Customer.objects.filter(id__in=part, merged_into__isnull=False).values_list(
                "id", "merged_into_id"
            )
        )
        found |= step
        ask = set(step.values()) - set(found)
    return found


def _write_identifiers(graph: rules.Graph, now: datetime) -> dict[Key, Identifier]:
    rows = [
        Identifier(kind=kind, value=value, customer_id=graph.current(home), home=home, first_seen_at=now)
        for (kind, value), home in graph.new.items()
    ]
    return {(row.kind, row.value): row for row in Identifier.objects.bulk_create(rows)}


def _write_merges(graph: rules.Graph, now: datetime) -> None:
    for merge in graph.merges:
        Customer.objects.filter(id=merge.absorbed).update(merged_into_id=merge.survivor)
        Identifier.objects.filter(customer_id=merge.absorbed).update(customer_id=merge.survivor)
    Merge.objects.bulk_create(
        Merge(survivor_id=m.survivor, absorbed_id=m.absorbed, reason=m.reason, position=m.position, merged_at=now)
        for m in graph.merges
    )


def find(kind: str, value: str) -> int | None:
    """The customer an identifier leads to."""
    if kind == "email":
        value = value.lower()
    return Identifier.objects.filter(kind=kind, value=value).values_list("customer_id", flat=True).first()


def current(customer_id: int) -> int | None:
    """The customer that an id, also one from before a merge, stands for now; None where there never was one."""
    if not Customer.objects.filter(id=customer_id).exists():
        return None
    signposts = _signposts({customer_id})
    while customer_id in signposts:
        customer_id = signposts[customer_id]
    return customer_id


def identifiers(customer_ids: Collection[int]) -> dict[int, list[Key]]:
    """Every identifier of these customers, oldest first."""
    found: dict[int, list[Key]] = defaultdict(list)
    for part in parts(sorted(customer_ids)):
        rows = Identifier.objects.filter(customer_id__in=part).order_by("id")
        for customer, kind, value in rows.values_list("customer_id", "kind", "value"):
            found[customer].append((kind, value))
    return found
