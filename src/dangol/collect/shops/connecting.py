"""Connecting a shop: what people enter, change, pause and ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from dangol.base.clock import EPOCH
from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.instants import iso
from dangol.collect import sources
from dangol.collect.models import Source
from dangol.collect.shops import steps
from dangol.collect.shops.models import ShopConnection, ShopDelivery
from dangol.collect.shops.platforms import PLATFORMS, Platform

OLD_SECRET_COUNTS = timedelta(hours=1)
SECRET_LONGEST = 500


def get(source_key: str) -> ShopConnection:
    """The connection of a source. Raises NotFound."""
    found = ShopConnection.objects.select_related("source").filter(source__key=source_key).first()
    if found is None:
        raise NotFound(f"no shop is connected under {source_key!r}")
    return found


def connect(
    platform: str, domain: str, name: str, given: Mapping[str, str], now: datetime, *, key: str = ""
) -> ShopConnection:
    """Connect a shop; its source is made with it. Raises Invalid for what was entered, Conflict for a shop we have."""
    kind = PLATFORMS.get(platform)
    if kind is None:
        raise Invalid([Fault("/platform", repr(platform), ", ".join(PLATFORMS))])
    domain = tidy(kind, domain)
    given = _given(kind, given)
    if kind.hears not in given:
        raise Invalid([Fault(f"/secrets/{kind.hears}", "nothing", "the secret that webhooks are known by")])
    with transaction.atomic():
        if ShopConnection.objects.filter(platform=platform, domain=domain).exists():
            raise Conflict(f"{domain} is connected already")
        source = sources.add(key or _free_key(platform), name.strip() or domain, now)
        row = ShopConnection.objects.create(platform=platform, source=source, domain=domain, created_at=now)
        _put(row, kind, given, now)
        row.cursors = {"*": iso(now)}  # asked from here on; what was before is asked for by a person
        row.save()
    return row


def change_secrets(source_key: str, given: Mapping[str, str], now: datetime) -> ShopConnection:
    """Enter new secrets; those that are left empty stay. The webhook secret before counts for an hour more."""
    with transaction.atomic():
        row = get(source_key)
        kind = PLATFORMS[row.platform]
        given = _given(kind, given)
        if kind.hears in given and given[kind.hears] != steps.secret(row, kind.hears):
            row.previous, row.previous_until = row.sealed.get(kind.hears, ""), now + OLD_SECRET_COUNTS
        _put(row, kind, given, now)
        row.save()
    return row


def pause(source_key: str) -> None:
    """Keep what comes, tell nothing of it, ask for nothing."""
    row = get(source_key)
    if row.state != "active":
        raise Conflict(f"the connection is {row.state}")
    ShopConnection.objects.filter(pk=row.pk).update(state="paused")


def resume(source_key: str, now: datetime) -> int:
    """Go on, with what came meanwhile; how many webhooks that were."""
    row = get(source_key)
    ShopConnection.objects.filter(pk=row.pk).update(state="active", failures=0, error="", next_poll_at=now)
    waiting = ShopDelivery.objects.filter(connection=row, state="ignored", reason=steps.PAUSED).order_by("pk")
    return steps.replay(list(waiting.values_list("pk", flat=True)), now)


def back_fill(source_key: str, since: datetime, now: datetime) -> None:
    """Ask the shop for everything that was changed since then. Raises Conflict where it cannot be asked."""
    row = get(source_key)
    if not row.polls:
        raise Conflict("the shop cannot be asked: enter what its API wants first")
    if not EPOCH <= since <= now:
        raise Invalid([Fault("/since", iso(since), f"a time between {iso(EPOCH)} and now")])
    ShopConnection.objects.filter(pk=row.pk).update(backfill={"*": iso(since)}, next_poll_at=now)


def poll_soon(source_key: str, now: datetime) -> None:
    """Ask the shop at the next look."""
    row = get(source_key)
    if not row.polls:
        raise Conflict("the shop cannot be asked: enter what its API wants first")
    ShopConnection.objects.filter(pk=row.pk).update(next_poll_at=now)


def tidy(kind: Platform, domain: str) -> str:
    """A shop's host from what people type: an address, a name without the platform's part. Raises Invalid."""
    found = domain.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    endings = {"shopify": ".myshopify.com", "cafe24": ".cafe24api.com"}
    if kind.key == "cafe24":
        found = found.removesuffix(".cafe24.com")
    if kind.key in endings and found and "." not in found:
        found += endings[kind.key]
    if not kind.host.fullmatch(found) or len(found) > 255:
        examples = {"shopify": "my-shop.myshopify.com", "cafe24": "the mall's id", "woocommerce": "shop.example"}
        raise Invalid([Fault("/domain", repr(domain[:100]), f"a host such as {examples[kind.key]}")])
    return found


def _given(kind: Platform, given: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(given) - set(kind.secrets))
    if unknown:
        raise Invalid([Fault(f"/secrets/{unknown[0]}", "a secret of that name", ", ".join(kind.secrets))])
    found = {name: value.strip() for name, value in given.items() if value.strip()}
    for name, value in found.items():
        if len(value) > SECRET_LONGEST or not value.isascii() or not value.isprintable():
            raise Invalid(
                [Fault(f"/secrets/{name}", f"{len(value)} characters", f"up to {SECRET_LONGEST}, plain ASCII")]
            )
    return found


def _put(row: ShopConnection, kind: Platform, given: Mapping[str, str], now: datetime) -> None:
    steps.put_secrets(row, given)
    row.polls = all(row.sealed.get(name) for name in kind.asks)
    if row.polls and given:
        row.failures, row.error, row.next_poll_at = 0, "", now
    if row.state == "uninstalled" and given:
        row.state = "active"


def _free_key(platform: str) -> str:
    taken = set(Source.objects.filter(key__startswith=platform).values_list("key", flat=True))
    return next(
        key for n in range(1, len(taken) + 2) if (key := platform if n == 1 else f"{platform}-{n}") not in taken
    )
