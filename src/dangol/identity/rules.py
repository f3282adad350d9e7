"""Who a fact belongs to, and which identifiers are one customer. Pure: values in, values out.

What facts say about identity is a set of links: these two identifiers were seen on one fact, first at that time. Which
identifiers are one customer is a function of that set alone, so neither the order of arrival nor repetition matters:

1. A weak identifier that is linked with more strong ones than its kind allows is shared. It joins nobody.
2. The other links are taken one by one, what the shop has told (alias, staff) before what was merely seen, then the
   earliest first. A link joins its two ends unless the whole would hold two different strong identifiers of one kind.
3. A link that was cut joins nothing, however often it is seen again.

This is Kruskal's algorithm with a constraint; what it leaves out can be recomputed for the part of the graph that a
new link touches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from dangol.collect.facts import Fact
from dangol.identity import kinds
from dangol.identity.kinds import Key


class Node(msgspec.Struct, frozen=True):  # made for every fact: ten times cheaper than a dataclass
    """An identifier and whose it is now; one without a row has a negative id and no customer yet."""

    id: int
    key: Key
    customer: int = 0
    home: int = 0  # the customer it first led to
    shared: bool = False
    seen: bool = True  # false: only an alias speaks of it

    @property
    def strong(self) -> bool:
        return kinds.kind(self.key[0]).one


class Link(msgspec.Struct, frozen=True):
    """Two identifiers that were seen on one fact, the lower id first."""

    left: int
    right: int
    at: int  # µs, of the earliest such fact
    told: bool
    position: int  # of that fact in the log

    @property
    def pair(self) -> tuple[int, int]:
        return self.left, self.right

    def earlier(self, other: Link | None) -> Link:
        """The two as one: told if either is, at the earlier time."""
        if other is None:
            return self
        first = min(self, other, key=lambda link: (link.at, link.position))
        return Link(self.left, self.right, first.at, self.told or other.told, first.position)


@dataclass(frozen=True, slots=True)
class Partition:
    """Which identifiers are one customer."""

    groups: list[list[int]]
    shared: set[int]
    joins: list[Link]  # the links that joined something, in the order they were taken


@dataclass(frozen=True, slots=True)
class Moves:
    """What became of rows when customers were found to be one, or not to be."""

    identifiers: list[tuple[int, int, int]] = field(default_factory=list)  # identifier, from, to
    homes: list[tuple[int, int, int]] = field(default_factory=list)  # customer that rows were written for, from, to

    def __bool__(self) -> bool:
        return bool(self.identifiers or self.homes)

    @property
    def vanished(self) -> set[int]:
        """Customers that lead to another one now."""
        return {home for home, before, _ in self.homes if home == before}

    @property
    def touched(self) -> set[int]:
        """Customers who gained or lost something, without those that vanished."""
        return {one for _, *both in [*self.identifiers, *self.homes] for one in both} - self.vanished

    def pairs(self) -> dict[tuple[int, int], tuple[list[int], list[int]]]:
        """By (from, to): the identifiers and the homes that go that way."""
        found: dict[tuple[int, int], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for identifier, before, after in self.identifiers:
            found[before, after][0].append(identifier)
        for home, before, after in self.homes:
            found[before, after][1].append(home)
        return dict(found)


def keys_of(fact: Fact, region: str = "", blocked: Collection[str] = ()) -> list[Key]:
    """The identifiers a fact brings, the strongest first."""
    if not (fact.user_id or fact.anonymous_id or fact.identifiers):
        return []
    told = [(kinds.USER, fact.user_id), (kinds.ANONYMOUS, fact.anonymous_id), *fact.identifiers]
    return sorted(usable(told, region, blocked), key=kinds.rank)


def previous_keys(fact: Fact, blocked: Collection[str] = ()) -> list[Key]:
    """What the previousId of an alias may be: the shop does not say whether it was a user's or a visitor's."""
    if fact.type != "alias":
        return []
    return usable([(kinds.ANONYMOUS, fact.previous_id), (kinds.USER, fact.previous_id)], "", blocked)


def usable(told: Iterable[Key], region: str, blocked: Collection[str]) -> list[Key]:
    """These keys as they are written, each once, without those that name nobody."""
    keys = dict.fromkeys((name, kinds.normal(name, value, region)) for name, value in told if value)
    return [key for key in keys if kinds.usable(key, blocked)]


def link(one: int, other: int, at: int, position: int, *, told: bool = False) -> Link:
    return Link(min(one, other), max(one, other), at, told, position)


def partition(nodes: Mapping[int, Node], links: Sequence[Link]) -> Partition:
    """Which of these identifiers are one customer, by these links (none of them cut)."""
    shared = _shared(nodes, links)
    groups = _Groups(nodes)
    joins = [
        one
        for one in sorted(links, key=lambda one: _order(one, nodes))
        if not {one.left, one.right} & shared and groups.join(one)
    ]
    return Partition(groups.listed(), shared, joins)


def _order(one: Link, nodes: Mapping[int, Node]) -> tuple[bool, int, Key, Key]:
    first, second = sorted((nodes[one.left].key, nodes[one.right].key))
    return not one.told, one.at, first, second


def _shared(nodes: Mapping[int, Node], links: Sequence[Link]) -> set[int]:
    people: dict[int, set[int]] = defaultdict(set)
    for one in links:
        for weak, strong in ((one.left, one.right), (one.right, one.left)):
            if nodes[strong].key[0] == kinds.USER and not one.told:
                people[weak].add(strong)
    return {
        node.id
        for node in nodes.values()
        if not node.strong and (node.shared or len(people[node.id]) > kinds.kind(node.key[0]).people)
    }


class _Groups:
    """Union-find over identifiers that remembers of which kinds each group holds a strong one."""

    def __init__(self, nodes: Mapping[int, Node]) -> None:
        self._parent = {node: node for node in nodes}
        self._strong = {n.id: {n.key[0]} if n.strong else set() for n in nodes.values()}

    def root(self, node: int) -> int:
        while (parent := self._parent[node]) != node:
            self._parent[node] = node = self._parent[parent]
        return node

    def join(self, one: Link) -> bool:
        """Whether the link made one of two; two strong identifiers of one kind are two people unless it was told."""
        left, right = self.root(one.left), self.root(one.right)
        if left == right or (not one.told and self._strong[left] & self._strong[right]):
            return False
        self._parent[right] = left
        self._strong[left] |= self._strong[right]
        return True

    def listed(self) -> list[list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for node in self._parent:
            found[self.root(node)].append(node)
        return list(found.values())


def seat(nodes: Mapping[int, Node], groups: Sequence[Sequence[int]]) -> list[int]:
    """The customer of each group; 0 where a new one must be made.

    A customer belongs to the group of the first identifier at home there, a strong one before a weak one. Of the
    customers that belong to it a group takes one where a strong identifier is at home, then the oldest.
    """
    first: dict[int, Node] = {}
    for node in sorted(nodes.values(), key=lambda node: (not node.strong, node.id)):
        if node.home:
            first.setdefault(node.home, node)
    group_of = {one: index for index, group in enumerate(groups) for one in group}
    seats: list[tuple[bool, int]] = [(True, 0)] * len(groups)
    for home, node in first.items():
        at = group_of[node.id]
        mine = (not node.strong, home)
        seats[at] = mine if seats[at][1] == 0 else min(seats[at], mine)
    return [home for _, home in seats]


def proof(joins: Sequence[Link], inside: Collection[int]) -> Link | None:
    """The first join between identifiers of a customer and others: what proved that it is one with another."""
    return next((one for one in joins if (one.left in inside) != (one.right in inside)), None)


def to_cut(joins: Sequence[Link], one_side: Collection[int], other_side: Collection[int]) -> Link | None:
    """The newest link that must go so that two sets of identifiers are no longer joined; None where they are not.

    It lies on the path between them and crosses from one side to what does not belong to it, so that neither falls
    apart for it.
    """
    neighbours: dict[int, list[Link]] = defaultdict(list)
    for one in joins:
        neighbours[one.left].append(one)
        neighbours[one.right].append(one)
    inside = set(one_side)
    for start in sorted(inside):
        came: dict[int, Link | None] = {start: None}
        stack = [start]
        while stack:
            here = stack.pop()
            if here in other_side:
                path = _path(here, came)
                return max(
                    (one for one in path if (one.left in inside) != (one.right in inside)),
                    key=lambda one: (one.at, one.position),
                )
            for one in neighbours[here]:
                there = one.right if one.left == here else one.left
                if there not in came:
                    came[there] = one
                    stack.append(there)
    return None


def _path(end: int, came: Mapping[int, Link | None]) -> list[Link]:
    path = []
    while (one := came[end]) is not None:
        path.append(one)
        end = one.left if one.right == end else one.right
    return path
