"""A fact as one line of a list: its icon, what happened, and the one detail that matters. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dangol.base.models import Shop
from dangol.base.money import parse_amount
from dangol.identity.models import Merge
from dangol.profile.models import Fact
from dangol.web import amounts
from dangol.web.wording import word

ICONS = {
    "Order Completed": "bag",
    "Order Refunded": "back",
    "Order Cancelled": "back",
    "Product Added": "cart",
    "Product Removed": "cart",
    "Checkout Started": "cart",
    "Product Viewed": "eye",
    "Message Sent": "send",
    "Email Delivered": "mail",
    "Email Opened": "mail",
    "Email Link Clicked": "mail",
    "Email Bounced": "mail",
    "Message Delivered": "send",
    "Message Opened": "eye",
    "Message Link Clicked": "send",
    "Message Dismissed": "send",
    "Message Bounced": "send",
    "Task Asked": "person",
    "Task Done": "check",
    "Message Received": "chat",
    "Conversation Opened": "chat",
    "Conversation Replied": "chat",
    "Conversation Closed": "check",
    "Unsubscribed": "mail",
    "Survey Asked": "smile",
    "Survey Answered": "star",
    "Coupon Issued": "gift",
    "Coupon Redeemed": "gift",
    "Coupon Freed": "gift",
    "Coupon Expired": "gift",
    "Coupon Not Issued": "gift",
    "Tier Changed": "star",
    "Consent Changed": "shield",
    "Segment Entered": "segment",
    "Segment Left": "segment",
    "Journey Entered": "split",
    "Journey Left": "split",
}
STAGES = {
    "Segment Entered": "strategy",
    "Segment Left": "strategy",
    "Journey Entered": "campaign",
    "Journey Left": "campaign",
    "Message Sent": "campaign",
    "Email Delivered": "campaign",
    "Email Opened": "campaign",
    "Email Link Clicked": "campaign",
    "Email Bounced": "campaign",
    "Message Delivered": "campaign",
    "Message Opened": "campaign",
    "Message Link Clicked": "campaign",
    "Message Dismissed": "campaign",
    "Message Bounced": "campaign",
    "Task Asked": "campaign",
    "Task Done": "campaign",
    "Coupon Issued": "campaign",
    "Coupon Not Issued": "campaign",
    "Coupon Expired": "campaign",
    "Coupon Freed": "harvest",
    "Coupon Redeemed": "harvest",
    "Unsubscribed": "campaign",
    "Order Completed": "harvest",
    "Order Refunded": "harvest",
    "Survey Asked": "satisfaction",
    "Survey Answered": "satisfaction",
    "Message Received": "satisfaction",
    "Conversation Opened": "satisfaction",
    "Conversation Replied": "satisfaction",
    "Conversation Closed": "satisfaction",
}
KIND_ICONS = {"identify": "person", "page": "file", "screen": "file", "group": "people", "alias": "people"}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a timeline or of the live feed."""

    at: datetime
    position: int
    customer_id: int
    who: str
    icon: str
    stage: str  # of the loop, where the fact belongs to one
    title: str
    detail: str
    source: str
    body: str  # everything that came with it, as readable JSON


@dataclass(frozen=True, slots=True)
class Manner:
    """How facts are told on this page."""

    shop: Shop
    language: str
    labels: Mapping[tuple[str, str], str]  # ("segment" or "campaign", key) → name


def tell(row: Fact, manner: Manner, who: str = "") -> Told:
    """One stored fact in a line."""
    properties, traits, context = _read(row.properties), _read(row.traits), _read(row.context)
    body = {"properties": properties, "traits": traits, "context": context, "message_id": row.message_id}
    return Told(
        at=row.at,
        position=row.position,
        customer_id=row.customer_id,
        who=who,
        icon=ICONS.get(row.name) or KIND_ICONS.get(row.type, "dot"),
        stage=STAGES.get(row.name, ""),
        title=title(row),
        detail=detail(row, properties, traits, context, manner)[:160],
        source=row.source,
        body=json.dumps({k: v for k, v in body.items() if v}, ensure_ascii=False, indent=2),
    )


def tell_merge(row: Merge) -> Told:
    """The moment at which two customers were found to be one, as a line among the facts."""
    what = _("Customer %(absorbed)s and customer %(survivor)s are one") % {
        "absorbed": row.absorbed_id, "survivor": row.survivor_id,
    }  # fmt: skip
    return Told(
        at=row.merged_at,
        position=row.position,
        customer_id=row.survivor_id,
        who="",
        icon="people",
        stage="",
        title=what,
        detail=word(row.reason) + (" · " + _("undone") if row.undone_at else ""),
        source="dangol",
        body="",
    )


def _read(text: str) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def title(row: Fact) -> str:
    """What happened. Names of events stay as the shop sends them: rules and files use the same."""
    titles = {
        "identify": _("Said who they are"),
        "page": _("Looked at a page"),
        "screen": _("Looked at a screen"),
        "group": _("Joined a group"),
        "alias": _("Was known by another name"),
    }
    return titles.get(row.type) or row.name


def detail(
    row: Fact, properties: Mapping[str, Any], traits: Mapping[str, Any], context: Mapping[str, Any], manner: Manner
) -> str:
    """The one thing worth reading beside the name."""
    if row.type == "identify":
        return ", ".join(f"{key}: {_plain(value)}" for key, value in list(traits.items())[:4])
    if row.type in {"page", "screen"}:
        page = context.get("page")
        return _plain(properties.get("path") or row.name or (page.get("path") if isinstance(page, dict) else ""))
    if row.name in DETAILS:
        parts = [_called(key, properties.get(key), manner) for key in DETAILS[row.name]]
        return " · ".join(part for part in parts if part)
    return _bought(properties, manner) or _plain(properties.get("name") or properties.get("title"))


def _called(key: str, value: Any, manner: Manner) -> str:
    return manner.labels.get((key, str(value))) or _worded(value)


DETAILS = {
    "Segment Entered": ("segment",),
    "Segment Left": ("segment",),
    "Journey Entered": ("campaign", "arm"),
    "Journey Left": ("campaign", "reason"),
    "Message Sent": ("campaign", "step"),
    "Email Delivered": ("campaign", "step"),
    "Email Opened": ("campaign", "step"),
    "Email Link Clicked": ("campaign", "url"),
    "Email Bounced": ("campaign", "kind"),
    "Message Delivered": ("campaign", "channel"),
    "Message Opened": ("campaign", "channel"),
    "Message Link Clicked": ("campaign", "channel"),
    "Message Dismissed": ("campaign", "channel"),
    "Message Bounced": ("campaign", "channel"),
    "Task Asked": ("kind", "title"),
    "Task Done": ("kind", "outcome"),
    "Coupon Issued": ("offer_name", "campaign"),
    "Coupon Not Issued": ("offer", "reason", "campaign"),
    "Coupon Redeemed": ("offer_name", "order_id", "discount", "currency"),
    "Coupon Freed": ("offer_name", "order_id"),
    "Coupon Expired": ("offer_name",),
    "Tier Changed": ("tier",),
    "Message Received": ("channel", "text"),
    "Conversation Opened": ("channel",),
    "Conversation Replied": ("channel", "by"),
    "Conversation Closed": ("by",),
    "Unsubscribed": ("campaign", "channel"),
    "Survey Asked": ("survey", "campaign"),
    "Survey Answered": ("score", "answer"),
    "Consent Changed": ("channel", "purpose", "state"),
}


def _bought(properties: Mapping[str, Any], manner: Manner) -> str:
    parts = []
    for key in ("revenue", "total", "value", "price"):
        amount = parse_amount(properties.get(key))
        if amount is not None:
            currency = str(properties.get("currency") or manner.shop.currency)
            parts.append(amounts.money(amount, currency, manner.language))
            break
    name = properties.get("name")
    if isinstance(name, str):
        parts.append(name)
    products = properties.get("products")
    if isinstance(products, list) and products:
        names = [str(p["name"]) for p in products if isinstance(p, dict) and p.get("name")]
        parts.append(", ".join(names[:2]) + (" …" if len(names) > 2 else ""))
    return " · ".join(part for part in parts if part)


def _worded(value: Any) -> str:
    return word(value) if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
