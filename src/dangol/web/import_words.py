"""The words of imports: kinds, fields, and what a guess rests on, as people say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dangol.base.errors import Fault

_FLAG = re.compile(r"--map COLUMN=(\w+)")

KINDS: dict[str, Any] = {
    "orders": _("Orders"),
    "customers": _("Customers"),
    "products": _("Products"),
    "items": _("Order lines that name their customer"),
    "reviews": _("Reviews"),
    "events": _("Events"),
    "visits": _("Visits (access log)"),
}
ROLES: dict[str, Any] = {**KINDS, "items": _("Order lines")}
FIELDS: dict[str, Any] = {
    "order_id": _("Order number"), "time": _("Time"), "status": _("Status"), "cancelled_time": _("Cancelled at"),
    "currency": _("Currency"), "coupon": _("Coupon"), "channel": _("Channel"), "revenue": _("Revenue (goods only)"),
    "total": _("Total paid"), "shipping": _("Shipping"), "tax": _("Tax"), "discount": _("Discount"),
    "refunded": _("Given back"), "product_id": _("Product number"), "product": _("Product"),
    "category": _("Category"), "quantity": _("Quantity"), "price": _("Price of one"),
    "line_total": _("Total of the line"), "line_shipping": _("Shipping of the line"),
    "person_id": _("Person (above accounts)"), "customer_id": _("Customer number"), "email": _("E-mail address"),
    "phone": _("Phone number"), "loyalty_card": _("Loyalty card"),
    "name": _("Name"), "first_name": _("First name"), "last_name": _("Last name"),
    "email_consent": _("Agrees to e-mail"), "sms_consent": _("Agrees to text messages"),
    "consent_time": _("Agreed at"), "language": _("Language"), "created_time": _("Customer since"),
    "updated_time": _("Changed at"), "birthday": _("Birthday"), "city": _("City"), "country": _("Country"),
    "review_id": _("Review number"), "score": _("Score"), "title": _("Title"), "text": _("Words"),
    "event": _("Event"), "type": _("Type"), "user_id": _("User number"), "anonymous_id": _("Anonymous number"),
    "previous_id": _("Earlier number"), "group_id": _("Group number"), "message_id": _("Number of the event"),
    "properties": _("Properties"), "traits": _("Traits"), "context": _("Context"), "address": _("Network address"),
    "method": _("Method"), "path": _("Page"), "referrer": _("Came from"), "agent": _("Browser"),
    "brand": _("Brand"), "sku": _("Stock number (SKU)"), "variant": _("Variant"),
    "cost": _("Cost"), "stock": _("In stock"), "url": _("Address of its page"), "image_url": _("Picture"),
    "product_status": _("Whether it is sold"),
}  # fmt: skip
BECAUSE: dict[str, Any] = {
    "its name": _("by its name"),
    "you said so": _("as you said"),
    "values such as e-mail addresses": _("looks like e-mail addresses"),
    "values such as times": _("looks like times"),
    "values such as telephone numbers": _("looks like phone numbers"),
    "values such as money": _("looks like money"),
    "ids that never repeat": _("numbers that never repeat"),
    "ids that repeat": _("numbers that repeat"),
    "its place among columns without names": _("by its place"),
}
CHANNELS: dict[str, Any] = {"web": _("Web"), "app": _("App"), "store": _("Store"), "phone": _("Phone")}
CONSENTS: dict[str, Any] = {"email": _("by e-mail"), "sms": _("by text message")}
IDENTIFIERS: dict[str, Any] = {name: FIELDS[name] for name in ("email", "phone", "loyalty_card")}
STATES: dict[str, Any] = {
    "draft": _("to be checked"),
    "waiting": _("waits its turn"),
    "running": _("under way"),
    "done": _("done"),
    "failed": _("not imported"),
}


def unused(role: str) -> str:
    """What becomes of a column that is no field."""
    if role == "customers":
        return gettext("kept as a trait")
    return gettext("kept as a property") if role == "events" else gettext("not used")


def faults(found: Sequence[Fault]) -> list[str]:
    """What cannot work, without the flags of the command line."""
    return [
        gettext("%(place)s: found %(found)s. Allowed: %(allowed)s.")
        % {
            "place": fault.path.strip("/") or "/",
            "found": fault.found[:300],
            "allowed": _FLAG.sub(_field, fault.allowed),
        }
        for fault in found
    ]


def _field(match: re.Match[str]) -> str:
    return f"“{FIELDS.get(match[1], match[1])}”"


def because(why: str) -> str:
    if why.startswith("the mapping "):
        return gettext("by the kept mapping")
    return str(BECAUSE.get(why, ""))
