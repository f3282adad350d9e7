"""What staff say about who is who: that two customers are one, or that a merge was wrong."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from dangol.base.clock import to_us
from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.identity import graph, kinds, rules, settling, signposts
from dangol.identity.models import Merge
from dangol.identity.rules import Link, Moves, Node


def join(one: int, other: int, now: datetime) -> Moves:
    """Two customers are one: their strongest identifiers are linked. Raises NotFound, and Invalid for one customer."""
    first, second = (_standing(customer) for customer in (one, other))
    if first == second:
        raise Invalid([Fault("/customers", f"{one} and {other}", "two customers who are not one already")])
    ends = [_strongest(customer) for customer in (first, second)]
    link = rules.link(ends[0].id, ends[1].id, to_us(now), 0, told=True)
    graph.uncut(link)
    return settling.settle(ends, {link.pair: link}, now).moves


def _standing(customer: int) -> int:
    found = signposts.current_of({customer})
    if customer not in found:
        raise NotFound(f"no customer has the id {customer}")
    return found[customer]


def _strongest(customer: int) -> Node:
    nodes = graph.of_customers({customer})
    if not nodes:
        raise Conflict(f"customer {customer} has no identifier by which it could be joined with another")
    return min(nodes.values(), key=lambda node: (kinds.rank(node.key), node.id))


def part(merge_id: int, now: datetime) -> Moves:
    """A merge was wrong: what joins the two is cut for good, and each has its own again.

    Facts go to the identifier they came with, those from after the merge too. Raises NotFound, and Conflict where it
    was undone already.
    """
    merge = Merge.objects.filter(pk=merge_id).first()
    if merge is None:
        raise NotFound(f"there is no merge {merge_id}")
    if merge.undone_at is not None:
        raise Conflict(f"merge {merge_id} is undone already")
    whole = graph.around(merge.moved)
    absorbed = set(merge.moved) & whole.nodes.keys()
    kept = _kept(merge, whole, absorbed)
    for link in _cuts(whole, absorbed, kept):
        graph.cut(link, now)
        del whole.links[link.pair]
    return settling.resettle(whole, now).moves


def _kept(merge: Merge, whole: graph.Part, absorbed: Collection[int]) -> set[int]:
    """The survivor's own identifiers: at home with it or with one it had taken in by another merge."""
    homes = signposts.behind({merge.survivor_id}) - signposts.behind({merge.absorbed_id})
    return {node.id for node in whole.nodes.values() if node.home in homes and node.id not in absorbed}


def _cuts(whole: graph.Part, absorbed: Collection[int], kept: Collection[int]) -> list[Link]:
    """The links that must go so that no identifier of one side is joined with one of the other."""
    links = dict(whole.links)
    found: list[Link] = []
    while True:
        joins = rules.partition(whole.nodes, list(links.values())).joins
        link = rules.to_cut(joins, absorbed, kept)
        if link is None:
            return found
        found.append(link)
        del links[link.pair]
