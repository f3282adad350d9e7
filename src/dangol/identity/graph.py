"""The tables of identity as the rules see them: the part of the graph that some identifiers are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from dangol.base import bulk
from dangol.base.clock import from_us, to_us
from dangol.base.parts import parts
from dangol.identity import models
from dangol.identity.kinds import Key
from dangol.identity.rules import Link, Node

NODES = "SELECT id, kind, value, customer_id, home, shared, seen FROM identity_identifier WHERE "
# A join, for SQLite scans the whole table where pairs stand in an IN.
LINKS = (
    "WITH pairs(a, b) AS (VALUES {}) SELECT left_id, right_id, at, told, position, cut_at"
    " FROM pairs JOIN identity_link ON left_id = a AND right_id = b"
)
PAIRS_AT_ONCE = 150


@dataclass(slots=True)
class Part:
    """Identifiers and the links between them; whoever reaches one of them reaches all."""

    nodes: dict[int, Node] = field(default_factory=dict)
    links: dict[tuple[int, int], Link] = field(default_factory=dict)


def _nodes(condition: str, values: Collection[Any]) -> Iterator[Node]:
    with connection.cursor() as cursor:
        cursor.execute(NODES + condition, list(values))
        for number, kind, value, customer, home, shared, seen in cursor.fetchall():
            yield Node(number, (kind, value), customer, home, bool(shared), bool(seen))


def _marks(count: int) -> str:
    return f"({', '.join(['%s'] * count)})"


def by_keys(keys: Iterable[Key]) -> dict[Key, Node]:
    """The identifiers that have these keys."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in keys:
        by_kind[kind].append(value)
    return {
        node.key: node
        for kind, values in by_kind.items()
        for part in parts(values)
        for node in _nodes(f"kind = %s AND value IN {_marks(len(part))}", [kind, *part])
    }


def by_ids(ids: Collection[int]) -> dict[int, Node]:
    return {node.id: node for part in parts(sorted(ids)) for node in _nodes(f"id IN {_marks(len(part))}", part)}


def of_customers(customer_ids: Collection[int]) -> dict[int, Node]:
    """Every identifier of these customers."""
    return {
        node.id: node
        for part in parts(sorted(customer_ids))
        for node in _nodes(f"customer_id IN {_marks(len(part))}", part)
    }


def links_between(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], tuple[Link, bool]]:
    """The links that there are between these pairs, and whether each was cut."""
    found: dict[tuple[int, int], tuple[Link, bool]] = {}
    with connection.cursor() as cursor:
        for part in parts(sorted(pairs), PAIRS_AT_ONCE):
            values = [number for pair in part for number in pair]
            cursor.execute(LINKS.format(", ".join(["(%s, %s)"] * len(part))), values)
            for left, right, at, told, position, cut_at in cursor.fetchall():
                found[left, right] = Link(left, right, at, bool(told), position), cut_at is not None
    return found


def around(seeds: Collection[int]) -> Part:
    """Everything that is joined, or could be, with these identifiers; shared ones are the border."""
    found = Part()
    edge = set(seeds)
    while edge:
        nodes = by_ids(edge)
        found.nodes |= nodes
        open_ends = [number for number, node in nodes.items() if not node.shared]
        edge = set()
        for part in parts(sorted(open_ends)):
            near = models.Link.objects.filter(Q(left_id__in=part) | Q(right_id__in=part), cut_at=None)
            for left, right, at, told, position in near.values_list("left_id", "right_id", "at", "told", "position"):
                found.links[left, right] = Link(left, right, to_us(at), told, position)
                edge |= {left, right}
        edge -= found.nodes.keys()
    return found


def write_links(links: Iterable[Link], known: Mapping[tuple[int, int], Link]) -> None:
    """New links are added, those that were known at a later time or only seen are brought up to date."""
    new = []
    for link in links:
        values = {"at": from_us(link.at), "told": link.told, "position": link.position}
        if link.pair in known:
            models.Link.objects.filter(left_id=link.left, right_id=link.right).update(**values)
        else:
            new.append(models.Link(left_id=link.left, right_id=link.right, **values))
    bulk.insert(new)


def uncut(link: Link) -> None:
    """Staff say that they are one customer after all."""
    models.Link.objects.filter(left_id=link.left, right_id=link.right).update(cut_at=None)


def cut(link: Link, now: datetime) -> None:
    """What was joined by this link is not one customer, however often they are seen together."""
    models.Link.objects.filter(left_id=link.left, right_id=link.right).update(cut_at=now)
