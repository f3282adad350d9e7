"""Shopify's Admin API, its REST resources: pages lead from one to the next by a Link header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dangol.base.instants import iso
from dangol.collect.shops import told
from dangol.collect.shops.asking.page import Fetch, NotUnderstood, Page, json_of

VERSION = "2025-10"
AT_ONCE = 250
TOPICS = {"orders": "orders/updated", "customers": "customers/update", "products": "products/update"}
NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')


class AskShopify:
    """Orders of any state, customers and products by the time of their last change."""

    platform = "shopify"
    resources = tuple(TOPICS)
    dated = True

    def __init__(self, base: str, token: str, fetch: Fetch) -> None:
        self._base, self._fetch = base, fetch
        self._headers = {"X-Shopify-Access-Token": token, "Accept": "application/json"}

    def page(self, resource: str, since: datetime, place: str) -> Page:
        wanted = {"limit": AT_ONCE, "updated_at_min": iso(since), "order": "updated_at asc"}
        wanted |= {"status": "any"} if resource == "orders" else {}
        first = f"{self._base}/admin/api/{VERSION}/{resource}.json?{urlencode(wanted)}"
        answer = self._fetch("GET", place or first, self._headers, b"")
        things = told.listing(told.mapping(json_of(answer)).get(resource))
        times = [at for one in things if (at := told.instant(one.get("updated_at")))]
        following = self._following(answer.headers.get("link", ""))
        return Page([(TOPICS[resource], one) for one in things], following, max(times, default=None))

    def _following(self, link: str) -> str:
        found = NEXT.search(link)
        if found and not found[1].startswith(self._base + "/"):
            raise NotUnderstood("the next page is said to be at another shop")
        return found[1] if found else ""

    def one(self, reason: str) -> Sequence[tuple[str, Any]]:
        return ()
