"""Which customer each fact belongs to.

In: facts in the order of the log. Out: one customer id per fact, and what became of customers by what they prove.
Promise: an identifier leads to one customer; neither order of arrival nor repetition matters; an old id resolves for
ever; no merge without a row that says why, and each can be undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from dangol.base.clock import to_us
from dangol.base.models import region
from dangol.base.parts import parts
from dangol.collect.facts import Fact
from dangol.identity import graph, kinds, rules, settling, signposts
from dangol.identity.kinds import Key
from dangol.identity.models import Customer, Identifier
from dangol.identity.rules import Link, Moves, Node

__all__ = ["Moves", "Resolution", "current", "find", "identifiers", "resolve"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a batch of facts says about who is who."""

    customer_ids: list[int]  # one per fact; 0 where a fact names nobody
    identifier_ids: list[int | None]  # the identifier each fact came with
    moves: Moves


def resolve(facts: Sequence[Fact], now: datetime) -> Resolution:
    """Find or make the customer of each fact; writes new customers, identifiers and links, and what they change."""
    where, blocked = region(), _blocked()
    told = [rules.keys_of(fact, where, blocked) for fact in facts]
    spoken = [rules.previous_keys(fact, blocked) for fact in facts]
    nodes = _nodes(told, spoken)
    links = _links(facts, told, spoken, nodes)
    settled = settling.settle(nodes.values(), links, now)
    _note_seen(told, nodes)
    own = signposts.current_of({fact.customer_id for fact in facts if fact.customer_id})
    return Resolution(
        customer_ids=[
            own.get(fact.customer_id, 0) if fact.customer_id else settled.customers[nodes[keys[0]].id] if keys else 0
            for fact, keys in zip(facts, told, strict=True)
        ],
        identifier_ids=[settled.numbers[nodes[keys[0]].id] if keys else None for keys in told],
        moves=settled.moves,
    )


def _blocked() -> frozenset[str]:
    """Values that this shop knows to mean nobody."""
    return frozenset(word.strip().lower() for word in settings.DANGOL.blocked_identifiers.split(",") if word.strip())


def _nodes(told: Sequence[list[Key]], spoken: Sequence[list[Key]]) -> dict[Key, Node]:
    """The identifiers of these keys; those without a row get a negative id."""
    seen = dict.fromkeys(key for keys in told for key in keys)
    keys = [*seen, *dict.fromkeys(key for keys in spoken for key in keys if key not in seen)]
    nodes = graph.by_keys(keys)
    for number, key in enumerate([key for key in keys if key not in nodes], 1):
        nodes[key] = Node(-number, key, seen=key in seen)
    return nodes


def _links(
    facts: Sequence[Fact], told: Sequence[list[Key]], spoken: Sequence[list[Key]], nodes: Mapping[Key, Node]
) -> dict[tuple[int, int], Link]:
    """What these facts say belongs together: the strongest identifier of each with its others."""
    found: dict[tuple[int, int], Link] = {}
    for fact, keys, previous in zip(facts, told, spoken, strict=True):
        if not keys:
            continue
        first, at = nodes[keys[0]].id, to_us(fact.at)
        seen = [rules.link(first, nodes[key].id, at, fact.position) for key in keys[1:]]
        seen += [rules.link(first, nodes[key].id, at, fact.position, told=True) for key in previous]
        for link in seen:
            if link.left != link.right:
                found[link.pair] = link.earlier(found.get(link.pair))
    return found


def _note_seen(told: Sequence[list[Key]], nodes: Mapping[Key, Node]) -> None:
    """Identifiers that only an alias spoke of until now."""
    met = [nodes[key].id for keys in told for key in keys if nodes[key].id > 0 and not nodes[key].seen]
    for part in parts(sorted(set(met))):
        Identifier.objects.filter(id__in=part).update(seen=True)


def find(kind: str, value: str) -> int | None:
    """The customer an identifier leads to."""
    value = kinds.normal(kind, value, region() if kind == "phone" else "")
    return Identifier.objects.filter(kind=kind, value=value).values_list("customer_id", flat=True).first()


def current(customer_id: int) -> int | None:
    """The customer that an id, also one from before a merge, stands for now; None where there never was one."""
    if not Customer.objects.filter(id=customer_id).exists():
        return None
    return signposts.current_of({customer_id})[customer_id]


def identifiers(customer_ids: Collection[int]) -> dict[int, list[Key]]:
    """Every identifier of these customers that a fact has brought, oldest first."""
    found: dict[int, list[Key]] = defaultdict(list)
    for part in parts(sorted(customer_ids)):
        rows = Identifier.objects.filter(customer_id__in=part, seen=True).order_by("id")
        for customer, kind, value in rows.values_list("customer_id", "kind", "value"):
            found[customer].append((kind, value))
    return found


def kinds_of(identifier_ids: Iterable[int]) -> dict[int, Key]:
    """The keys of identifiers, by id."""
    return {number: node.key for number, node in graph.by_ids(set(identifier_ids)).items()}
