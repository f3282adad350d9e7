"""The names that a template may use, as docs/templates.md lists them. Pure."""

from __future__ import annotations

OPEN = "*"  # what stands under this name comes from facts and traits: any name may follow

KNOWN: dict[str, frozenset[str] | str] = {
    "customer": OPEN,
    "person": OPEN,  # what Klaviyo calls the customer
    "event": OPEN,
    "cart": OPEN,
    "order": OPEN,
    "product": OPEN,
    "items": OPEN,
    "shop": frozenset({"name", "url", "currency", "phone", "email", "postal_address", "address", "locale"}),
    "brand": frozenset({"logo_url", "colour", "color", "text_on_colour", "background", "font", "social"}),
    "survey": frozenset({"key", "links"}),
    "unsubscribe_url": frozenset(),
    "preferences_url": frozenset(),
    "sign_up_url": frozenset(),
    "campaign": frozenset({"key", "step"}),
    "webhooks": OPEN,
    "recommendations": OPEN,  # products to show to this customer
    "coupon": frozenset({"code", "value", "expires", "expires_at", "offer", "name"}),
}
LOCAL = frozenset({"forloop", "tablerowloop", "empty", "blank", "nil", "now"})
CUSTOMER = (
    "id", "name", "first_name", "last_name", "email", "phone", "language", "timezone", "traits", "orders", "revenue",
    "average_gap_days", "favourite_category", "last_viewed", "visits", "first_touch", "last_touch", "predicted",
    "first_order_at", "last_order_at",
)  # fmt: skip


def unknown(path: tuple[object, ...]) -> str:
    """What is wrong with the path of a variable that no tag of the template has made; empty: nothing."""
    first, rest = str(path[0]), path[1:]
    if first in LOCAL:
        return ""
    names = KNOWN.get(first)
    if names is None:
        return first
    if names == OPEN or not rest or not isinstance(rest[0], str) or rest[0] in {"size", "first", "last"}:
        return ""
    return "" if rest[0] in names else f"{first}.{rest[0]}"


def allowed(path: tuple[object, ...]) -> str:
    """What may stand there instead."""
    names = KNOWN.get(str(path[0]))
    if isinstance(names, frozenset) and names:
        return "one of " + ", ".join(f"{path[0]}.{name}" for name in sorted(names))
    return "one of " + ", ".join(KNOWN)
