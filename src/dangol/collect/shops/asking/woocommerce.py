"""WooCommerce's REST API: pages are numbered, and a header says how many there are."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from dangol.base.instants import iso, parse_instant
from dangol.collect.shops import told
from dangol.collect.shops.asking.page import Fetch, NotUnderstood, Page, json_of

AT_ONCE = 100
TOPICS = {
    "orders": "order.updated", "customers": "customer.updated", "products": "product.updated",
    "products/reviews": "review.created",
}  # fmt: skip


class AskWooCommerce:
    """Orders and products by their last change; reviews by when they were written; customers by when they came.

    The API does not tell which customers have changed: that their webhooks do, and a back-fill.
    """

    platform = "woocommerce"
    resources = tuple(TOPICS)
    dated = True

    def __init__(self, base: str, key: str, secret: str, fetch: Fetch) -> None:
        self._base, self._fetch = base, fetch
        mark = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {mark}", "Accept": "application/json"}

    def page(self, resource: str, since: datetime, place: str) -> Page:
        after, number = _place(place, since)
        wanted = {"per_page": AT_ONCE, "page": number, "dates_are_gmt": "true", **_by(resource, after)}
        address = f"{self._base}/wp-json/wc/v3/{resource}?{urlencode(wanted)}"
        answer = self._fetch("GET", address, self._headers, b"")
        found = json_of(answer)
        if not isinstance(found, list):
            raise NotUnderstood("the shop answers with something that is no list")
        things = told.listing(found)
        times = [at for one in things if (at := _changed(one))]
        following = ""
        if number < _count(answer.headers.get("x-wp-totalpages", "")):
            following = _following(resource, after, number, times)
        if resource == "customers":  # the newest first, as far as we have not read them
            things = [one for one in things if (_changed(one) or since) >= since]
        return Page([(TOPICS[resource], one) for one in things], following, max(times, default=None))

    def one(self, reason: str) -> Sequence[tuple[str, Any]]:
        return ()


def _place(place: str, since: datetime) -> tuple[datetime, int]:
    after, _, number = place.partition("+")
    return parse_instant(after) or since, int(number or 1)


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _following(resource: str, after: datetime, number: int, times: Sequence[datetime]) -> str:
    """Where the next page is. A thing that is changed meanwhile moves to the end of the list and the others move up,
    so by numbers one would be passed over: what is listed by its change is asked for from the last change on.
    """
    if resource == "customers":
        return f"{iso(after)}+{number + 1}" if times and min(times) >= after else ""
    last = max(times, default=after) - timedelta(seconds=1)
    return f"{iso(last)}+1" if last > after else f"{iso(after)}+{number + 1}"


def _by(resource: str, since: datetime) -> dict[str, str]:
    at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if resource == "customers":
        return {"orderby": "registered_date", "order": "desc", "role": "all"}
    if resource == "products/reviews":
        return {"after": at, "orderby": "date_gmt", "order": "asc"}
    return {"modified_after": at, "orderby": "modified", "order": "asc"}


def _changed(one: Mapping[str, Any]) -> datetime | None:
    for name in ("date_modified_gmt", "date_created_gmt"):
        if at := parse_instant(one.get(name), UTC):
            return at
    return None
