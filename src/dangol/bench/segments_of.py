"""A hundred segments as a shop of some size keeps them: what the benches of the loop and of the live path run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ORDER, VIEW, ADD, CHECKOUT = "Order Completed", "Product Viewed", "Product Added", "Checkout Started"
CATEGORIES = ("cups", "bowls", "plates", "teapots", "vases", "lamps", "candles", "linen", "trays", "gifts")
BRANDS = ("Onggi", "Moon Jar", "Celadon", "Buncheong", "Hanji")
CITIES = ("Seoul", "Busan", "Daegu", "Incheon", "Daejeon")
Where = dict[str, Any]


def hundred() -> dict[str, Where]:
    """Key → rule of a hundred segments; those that others refer to come first."""
    found = {key: rule for family in FAMILIES for key, rule in family()}
    if len(found) != 100:
        raise ValueError(f"{len(found)} segments; allowed: 100")
    return found


def _times(least: int, event: str, within: str) -> Where:
    return {"event": event, "count": {"at_least": least}, "within": within}


def _none(event: str, within: str) -> Where:
    return {"event": event, "count": 0, "within": within}


def _lifecycle() -> Iterator[tuple[str, Where]]:
    yield "visitors", {"event": ORDER, "count": 0}
    yield "new-visitors", {"all": [{"event": ORDER, "count": 0}, {"first_event": "*", "within": "30d"}]}
    yield "new-customers", {"first_event": ORDER, "within": "30d"}
    yield "one-time-buyers", {"event": ORDER, "count": 1}
    yield "second-order-due", {"all": [{"event": ORDER, "count": 1}, {"last_event": ORDER, "ago": ["20d", "60d"]}]}
    yield "active-buyers", {"event": ORDER, "within": "90d"}
    yield "regulars", _times(3, ORDER, "365d")
    yield "lapsing", {"all": [_times(1, ORDER, "365d"), _none(ORDER, "90d")]}
    yield "lost", {"all": [{"event": ORDER}, _none(ORDER, "365d")]}
    yield "back-again", {"all": [_times(1, ORDER, "30d"), {"event": ORDER, "count": 0, "ago": ["30d", "180d"]}]}


def _spending() -> Iterator[tuple[str, Where]]:
    for amount in (100, 300, 500, 1000, 2500):
        spent = {"event": ORDER, "sum": {"of": "revenue", "at_least": amount}, "within": "365d"}
        yield f"spent-{amount}", spent
    for amount in (30, 60, 120):
        yield f"basket-{amount}", {"event": ORDER, "average": {"of": "revenue", "at_least": amount}}
    yield "one-large-order", {"event": ORDER, "max": {"of": "revenue", "over": 200}, "within": "730d"}
    yield "coupon-buyers", {"event": ORDER, "where": [{"property": "coupon", "exists": True}], "within": "180d"}


def _carts() -> Iterator[tuple[str, Where]]:
    for hours in (1, 4, 24):
        left = [_times(1, ADD, "3d"), _none(ADD, f"{hours}h"), _none(ORDER, "3d")]
        yield f"cart-left-{hours}h", {"all": left}
    for minutes in (30, 120):
        begun = [_times(1, CHECKOUT, "1d"), _none(CHECKOUT, f"{minutes}m"), _none(ORDER, "1d")]
        yield f"checkout-left-{minutes}m", {"all": begun}
    for days in (1, 7):
        yield f"browsed-{days}d", {"all": [_times(3, VIEW, f"{days}d"), _none(ADD, f"{days}d")]}
    yield "looks-a-lot", _times(20, VIEW, "30d")
    yield "many-categories", {"event": VIEW, "distinct": {"of": "category", "at_least": 4}, "within": "30d"}
    yield "expensive-tastes", {"event": VIEW, "average": {"of": "price", "at_least": 80}, "within": "30d"}


def _tastes() -> Iterator[tuple[str, Where]]:
    for name in CATEGORIES:
        yield f"looked-at-{name}", {"event": VIEW, "where": [{"property": "category", "is": name}], "within": "14d"}
    for name in CATEGORIES:
        item = {"property": "products", "any_item": [{"property": "category", "is": name}]}
        yield f"bought-{name}", {"event": ORDER, "where": [item], "within": "365d"}
    for name in BRANDS:
        looked = {"event": VIEW, "where": [{"property": "brand", "is": name}], "count": {"at_least": 3}}
        yield f"fans-of-{name.lower().replace(' ', '-')}", {**looked, "within": "60d"}


def _visits() -> Iterator[tuple[str, Where]]:
    for days in (1, 7, 30):
        yield f"seen-{days}d", {"event": "Page Viewed", "within": f"{days}d"}
    yield "away-60d", {"event": "Page Viewed", "count": 0, "within": "60d"}
    yield "returns-page", _page("/returns")
    yield "delivery-page", _page("/delivery")
    yield "from-newsletter", _campaign("newsletter")
    yield "from-search-ads", _campaign("search")
    yield "from-instagram", _campaign("instagram")
    yield "mobile", {"event": "*", "where": [{"property": "$context.channel", "is": "app"}], "within": "30d"}


def _page(path: str) -> Where:
    place = {"property": "$context.page.path", "starts_with": path}
    return {"event": "Page Viewed", "where": [place], "within": "7d"}


def _campaign(source: str) -> Where:
    return {"event": "*", "where": [{"property": "$context.campaign.source", "is": source}], "within": "30d"}


def _traits() -> Iterator[tuple[str, Where]]:
    for plan in ("gold", "silver", "basic"):
        yield f"plan-{plan}", {"trait": "plan", "is": plan}
    for name in CITIES:
        yield f"in-{name.lower()}", {"trait": "address.city", "is": name}
    yield (
        "gold-for-a-month",
        _all_of({"trait": "plan", "is": "gold"}, {"trait": "plan", "held_for": {"at_least": "30d"}}),
    )
    yield "birthday-soon", {"trait": "birthday", "anniversary": {"in_next": "7d"}}
    yield "birthday-today", {"trait": "birthday", "anniversary": {"on": "today"}}
    yield "has-email", {"trait": "email", "exists": True}
    yield (
        "company-mail",
        {"all": [{"trait": "email", "exists": True}, {"trait": "email", "not_matches": "@(gmail|naver)"}]},
    )
    yield "points-to-spend", {"trait": "points", "at_least": 5000}
    yield "not-staff", {"trait": "tags", "includes_none": ["staff"]}


def _messages() -> Iterator[tuple[str, Where]]:
    for days in (30, 90):
        yield f"opened-{days}d", {"message": {"channel": "email"}, "got": "opened", "within": f"{days}d"}
        yield f"clicked-{days}d", {"message": {"channel": "email"}, "got": "clicked", "within": f"{days}d"}
    tired = [
        {"message": {"channel": "email"}, "got": "sent", "count": {"at_least": 5}, "within": "60d"},
        {"message": {"channel": "email"}, "got": "opened", "count": 0, "within": "60d"},
    ]
    yield "tired-of-mail", {"all": tired}
    yield "had-too-much", {"message": {}, "got": "sent", "count": {"at_least": 3}, "within": "7d"}
    yield "email-allowed", {"consent": "email"}
    yield "sms-allowed", {"consent": "sms"}
    yield "dissatisfied", {"survey": "csat", "score": {"at_most": 2}, "within": "90d"}
    yield "promoters", {"survey": "nps", "score": {"at_least": 9}, "within": "180d"}


def _mixed() -> Iterator[tuple[str, Where]]:
    yield "gold-lapsing", _all("plan-gold", "lapsing")
    yield "vip", _all("spent-1000", "regulars")
    yield "vip-lapsing", _all("spent-1000", "lapsing")
    yield "cart-reachable", _all("cart-left-1h", "email-allowed")
    yield "win-back", {"all": [*_all("lost", "email-allowed")["all"], {"segment": "dissatisfied", "is": False}]}
    yield "second-order-mail", _all("second-order-due", "email-allowed")
    yield "test-half", {"all": [{"segment": "active-buyers"}, {"bucket": "autumn", "percent": 50}]}
    yield (
        "engaged-three-ways",
        {"exactly": {"k": 3, "of": [{"segment": one} for one in ("seen-7d", "opened-30d", "clicked-30d")]}},
    )


def _all(*keys: str) -> Where:
    return _all_of(*[{"segment": key} for key in keys])


def _all_of(*rules: Where) -> Where:
    return {"all": list(rules)}


def _shares() -> Iterator[tuple[str, Where]]:
    yield "newsletter-a", {"bucket": "newsletter", "from": 0, "to": 50}
    yield "newsletter-b", {"bucket": "newsletter", "from": 50, "to": 100}


FAMILIES = (_lifecycle, _spending, _carts, _tastes, _visits, _traits, _messages, _mixed, _shares)
