"""Connected shops over the API: how they are, connecting one, and asking for history. Secrets go in and never out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict, Field

from dangol.base.errors import Conflict, NotFound
from dangol.collect.shops import connecting, reads
from dangol.collect.shops.models import ShopConnection
from dangol.collect.shops.platforms import PLATFORMS
from dangol.web import guard
from dangol.web.api.lists import Page, Paging, whole
from dangol.web.api.parameters import Key, Text

router = Router(tags=["shops"])


class ShopShown(Schema):
    """A connected shop and how it is."""

    key: str = Field(description="of its source")
    platform: str
    domain: str
    name: str
    state: str = Field(description="active, paused or uninstalled")
    webhook_address: str
    secrets: list[str] = Field(description="names of those that are set")
    can_be_asked: bool
    last_webhook_at: datetime | None
    last_asked_at: datetime | None
    error: str = Field(description="why asking it failed the last time; empty where it did not")
    webhooks: dict[str, int] = Field(description="webhooks of the last 7 days by what became of them")
    reading_history: bool


class ShopEntered(Schema):
    """A shop to connect, or new secrets of one that is."""

    model_config = ConfigDict(extra="forbid")

    platform: Literal["shopify", "woocommerce", "cafe24"]
    domain: Text = Field(max_length=255)
    name: Text = Field("", max_length=200)
    secrets: dict[Text, Text] = Field(default_factory=dict, max_length=8)


class Since(Schema):
    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime = Field(description="changes from then on are read")


@router.get("", response=Page[ShopShown])
def listed(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """All connected shops, by key."""
    return whole(reads.connections(), paging, shown, lambda row: row.source.key)


@router.get("/{key}", response=ShopShown)
def one(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One connected shop."""
    return shown(connecting.get(key))


@router.put("/{key}", response=ShopShown)
def enter(request: HttpRequest, key: Key, entered: ShopEntered) -> dict[str, Any]:
    """Connect a shop under this key, or give one that is connected new secrets; those not named stay."""
    now = guard.CLOCK.now()
    try:
        row = connecting.get(key)
    except NotFound:
        given = entered.secrets
        return shown(connecting.connect(entered.platform, entered.domain, entered.name, given, now, key=key))
    kind = PLATFORMS[entered.platform]
    if (row.platform, row.domain) != (kind.key, connecting.tidy(kind, entered.domain)):
        raise Conflict(f"{key} is {row.domain} at {row.platform}; another shop needs another key")
    return shown(connecting.change_secrets(key, entered.secrets, now))


@router.post("/{key}/pause", response=ShopShown)
def pause(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Keep its webhooks, tell nothing of them, ask it for nothing."""
    connecting.pause(key)
    return shown(connecting.get(key))


@router.post("/{key}/resume", response=ShopShown)
def resume(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Go on, with what came meanwhile."""
    connecting.resume(key, guard.CLOCK.now())
    return shown(connecting.get(key))


@router.post("/{key}/history", response=ShopShown)
def history(request: HttpRequest, key: Key, wanted: Since) -> dict[str, Any]:
    """Read what was changed in the shop since a time; it starts no campaign."""
    connecting.back_fill(key, wanted.since, guard.CLOCK.now())
    return shown(connecting.get(key))


def shown(row: ShopConnection) -> dict[str, Any]:
    health = reads.health(row, guard.CLOCK.now())
    return {
        "key": row.source.key,
        "platform": row.platform,
        "domain": row.domain,
        "name": row.source.name,
        "state": row.state,
        "webhook_address": f"{settings.DANGOL.base_url.rstrip('/')}/hooks/{row.source.key}",
        "secrets": sorted(name for name, sealed in row.sealed.items() if sealed),
        "can_be_asked": row.polls,
        "last_webhook_at": row.last_webhook_at,
        "last_asked_at": row.last_poll_at,
        "error": row.error,
        "webhooks": health.counts,
        "reading_history": health.filling,
    }
