"""Settling who is who: the part of the graph that new links touch is partitioned anew, and the tables follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dangol.base.parts import parts
from dangol.identity import graph, kinds, rules, signposts
from dangol.identity.models import Customer, Identifier, Merge
from dangol.identity.rules import Link, Moves, Node


@dataclass(frozen=True, slots=True)
class Settled:
    """Who is who now, by the node ids that were asked about."""

    customers: dict[int, int]
    numbers: dict[int, int]  # node id → the identifier's row
    moves: Moves


def settle(asked: Iterable[Node], links: Mapping[tuple[int, int], Link], now: datetime) -> Settled:
    """Take in identifiers (new ones have negative ids) and links between them; write what that changes."""
    asked = list(asked)
    known = graph.links_between([pair for pair in links if min(pair) > 0])
    news = {pair: link for pair, link in links.items() if _says_more(link, known.get(pair))}
    shared = {node.id for node in asked if node.shared}
    seeds = {one for pair in news if not set(pair) & shared for one in pair}
    part = graph.around([one for one in seeds if one > 0])
    part.nodes |= {node.id: node for node in asked if node.id < 0}
    part.links |= {pair: link.earlier(part.links.get(pair)) for pair, link in news.items()}
    part.nodes |= graph.by_ids({one for pair in news for one in pair if one > 0} - part.nodes.keys())
    settled = resettle(part, now)
    fresh = {_renumbered(link, settled.numbers) for link in news.values()}
    graph.write_links(fresh, {pair: link for pair, (link, _) in known.items()})
    return Settled(
        {node.id: settled.customers.get(node.id, node.customer) for node in asked},
        {node.id: settled.numbers.get(node.id, node.id) for node in asked},
        settled.moves,
    )


def _says_more(link: Link, known: tuple[Link, bool] | None) -> bool:
    """Whether a link is new, or earlier or firmer than it was known; one that was cut says nothing any more."""
    if known is None:
        return True
    before, cut = known
    return not cut and (link.at < before.at or (link.told and not before.told))


def _renumbered(link: Link, numbers: Mapping[int, int]) -> Link:
    left, right = numbers.get(link.left, link.left), numbers.get(link.right, link.right)
    return Link(min(left, right), max(left, right), link.at, link.told, link.position)


def resettle(part: graph.Part, now: datetime) -> Settled:
    """Partition this part of the graph anew and write who is who: customers, identifiers, signposts and merges."""
    nodes = part.nodes
    told = rules.partition(nodes, list(part.links.values()))
    customers, fresh = _customers(nodes, told.groups, now)
    moves = _turn_signposts(nodes, customers, told.joins, now)
    moves.identifiers.extend(
        (node.id, node.customer, customers[node.id])
        for node in nodes.values()
        if node.id > 0 and customers[node.id] != node.customer
    )
    _write_known(nodes, told.shared, customers, fresh)
    return Settled(customers, _write_new(nodes, told.shared, customers, now), moves)


def _customers(
    nodes: Mapping[int, Node], groups: Sequence[Sequence[int]], now: datetime
) -> tuple[dict[int, int], set[int]]:
    """The customer of each identifier, and the customers that were made for it."""
    seats = rules.seat(nodes, groups)
    made = Customer.objects.bulk_create([Customer(created_at=now) for seat in seats if not seat], batch_size=300)
    new = iter(row.pk for row in made)
    found: dict[int, int] = {}
    for group, seat in zip(groups, seats, strict=True):
        found |= dict.fromkeys(group, seat or next(new))
    return found, {row.pk for row in made}


def _write_known(
    nodes: Mapping[int, Node], shared: Collection[int], customers: Mapping[int, int], fresh: Collection[int]
) -> None:
    """Identifiers that changed hands; where a customer was made for them they are at home there from now on."""
    changed: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for node in nodes.values():
        if node.id > 0 and (customers[node.id], node.id in shared) != (node.customer, node.shared):
            changed[customers[node.id], node.id in shared].append(node.id)
    for (customer, is_shared), numbers in changed.items():
        values = {"customer_id": customer, "shared": is_shared} | ({"home": customer} if customer in fresh else {})
        for some in parts(numbers):
            Identifier.objects.filter(id__in=some).update(**values)


def _write_new(
    nodes: Mapping[int, Node], shared: Collection[int], customers: Mapping[int, int], now: datetime
) -> dict[int, int]:
    fresh = sorted((node for node in nodes.values() if node.id < 0), key=lambda node: -node.id)
    rows = [
        Identifier(
            kind=node.key[0], value=node.key[1], customer_id=customers[node.id], home=customers[node.id],
            first_seen_at=now, seen=node.seen, shared=node.id in shared,
        )
        for node in fresh
    ]  # fmt: skip
    written = Identifier.objects.bulk_create(rows, batch_size=300)
    return {node.id: row.pk for node, row in zip(fresh, written, strict=True)}


def _turn_signposts(
    nodes: Mapping[int, Node], customers: Mapping[int, int], joins: Sequence[Link], now: datetime
) -> Moves:
    """Let every customer that has no identifiers any more lead to where those at home there went; what moves by it."""
    lead = _leads(nodes, customers)
    if not lead:
        return Moves()
    ways = signposts.ways_from(signposts.behind(lead))
    turned = ways | lead
    for one, to in lead.items():
        if ways[one] != to:
            Customer.objects.filter(id=one).update(merged_into_id=to)
    changed = [one for one in lead if signposts.end(signposts.end(one, ways), turned) != signposts.end(one, turned)
               or (ways[one] is None) != (lead[one] is None)]  # fmt: skip
    _write_merges(nodes, changed, lead, joins, now)
    ends = ((one, signposts.end(one, ways), signposts.end(one, turned)) for one in ways)
    return Moves(homes=[(one, before, after) for one, before, after in ends if before != after])


def _leads(nodes: Mapping[int, Node], customers: Mapping[int, int]) -> dict[int, int | None]:
    """Customers where these identifiers are at home → the customer they lead to now, None for those that stand."""
    standing = set(customers.values())
    found: dict[int, int | None] = {}
    for node in sorted(nodes.values(), key=lambda node: (not node.strong, node.id)):
        if node.home and node.home not in found:
            found[node.home] = None if node.home in standing else customers[node.id]
    return found


def _write_merges(
    nodes: Mapping[int, Node],
    changed: Iterable[int],
    lead: Mapping[int, int | None],
    joins: Sequence[Link],
    now: datetime,
) -> None:
    """What was merged and is not any more is undone; what is merged now has a row that says why."""
    rows = []
    for absorbed in changed:
        Merge.objects.filter(absorbed_id=absorbed, undone_at=None).update(undone_at=now)
        survivor = lead[absorbed]
        if survivor is None:
            continue
        moved = {node.id for node in nodes.values() if node.customer == absorbed} or {
            node.id for node in nodes.values() if node.home == absorbed
        }
        proof = rules.proof(joins, moved)
        rows.append(
            Merge(
                survivor_id=survivor, absorbed_id=absorbed, reason=_reason(proof, nodes), merged_at=now,
                position=proof.position if proof else 0, moved=sorted(moved),
            )
        )  # fmt: skip
    Merge.objects.bulk_create(rows)


def _reason(proof: Link | None, nodes: Mapping[int, Node]) -> str:
    if proof is None:
        return ""
    if proof.told:
        return "alias" if proof.position else "staff"
    return max(nodes[proof.left].key, nodes[proof.right].key, key=kinds.rank)[0]
