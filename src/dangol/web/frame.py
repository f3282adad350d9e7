"""What every console page shows around its own content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dangol import __version__
from dangol.base.models import Shop
from dangol.converse import steps as converse
from dangol.converse.reads import count_waiting


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu."""

    name: str  # of its route
    label: Any  # lazily translated
    icon: str
    stage: str = ""  # colours it as its stage of the loop
    below: tuple[str, ...] = ()  # routes that belong to it


MENU: tuple[tuple[Any, tuple[Place, ...]], ...] = (
    ("", (Place("home", _("Home"), "ring"),)),
    (
        _("1 Strategy"),
        (
            Place("customers", _("Customers"), "people", "strategy", ("customer", "customer-facts", "rights")),
            Place(
                "segments",
                _("Segments"),
                "segment",
                "strategy",
                (
                    "segment",
                    "segment-new",
                    "segment-edit",
                    "segment-overlap",
                    "segment-audit",
                    "segment-library",
                    "lists",
                ),
            ),
            Place("value", _("Customer value"), "coins", "strategy"),
            Place("products", _("Products"), "bag", "strategy", ("product",)),
            Place("strategy", _("Plan"), "compass", "strategy", ("autopilot", "autopilot-save")),
        ),
    ),
    (
        _("2 Campaign"),
        (
            Place("campaigns", _("Campaigns"), "send", "campaign", ("campaign", "segment-campaign", "campaign-why")),
            Place(
                "templates",
                _("Templates"),
                "edit",
                "campaign",
                ("template", "template-new", "template-save", "template-test", "brand", "brand-save"),
            ),
            Place(
                "offers",
                _("Offers"),
                "gift",
                "campaign",
                ("offer", "offer-save", "offer-add", "loyalty", "loyalty-save"),
            ),
            Place("outbox", _("Outbox"), "mail", "campaign", ("outbox-message", "why")),
        ),
    ),
    (
        _("3 Harvest"),
        (
            Place(
                "results",
                _("Results"),
                "chart",
                "harvest",
                (
                    "result",
                    "whom",
                    "harvest-sales",
                    "harvest-cohorts",
                    "harvest-moves",
                    "harvest-who",
                    "harvest-letters",
                    "harvest-letter",
                ),
            ),
        ),
    ),
    (
        _("4 Satisfaction"),
        (
            Place("conversations", _("Conversations"), "chat", "satisfaction", ("conversation",)),
            Place("tasks", _("Tasks"), "smile", "satisfaction"),
        ),
    ),
    (
        "",
        (
            Place("identities", _("Who is who"), "people"),
            Place("connect", _("Connect"), "plug", "", ("source", "quarantine", "quarantine-one")),
            Place("sale", _("Store sale"), "bag"),
            Place("shops", _("Shops"), "store", "", ("shop", "shop-connect")),
            Place("imports", _("Imports"), "file", "", ("import",)),
            Place("privacy", _("Privacy"), "shield"),
            Place("settings", _("Settings"), "sliders", "", ("sending", "topics", "forms", "caps")),
        ),
    ),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    match = request.resolver_match
    here = match.url_name if match else ""
    signed_in = hasattr(request, "user") and request.user.is_authenticated
    return {
        "shop": Shop.objects.first(),
        "menu": MENU,
        "here": next((place.name for _, group in MENU for place in group if here in (place.name, *place.below)), ""),
        "language": get_language() or "en",
        "version": __version__,
        "counts": {"tasks": converse.count_open(), "conversations": count_waiting()} if signed_in else {},
    }
