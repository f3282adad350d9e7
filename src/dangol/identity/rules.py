"""Who a fact belongs to, and when two customers are found to be one. Pure: a small graph in memory, no tables.

userId is the strong identifier. An anonymousId, an e-mail address or a phone number finds a customer, but never joins
two customers who each have a userId: shared tablets and family addresses must not glue people together. Only an alias
says so in so many words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dangol.collect.facts import Fact

Key = tuple[str, str]  # kind, value

STRONG = "userId"
BLOCKED = {
    "",
    "null",
    "undefined",
    "none",
    "nil",
    "nan",
    "guest",
    "anonymous",
    "unknown",
    "0",
    "-1",
    "false",
    "true",
    "[object object]",
}


@dataclass(frozen=True, slots=True)
class Merged:
    """One customer that became part of another."""

    absorbed: int
    survivor: int
    reason: str
    position: int


@dataclass(slots=True)
class Graph:
    """The identifiers and customers that a batch of facts touches, as they change while its facts are read in order."""

    owners: dict[Key, int]  # identifier → customer now
    strong: dict[int, str]  # customer → its userId, where it has one
    create: Callable[[], int]  # makes a customer and returns its id
    signposts: Mapping[int, int] = field(default_factory=dict)  # absorbed → survivor, from before
    new: dict[Key, int] = field(default_factory=dict)  # identifiers first seen in this batch → their home
    merges: list[Merged] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)  # absorbed → survivor, in this batch

    def current(self, customer: int) -> int:
        """Where a customer's signposts lead."""
        while (to := self.moved.get(customer) or self.signposts.get(customer)) is not None:
            customer = to
        return customer


def keys_of(fact: Fact) -> list[Key]:
    """The identifiers a fact brings, strongest first."""
    keys = [(STRONG, fact.user_id), ("anonymousId", fact.anonymous_id), *fact.identifiers]
    return [(kind, value) for kind, value in keys if usable(value)]


def usable(value: str) -> bool:
    """Whether a value names somebody: not empty, and none of the words programs write when they mean nobody."""
    return value.lower() not in BLOCKED


def wanted(facts: Iterable[Fact]) -> set[Key]:
    """Every identifier that resolving these facts may ask for."""
    keys: set[Key] = set()
    for fact in facts:
        keys.update(keys_of(fact))
        if fact.previous_id:
            keys.update({(STRONG, fact.previous_id), ("anonymousId", fact.previous_id)})
    return keys


def resolve(fact: Fact, graph: Graph) -> tuple[int, Key | None]:
    """The customer of one fact and the identifier it came with; records new identifiers and merges in the graph."""
    if fact.customer_id:
        return graph.current(fact.customer_id), None
    keys = keys_of(fact)
    if not keys:
        return 0, None
    customer = _customer_of(keys, graph)
    for key in keys:
        _link(key, customer, fact, graph)
        customer = graph.current(customer)
    if fact.type == "alias" and usable(fact.previous_id):
        customer = _alias(fact, customer, graph)
    return customer, keys[0]


def _customer_of(keys: list[Key], graph: Graph) -> int:
    """Whose the strongest known identifier is; a userId seen for the first time may claim a customer that has none."""
    user = keys[0] if keys[0][0] == STRONG else None
    if user and user in graph.owners:
        return graph.current(graph.owners[user])
    for key in keys:
        if key in graph.owners:
            owner = graph.current(graph.owners[key])
            if user is None or owner not in graph.strong:
                return owner
    return graph.create()


def _link(key: Key, customer: int, fact: Fact, graph: Graph) -> None:
    owner = graph.owners.get(key)
    if owner is None:
        graph.owners[key] = graph.new[key] = customer
        if key[0] == STRONG:
            graph.strong[customer] = key[1]
        return
    owner = graph.current(owner)
    if owner != customer and not (owner in graph.strong and customer in graph.strong):
        _merge(owner, customer, key[0], fact.position, graph)


def _alias(fact: Fact, customer: int, graph: Graph) -> int:
    """previousId and userId are one person, says the shop: joined even when both are userIds."""
    for kind in ("anonymousId", STRONG):
        owner = graph.owners.get((kind, fact.previous_id))
        if owner is not None:
            other = graph.current(owner)
            if other != customer:
                _merge(other, customer, "alias", fact.position, graph)
                customer = graph.current(customer)
            return customer
    graph.owners[("anonymousId", fact.previous_id)] = graph.new[("anonymousId", fact.previous_id)] = customer
    return customer


def _merge(one: int, other: int, reason: str, position: int, graph: Graph) -> None:
    """The customer with a userId survives; of two alike, the older."""
    first, second = sorted((one, other))
    survivor, absorbed = (second, first) if second in graph.strong and first not in graph.strong else (first, second)
    graph.moved[absorbed] = survivor
    graph.merges.append(Merged(absorbed, survivor, reason, position))
    if absorbed in graph.strong:
        graph.strong.setdefault(survivor, graph.strong[absorbed])
