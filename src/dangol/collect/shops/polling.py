"""Reading a shop again, because webhooks get lost.

In: connections whose time has come. Out: the same changes as their webhooks tell, and how the asking went.
Promise: how far we have read is noted only after what was read is in our tables; a pass that is cut short goes on where
it stopped; a shop that refuses or asks for patience is left alone for as long as it says.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import close_old_connections, transaction

from dangol.base.clock import Clock
from dangol.base.errors import DangolError, Invalid, Unavailable
from dangol.base.fetch import Answer, Fetcher
from dangol.base.instants import iso, parse_instant
from dangol.collect.shops import steps
from dangol.collect.shops.asking.cafe24 import AskCafe24
from dangol.collect.shops.asking.page import (
    PAGE_BYTES,
    PAGE_SECONDS,
    Ask,
    AskAgain,
    Fetch,
    NotThere,
    NotUnderstood,
    Page,
)
from dangol.collect.shops.asking.shopify import AskShopify
from dangol.collect.shops.asking.woocommerce import AskWooCommerce
from dangol.collect.shops.cafe24 import SEOUL
from dangol.collect.shops.models import ShopConnection, ShopDelivery
from dangol.collect.shops.platforms import PLATFORMS
from dangol.collect.shops.told import Change, Unreadable

log = logging.getLogger("dangol.shops")

EVERY = timedelta(minutes=10)
OVERLAP = timedelta(minutes=10)  # clocks differ, and an index may lag behind its table
LEASE = timedelta(minutes=5)  # while one process asks, no other does
LONGEST_PAUSE = timedelta(hours=6)  # between two tries of a shop that does not answer
MOST_PAGES = 40  # in one go; then other shops have their turn
RESOURCES = {one.platform: one.resources for one in (AskShopify, AskWooCommerce, AskCafe24)}
ROUND = "round"  # beside the cursors: what was read to its end since the last whole round
LOOK_EVERY = 1.0  # seconds
SWEEP_EVERY = timedelta(hours=1)


def run(clock: Clock, stopping: threading.Event, fetch: Fetch | None = None) -> None:
    """Ask every connected shop in its time until told to stop."""
    swept = None
    while not stopping.wait(LOOK_EVERY):
        try:
            now = clock.now()
            if swept is None or now - swept >= SWEEP_EVERY:
                steps.seal_anew()
                steps.sweep(now)
                swept = now
            for row in due(now):
                poll(row, clock, fetch)
        except Exception:
            log.exception("asking the shops failed; it is tried again")
            stopping.wait(10)
        finally:
            close_old_connections()


def due(now: datetime) -> list[ShopConnection]:
    """The connections whose time has come; nobody else takes them for a while."""
    rows = ShopConnection.objects.select_related("source").filter(state="active", polls=True, next_poll_at__lte=now)
    return [row for row in rows.order_by("next_poll_at") if _claim(row, now)]


def _claim(row: ShopConnection, now: datetime) -> bool:
    mine = ShopConnection.objects.filter(pk=row.pk, next_poll_at=row.next_poll_at).update(next_poll_at=now + LEASE)
    return mine == 1


def poll(row: ShopConnection, clock: Clock, fetch: Fetch | None = None) -> int:
    """Ask one shop for what has changed; how many events that told. What goes wrong is noted, not raised."""
    taken = 0
    try:
        ask = asker(row, clock.now(), fetch)
        taken += _hints(row, ask, clock)
        done = True
        for resource in [name for name in ask.resources if name not in row.cursors.get(ROUND, ())]:
            events, whole = _pass(row, ask, resource, clock)
            taken, done = taken + events, done and whole
        _went_well(row, clock.now(), done)
    except AskAgain as wait:
        _note(row, next_poll_at=clock.now() + timedelta(seconds=wait.seconds))
    except (NotUnderstood, Unavailable, Invalid) as error:
        _went_wrong(row, error, clock.now())
    return taken


def asker(row: ShopConnection, now: datetime, fetch: Fetch | None = None) -> Ask:
    """What asks this shop."""
    ours = {host.strip().lower() for host in settings.DANGOL.private_hosts.split(",")}
    fetch = fetch or _fetch(Fetcher(ours))
    scheme = "http" if row.domain in ours else "https"
    base, given = f"{scheme}://{row.domain}", {name: steps.secret(row, name) for name in row.sealed}
    if row.platform == "shopify":
        return AskShopify(base, given["access_token"], fetch)
    if row.platform == "woocommerce":
        return AskWooCommerce(base, given["consumer_key"], given["consumer_secret"], fetch)
    return AskCafe24(base, given, fetch, partial(_keep, row), now.astimezone(SEOUL).date())


def _fetch(fetcher: Fetcher) -> Fetch:
    def fetch(method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        return fetcher.request(method, url, headers=headers, content=content, limit=PAGE_BYTES, seconds=PAGE_SECONDS)

    return fetch


def _keep(row: ShopConnection, given: Mapping[str, str]) -> None:
    steps.put_secrets(row, given)
    ShopConnection.objects.filter(pk=row.pk).update(sealed=row.sealed)


def _hints(row: ShopConnection, ask: Ask, clock: Clock) -> int:
    """Read what webhooks only hinted at."""
    taken = 0
    for waiting in ShopDelivery.objects.filter(connection=row, state="waiting").order_by("pk")[:200]:
        things = ask.one(waiting.reason)
        with transaction.atomic():
            events, _ = _take(row, things, clock.now(), history=False)
            ShopDelivery.objects.filter(pk=waiting.pk).update(state="mapped", facts=events)
        taken += events
    return taken


def _pass(row: ShopConnection, ask: Ask, resource: str, clock: Clock) -> tuple[int, bool]:
    """One pass over what changed of one kind, as far as its turn goes; (events, whether it came to its end)."""
    history = bool(row.backfill) and not _told(row.backfill, resource).get("done")
    place, taken = _told(row.backfill if history else row.cursors, resource), 0
    begun = place.get("begun") or iso(clock.now())
    since = parse_instant(place["since"]) or clock.now()
    for _ in range(MOST_PAGES):
        page = _page(ask, resource, since if history else since - OVERLAP, place)
        with transaction.atomic():
            events, _ = _take(row, page.things, clock.now(), history=history)
            newest = max(filter(None, (parse_instant(place.get("newest")), page.newest)), default=None)
            place = {
                "since": place["since"],
                "place": page.next,
                "begun": begun,
                "newest": iso(newest) if newest else "",
            }
            if not page.next:
                reached = newest or since if ask.dated else parse_instant(begun) or since
                place = {"since": iso(max(since, min(reached, clock.now())))} | ({"done": True} if history else {})
            _advance(row, resource, place, history=history)
        taken += events
        if not page.next:
            return taken, not history
    return taken, False


def _told(cursors: Mapping[str, Any], resource: str) -> dict[str, Any]:
    """How far a resource is; one that has no word of its own begins where all do."""
    return dict(cursors.get(resource) or {"since": cursors.get("*", "")})


def _page(ask: Ask, resource: str, since: datetime, place: Mapping[str, Any]) -> Page:
    try:
        return ask.page(resource, since, place.get("place") or "")
    except NotThere:
        if not place.get("place"):
            raise
        return ask.page(resource, since, "")  # a place in a list grows old: the pass begins anew


def _advance(row: ShopConnection, resource: str, place: Mapping[str, Any], *, history: bool) -> None:
    """Note how far we are, unless a person has asked for something else meanwhile."""
    fresh = ShopConnection.objects.select_for_update().get(pk=row.pk)
    if history:
        if fresh.backfill.get("*") != row.backfill.get("*"):
            row.backfill = fresh.backfill
            return
        row.backfill = {**fresh.backfill, resource: place}
        ShopConnection.objects.filter(pk=row.pk).update(backfill=row.backfill)
    else:
        finished = [] if place.get("place") else [resource]
        row.cursors = {**fresh.cursors, resource: place, ROUND: [*fresh.cursors.get(ROUND, ()), *finished]}
        ShopConnection.objects.filter(pk=row.pk).update(cursors=row.cursors)


def _take(row: ShopConnection, things: Sequence[tuple[str, Any]], now: datetime, *, history: bool) -> tuple[int, int]:
    """(events, things that could not be read)"""
    shop, read, unread = steps.shop_of(row), PLATFORMS[row.platform].read, 0
    changes: list[Change] = []
    for topic, thing in things:
        try:
            changes += read(shop, topic, thing).changes
        except Unreadable as error:
            unread += 1
            log.warning("%s tells a thing (%s) that cannot be read: %s", row.domain, topic, error)
    return steps.take(row, changes, now, history=history), unread


def _went_well(row: ShopConnection, now: datetime, done: bool) -> None:
    """A pass that is not at its end goes on at the next look."""
    fresh = ShopConnection.objects.get(pk=row.pk)
    asked = fresh.backfill  # a person may have asked for more meanwhile
    left = [name for name in RESOURCES[row.platform] if not _told(asked, name).get("done")] if asked else []
    if asked and not left:
        ShopConnection.objects.filter(pk=row.pk).update(backfill={})
    if done:
        fresh.cursors.pop(ROUND, None)
        ShopConnection.objects.filter(pk=row.pk).update(cursors=fresh.cursors)
    _note(row, last_poll_at=now, failures=0, error="", next_poll_at=now if left or not done else now + EVERY)


def _went_wrong(row: ShopConnection, error: DangolError, now: datetime) -> None:
    pause = min(EVERY * 2**row.failures, LONGEST_PAUSE)
    log.warning("%s cannot be asked (%s); again in %s", row.domain, error, pause)
    _note(row, failures=row.failures + 1, error=str(error)[:300], next_poll_at=now + pause)


def _note(row: ShopConnection, **values: Any) -> None:
    ShopConnection.objects.filter(pk=row.pk).update(**values)
