"""Cafe24's Admin API: asked by days, in windows, with a token that must be renewed and whose renewal is used once."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from dangol.collect.shops import told
from dangol.collect.shops.asking.page import Fetch, NotUnderstood, Page, json_of
from dangol.collect.shops.cafe24 import SEOUL

AT_ONCE = 100
WINDOW = timedelta(days=80)  # the API answers for three months at most
# What is asked for → (path, the list in the answer, what its dates mean)
ASKED = {
    "orders": ("orders", "orders", "order_date"),
    "payments": ("orders", "orders", "pay_date"),
    "cancellations": ("orders", "orders", "cancel_complete_date"),
    "refunds": ("refunds", "refunds", "refund_date"),
    "customers": ("customersprivacy", "customersprivacy", "join"),
}
TOPICS = {"orders": "orders", "refunds": "refunds", "customersprivacy": "customers"}

Given = Mapping[str, str]
Keep = Callable[[Given], None]  # new tokens, before they are used


class AskCafe24:
    """Orders by the days on which they were made, paid or cancelled; refunds and new members by theirs."""

    platform = "cafe24"
    resources = tuple(ASKED)
    dated = False

    def __init__(self, base: str, secrets: dict[str, str], fetch: Fetch, keep: Keep, today: date) -> None:
        self._base, self._secrets, self._fetch, self._keep, self._today = base, secrets, fetch, keep, today

    def page(self, resource: str, since: datetime, place: str) -> Page:
        path, name, meaning = ASKED[resource]
        start, offset = self._at(place, since)
        end = min(start + WINDOW, self._today)
        wanted = {
            "start_date": start.isoformat(), "end_date": end.isoformat(), "date_type": meaning, "limit": AT_ONCE,
            "offset": offset,
        }  # fmt: skip
        wanted |= {"embed": "items,buyer"} if path == "orders" else {}
        things = told.listing(told.mapping(self._get(f"/admin/{path}?{urlencode(wanted)}")).get(name))
        following = ""
        if len(things) >= AT_ONCE:
            following = f"{start.isoformat()}+{offset + AT_ONCE}"
        elif end < self._today:
            following = f"{end.isoformat()}+0"
        return Page([(TOPICS[path], one) for one in things], following)

    def one(self, reason: str) -> Sequence[tuple[str, Any]]:
        order_id = reason.removeprefix("order ")
        found = told.mapping(self._get(f"/admin/orders/{quote(order_id, safe='')}?embed=items,buyer"))
        return [("orders", found.get("order"))]

    @staticmethod
    def _at(place: str, since: datetime) -> tuple[date, int]:
        day, _, offset = place.partition("+")
        return (date.fromisoformat(day), int(offset)) if place else (since.astimezone(SEOUL).date(), 0)

    def _get(self, path: str) -> Any:
        answer = None
        if self._secrets.get("access_token"):
            answer = self._fetch("GET", f"{self._base}/api/v2{path}", self._headers(), b"")
        if answer is None or answer.status == 401:
            self._renew()
            answer = self._fetch("GET", f"{self._base}/api/v2{path}", self._headers(), b"")
        return json_of(answer)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._secrets['access_token']}", "Accept": "application/json"}

    def _renew(self) -> None:
        """A renewal makes the earlier token void: the new one is kept before anything is asked with it."""
        mark = base64.b64encode(f"{self._secrets['client_id']}:{self._secrets['client_secret']}".encode()).decode()
        headers = {"Authorization": f"Basic {mark}", "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"grant_type": "refresh_token", "refresh_token": self._secrets["refresh_token"]}).encode()
        answer = self._fetch("POST", f"{self._base}/api/v2/oauth/token", headers, body)
        if answer.status == 400:
            raise NotUnderstood("the shop no longer takes our token: connect it again")
        found = told.mapping(json_of(answer))
        new = {name: told.text(found.get(name)) for name in ("access_token", "refresh_token")}
        if not all(new.values()):
            raise NotUnderstood("the shop gives no new token")
        self._keep(new)
        self._secrets |= new
