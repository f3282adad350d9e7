"""The figures of one customer that are kept fact by fact, and come out the same in any order of arrival. Pure.

A tally is a JSON object. Each of its parts takes a fact wherever it belongs in time: counts add up, "first" and "last"
keep the earliest and the latest, and the two that depend on what lies between (visits and the cart) are worked out
anew around a fact that comes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from dangol.base.clock import to_us
from dangol.base.phones import e164
from dangol.collect.facts import Fact
from dangol.identity import kinds
from dangol.profile import rules

PAUSE = 30 * 60 * 1_000_000  # µs without a fact end a visit
SAID = ("email", "phone", "language", "user_id")  # what lists and searches look at
VISITED = {"web", "app"}  # channels on which customers visit
COUNTER = {"store", "phone", "erp"}  # channels whose orders were never in the cart of the site
VIEW = "Product Viewed"
CART_ADDS, CART_TAKES, CART_SHOWS, CART_ENDS = "Product Added", "Product Removed", "Cart Viewed", "Order Completed"
CART = {CART_ADDS, CART_TAKES, CART_SHOWS, CART_ENDS}
PRODUCT = ("product_id", "sku", "name", "variant", "brand", "category", "price", "currency", "url", "image_url")
LONGEST = 300  # characters of a text that a tally keeps
MOST_IN_CART = 100

Tally = dict[str, Any]
Version = tuple[int, int]  # at in µs, position in the log


def version(fact: Fact) -> Version:
    return to_us(fact.at), fact.position


def add(tally: Tally, fact: Fact, when: Version, channel: str, region: str = "") -> bool:
    """Take in what does not depend on the facts around this one, which is none of our own.

    `when` is its version, `channel` where it happened. Whether what is SAID has changed.
    """
    changed = False
    for kind, value in said(fact, region):
        changed |= _keep_last(tally, kind, when, value)
    _count(tally, "channels", channel)
    if fact.type == "track" and fact.name == VIEW:
        product = product_of(fact.properties)
        if product:
            _keep_last(tally, "viewed", when, product)
        if isinstance(product.get("category"), str):
            _count(tally, "looked", product["category"])
    came = touch_of(fact) if channel in VISITED else None
    if came:
        _keep_first(tally, "first_touch", when, came)
        _keep_last(tally, "last_touch", when, came)
    return changed


def said(fact: Fact, region: str = "") -> Iterator[tuple[str, str]]:
    """What a fact says of how to reach its customer: userId, e-mail, phone and language."""
    inner, own = fact.context.get("traits"), fact.traits if fact.type == "identify" else {}
    told = {**inner, **own} if isinstance(inner, dict) else own
    if fact.user_id and kinds.usable((kinds.USER, fact.user_id)):
        yield "user_id", fact.user_id[:LONGEST]
    email, phone = told.get("email"), told.get("phone")
    if isinstance(email, str) and "@" in email and len(email) <= 254:
        yield "email", kinds.normal("email", email)
    if isinstance(phone, str | int) and (number := e164(str(phone), region)):
        yield "phone", number
    if language := rules.language(told, fact.context):
        yield "language", language


def channel_of(fact: Fact) -> str:
    """Where a fact happened: what it says, else what it looks like."""
    told = fact.context.get("channel")
    if isinstance(told, str) and told.strip():
        return {"mobile": "app", "browser": "web"}.get(told.strip().lower(), told.strip().lower()[:32])
    if isinstance(fact.context.get("page"), dict) or fact.type == "page":
        return "web"
    return "app" if fact.type == "screen" or isinstance(fact.context.get("app"), dict) else "server"


def visits(fact: Fact) -> bool:
    """Whether a fact is part of a visit."""
    return not fact.own and channel_of(fact) in VISITED


def visits_begun(times: Sequence[int]) -> int:
    """How many visits these instants (µs, sorted) are: a longer pause begins the next."""
    if len(times) < 2:
        return len(times)
    return 1 + sum(at - before > PAUSE for before, at in pairwise(times))


def visits_behind(last: int | None, new: Sequence[int]) -> int:
    """How many visits begin with instants that all lie behind `last`, the latest there was before (None: none was)."""
    if last is None:
        return visits_begun(new)
    return sum(at - before > PAUSE for before, at in pairwise((last, *new)))


def more_visits(new: Sequence[int], around: Sequence[int]) -> int:
    """How many visits more there are for the instants `new`; `around` are the others from a pause before the first of
    them to a pause after the last (both sorted).
    """
    return visits_begun(sorted([*around, *new])) - visits_begun(around)


def touch_of(fact: Fact) -> dict[str, str] | None:
    """What brought a visitor here: a campaign or another site; None for a fact within a visit."""
    campaign, page = fact.context.get("campaign"), fact.context.get("page")
    told: dict[str, str] = {}
    if isinstance(campaign, dict):
        told = {str(k)[:32]: v[:LONGEST] for k, v in campaign.items() if isinstance(v, str) and v}
    referrer = page.get("referrer") if isinstance(page, dict) else None
    if isinstance(page, dict) and isinstance(referrer, str) and referrer:
        host = _host(referrer)
        if host and host != _host(page.get("url")):
            told["referrer"] = host
    return told or None


def _host(url: Any) -> str:
    if not isinstance(url, str):
        return ""
    begin = url.find("//")
    end = url.find("/", begin + 2) if begin >= 0 else -1  # the same few sites over and over, each page another
    return _host_of(url[:end] if end >= 0 else url)


@lru_cache(maxsize=4096)
def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def product_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a fact's properties say of a product, as far as figures keep it."""
    found: dict[str, Any] = {}
    for key in PRODUCT:
        value = properties.get(key)
        if isinstance(value, str):
            found[key] = value[:LONGEST]
        elif isinstance(value, int | float):
            found[key] = value
    return found


# --- the cart ---------------------------------------------------------------------------------------------------------


def cart(facts: Iterable[Fact], begin: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The cart after these facts, in their order of time; `begin` the cart before them."""
    now = {"items": list(begin["items"]) if begin else [], "version": list(begin["version"]) if begin else [0, 0]}
    for fact in facts:
        now["version"] = list(version(fact))
        now["items"] = _after(now["items"], fact)
    return now


def _after(items: list[dict[str, Any]], fact: Fact) -> list[dict[str, Any]]:
    if fact.name == CART_ENDS:
        return items if channel_of(fact) in COUNTER else []
    if fact.name == CART_SHOWS:
        products = fact.properties.get("products")
        if not isinstance(products, list):
            return items
        return [_item(one) for one in products if isinstance(one, dict)][:MOST_IN_CART]
    item = _item(fact.properties)
    rest = [one for one in items if _key(one) != _key(item)]
    before = next((one for one in items if _key(one) == _key(item)), None)
    if fact.name == CART_ADDS:
        item["quantity"] += before["quantity"] if before else 0
        return [*rest, item][-MOST_IN_CART:]
    left = (before["quantity"] if before else 0) - item["quantity"]
    return [*rest, {**before, "quantity": left}] if before and left > 0 else rest


def _item(properties: Mapping[str, Any]) -> dict[str, Any]:
    told = properties.get("quantity", 1)
    whole = isinstance(told, int | float) and not isinstance(told, bool) and told > 0
    return {**product_of(properties), "quantity": told if whole else 1}


def _key(item: Mapping[str, Any]) -> str:
    return str(item.get("product_id") or item.get("sku") or item.get("name") or "")


# --- reading ----------------------------------------------------------------------------------------------------------


def favourite(bought: Mapping[str, Any], looked: Mapping[str, Any]) -> str:
    """The category a customer buys most of, or looks at most before the first order; ties by name."""
    for counts in (bought, looked):
        if counts:
            return min(counts, key=lambda name: (-counts[name], name))
    return ""


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """What part of a customer's facts came over each channel."""
    whole = sum(counts.values())
    return {name: round(count / whole, 4) for name, count in sorted(counts.items())} if whole else {}


def _count(tally: Tally, part: str, name: str) -> None:
    counts = tally.setdefault(part, {})
    counts[name[:LONGEST]] = counts.get(name[:LONGEST], 0) + 1


def _keep_last(tally: Tally, part: str, when: Version, what: Any) -> bool:
    """Whether that is another value than the one before."""
    known = tally.get(part)
    if known is None or tuple(known[0]) <= when:
        tally[part] = [list(when), what]
        return known is None or bool(known[1] != what)
    return False


def _keep_first(tally: Tally, part: str, when: Version, what: Any) -> None:
    known = tally.get(part)
    if known is None or tuple(known[0]) > when:
        tally[part] = [list(when), what]
