"""What every client is asked to tell, and how it is checked that the shop knows exactly that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from dangol.base.clock import from_us
from dangol.base.instants import parse_instant
from dangol.collect.log import open_log
from dangol.collect.rules import TRANSIT
from tests.serving import Server

VISITORS = 4
Call = dict[str, Any]
Told = tuple[str, str, Any]  # type, name, running number


def visit(prefix: str, number: int) -> list[Call]:
    """The calls of one visitor, in the order in which they happen; all but the alias carry a running number."""
    user, anonymous = f"{prefix}-user-{number}", f"{prefix}-anonymous-{number}"
    cup = {"product_id": "cup", "name": "청자 컵 “단골”", "price": 12.5, "quantity": 2, "tags": ["새", None, True]}
    known: Call = {"userId": user}
    calls: list[Call] = [
        {"type": "page", "anonymousId": anonymous, "name": "Cups", "properties": {"path": "/cups"}},
        {"type": "track", "anonymousId": anonymous, "event": "Product Viewed", "properties": cup},
        {"type": "identify", **known, "anonymousId": anonymous, "traits": {"name": "김단골 😀", "visits": number}},
        {"type": "track", **known, "event": "Product Added", "properties": cup},
        {"type": "screen", **known, "name": "Checkout", "properties": {"step": 2}},
        {"type": "group", **known, "groupId": f"{prefix}-company", "traits": {"plan": "gold"}},
        {"type": "alias", **known, "previousId": f"{prefix}-former-{number}"},
        {
            "type": "track",
            **known,
            "event": "Order Completed",
            "properties": {"order_id": f"{prefix}-{number}", "revenue": 25.0, "currency": "KRW", "products": [cup]},
        },
    ]
    return numbered(prefix, number, calls)


def numbered(prefix: str, number: int, calls: list[Call]) -> list[Call]:
    """Each call with a number that no other call has, among what the customer told."""
    for index, call in enumerate(calls):
        part = "traits" if call["type"] in {"identify", "group"} else "properties"
        if call["type"] != "alias":
            call[part] = {**call.get(part, {}), "n": f"{prefix}-{number}-{index}"}
    return calls


def visits(prefix: str, visitors: int = VISITORS) -> list[Call]:
    """All visitors at the same time, one call of each after the other."""
    each = [visit(prefix, number) for number in range(visitors)]
    return [call for together in zip(*each, strict=True) for call in together]


def told(call: Call) -> Told:
    """What identifies a call, in the client's words or in the log's."""
    part = call.get("traits") or (call.get("context") or {}).get("traits") or {}
    number = (call.get("properties") or {}).get("n") or part.get("n")
    if call["type"] == "alias":
        number = (call["previousId"], call["userId"])
    inside = (call.get("properties") or {}).get("name") if call["type"] in {"page", "screen"} else ""
    return call["type"], call.get("event") or call.get("name") or inside or "", number


def check(shop: Server, prefix: str, calls: list[Call]) -> None:
    """Every call is in the log once and in its customer's timeline once, whole, with its kind and in its order."""
    shop.wait_idle()
    kept = list(stored(shop, prefix))
    found, wanted = Counter(map(told, kept)), Counter(map(told, calls))
    assert not found - wanted, "nothing is there twice, and nothing that was not told"
    assert not wanted - found, "nothing is missing"
    by_told = {told(event): event for event in kept}
    for call in calls:
        event = by_told[told(call)]
        for part in ("properties", "traits"):
            found = event.get(part) or (event.get("context") or {}).get(part) or {}
            assert found.items() >= call.get(part, {}).items(), f"{call['type']}: its {part} came whole"
        for key in ("userId", "groupId", "previousId"):
            assert not call.get(key) or event[key] == call[key]
    stale = _long_under_way(shop, prefix)
    for user in dict.fromkeys(call["userId"] for call in calls if call.get("userId")):
        theirs = [told(call) for call in calls if user in (call.get("userId"), _owner(calls, call))]
        found = list(_timeline(shop, user))
        assert Counter(found) == Counter(theirs), f"{user} did this"
        assert stale or found == theirs, f"{user} did this, in this order"


def _owner(calls: list[Call], call: Call) -> str | None:
    """The user an anonymous call turned out to be of."""
    if call.get("userId") or not call.get("anonymousId"):
        return None
    owners = {c["userId"] for c in calls if c.get("userId") and c.get("anonymousId") == call["anonymousId"]}
    return owners.pop() if len(owners) == 1 else None


def stored(shop: Server, prefix: str) -> Iterator[Call]:
    """The events of these visits as they lie in the log."""
    mark = f'"{prefix}-'.encode()
    with open_log(shop.folder) as log:
        for entry in log.read(0, 100_000):
            if mark in entry.body:
                yield json.loads(entry.body)


def _long_under_way(shop: Server, prefix: str) -> bool:
    """Whether a call was sent so long before it was taken that its sender's clock is believed to be wrong.

    Some clients say of a repeated request when it was sent first; where the killed shop is slow to come back, that is
    more than TRANSIT ago, and no order can be promised.
    """
    mark = f'"{prefix}-'.encode()
    with open_log(shop.folder) as log:
        entries = [entry for entry in log.read(0, 100_000) if mark in entry.body]
    sent = [(entry.received_us, parse_instant(json.loads(entry.body).get("sentAt"))) for entry in entries]
    return any(at is not None and abs(from_us(received) - at) > TRANSIT for received, at in sent)


def _timeline(shop: Server, user: str) -> Iterator[Told]:
    """A customer's facts that clients told, the oldest first, by the admin API."""
    (customer,) = _read(shop, f"/api/customers?identifier=userId:{user}")["items"]
    facts = _read(shop, f"/api/customers/{customer['id']}/timeline?limit=1000")["items"]
    with open_log(shop.folder) as log:
        aliases = {entry.position: json.loads(entry.body) for entry in log.read(0, 100_000) if b'"alias"' in entry.body}
    for fact in reversed([fact for fact in facts if fact["source"] != "dangol"]):
        if fact["type"] == "alias":
            yield told(aliases[int(fact["id"])])
        else:
            yield fact["type"], fact["name"], (fact["properties"] or {}).get("n") or (fact["traits"] or {}).get("n")


def _read(shop: Server, path: str) -> Any:
    status, body = shop.call(path, key=shop.api_key)
    assert status == 200, body
    return json.loads(body)
