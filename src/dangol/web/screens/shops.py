"""Shops on platforms: connected, looked after, paused, asked for their history. A secret goes in and is never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from dangol.base.errors import Conflict, Fault, Invalid
from dangol.base.instants import parse_instant
from dangol.base.models import Shop
from dangol.collect.shops import connecting, reads, steps
from dangol.collect.shops.models import ShopConnection, ShopDelivery
from dangol.collect.shops.platforms import PLATFORMS, Platform
from dangol.web.page import Asked, go, show

LABELS: dict[str, Any] = {
    "webhook_secret": lazy("Webhook secret"),
    "webhook_key": lazy("Webhook key"),
    "access_token": lazy("Admin API access token"),
    "consumer_key": lazy("Consumer key"),
    "consumer_secret": lazy("Consumer secret"),
    "client_id": lazy("Client id"),
    "client_secret": lazy("Client secret"),
    "refresh_token": lazy("Refresh token"),
}
DOMAINS: dict[str, tuple[Any, str]] = {
    "shopify": (lazy("The shop's name at Shopify"), "my-shop.myshopify.com"),
    "woocommerce": (lazy("The shop's address"), "shop.example"),
    "cafe24": (lazy("The mall's id"), "my-mall"),
}
STATES: dict[str, Any] = {
    "mapped": lazy("told facts"),
    "ignored": lazy("of no interest"),
    "waiting": lazy("is read again"),
    "privacy": lazy("privacy request"),
    "failed": lazy("could not be read"),
    "active": lazy("connected"),
    "paused": lazy("paused"),
    "uninstalled": lazy("the app was taken out"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to enter."""

    name: str
    label: Any
    needed: bool
    set: bool = False  # there is one already


@dataclass(frozen=True, slots=True)
class Form:
    """What connecting a shop of one platform asks for."""

    key: str
    name: str
    domain_label: Any
    example: str
    entries: list[Entry]
    domain: str = ""
    title: str = ""
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A connected shop in the list."""

    row: ShopConnection
    platform: str
    state: Any
    health: reads.Health


@dataclass(frozen=True, slots=True)
class ShopsPage:
    """Connected shops, and a form for each platform."""

    shops: list[Listed]
    forms: list[Form]
    opened: str  # the platform whose form is open
    now: datetime


@dataclass(frozen=True, slots=True)
class ShopPage:
    """One connected shop."""

    shop: Listed
    address: str  # of its webhooks
    entries: list[Entry]
    deliveries: list[ShopDelivery]
    states: Mapping[str, Any]
    faults: Sequence[str]
    now: datetime


def shops(request: Asked) -> HttpResponse:
    return _listed(request, {}, "")


def connect(request: Asked) -> HttpResponse:
    platform = request.POST.get("platform", "")
    kind = PLATFORMS.get(platform)
    if kind is None:
        return _listed(request, {}, "", 422)
    domain, title = request.POST.get("domain", ""), request.POST.get("name", "")
    try:
        row = connecting.connect(platform, domain, title, _given(request, kind), request.now)
    except (Invalid, Conflict) as error:
        form = _form(kind, domain[:300], title[:200], _words(error))
        return _listed(request, {platform: form}, platform, 422)
    messages.success(request, _("Connected. Now let the platform send its webhooks here."))
    return go("shop", row.source.key)


def one(request: Asked, key: str) -> HttpResponse:
    return _shown(request, connecting.get(key))


def health(request: Asked, key: str) -> HttpResponse:
    """The part of a shop's page that changes by itself."""
    return show(request, "parts/shop_health.html", _page(connecting.get(key), request.now))


def secrets(request: Asked, key: str) -> HttpResponse:
    row = connecting.get(key)
    try:
        connecting.change_secrets(key, _given(request, PLATFORMS[row.platform]), request.now)
    except Invalid as error:
        return _shown(request, row, _words(error), 422)
    messages.success(request, _("Saved. The webhook secret before this one counts for an hour more."))
    return go("shop", key)


def pause(request: Asked, key: str) -> HttpResponse:
    connecting.pause(key)
    messages.success(request, _("Paused. Webhooks are kept and wait."))
    return go("shop", key)


def resume(request: Asked, key: str) -> HttpResponse:
    connecting.resume(key, request.now)
    messages.success(request, _("It goes on, with what came meanwhile."))
    return go("shop", key)


def ask(request: Asked, key: str) -> HttpResponse:
    connecting.poll_soon(key, request.now)
    messages.success(request, _("The shop is asked now; what it answers stands below in a moment."))
    return go("shop", key)


def history(request: Asked, key: str) -> HttpResponse:
    row = connecting.get(key)
    since = parse_instant(request.POST.get("since", ""), Shop.objects.get().zone)
    try:
        if since is None:
            raise Invalid([Fault("/since", repr(request.POST.get("since", "")[:40]), "a date")])
        connecting.back_fill(key, since, request.now)
    except Invalid as error:
        return _shown(request, row, _words(error), 422)
    messages.success(request, _("The history is being read. It starts no campaign."))
    return go("shop", key)


def replay(request: Asked, key: str) -> HttpResponse:
    done = steps.replay_failed(connecting.get(key), request.now)
    messages.success(request, _("Read again: %(n)s webhooks are understood now.") % {"n": done})
    return go("shop", key)


def _given(request: Asked, kind: Platform) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in kind.secrets}


def _words(error: Invalid | Conflict) -> list[str]:
    return [str(fault) for fault in error.faults] if isinstance(error, Invalid) else [str(error)]


def _listed(request: Asked, forms: Mapping[str, Form], opened: str, status: int = 200) -> HttpResponse:
    page = ShopsPage(
        shops=[_one(row, request.now) for row in reads.connections()],
        forms=[forms.get(key) or _form(kind) for key, kind in PLATFORMS.items()],
        opened=opened,
        now=request.now,
    )
    return show(request, "shops.html", page, status)


def _form(kind: Platform, domain: str = "", title: str = "", faults: Sequence[str] = ()) -> Form:
    label, example = DOMAINS[kind.key]
    return Form(kind.key, kind.name, label, example, _entries(kind, {}), domain, title, faults)


def _entries(kind: Platform, sealed: Mapping[str, str]) -> list[Entry]:
    return [Entry(name, LABELS[name], name == kind.hears, bool(sealed.get(name))) for name in kind.secrets]


def _one(row: ShopConnection, now: datetime) -> Listed:
    return Listed(row, PLATFORMS[row.platform].name, STATES[row.state], reads.health(row, now))


def _page(row: ShopConnection, now: datetime, faults: Sequence[str] = ()) -> ShopPage:
    return ShopPage(
        shop=_one(row, now),
        address=f"{settings.DANGOL.base_url.rstrip('/')}/hooks/{row.source.key}",
        entries=_entries(PLATFORMS[row.platform], row.sealed),
        deliveries=reads.deliveries(row),
        states=STATES,
        faults=faults,
        now=now,
    )


def _shown(request: Asked, row: ShopConnection, faults: Sequence[str] = (), status: int = 200) -> HttpResponse:
    return show(request, "shop.html", _page(row, request.now, faults), status)
