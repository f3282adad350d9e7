"""Requests of an access log → page views in visits. Pure, but for the list of crawlers, which is read once.

Rules, each counted in the report:
- a page view is a GET that was answered (2xx, or 304: the page was there already) and no static file;
- a visitor is an address with an agent; after 30 minutes without a page view the next one begins a new session;
- an anonymousId is a keyed digest: nobody without the shop's secret can tell the address from it;
- the address itself is kept only as its network (/24, /48), unless whole addresses are asked for;
- a crawler's page view is marked (`context.bot`) and belongs to no customer.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from crawleruseragents import CRAWLER_USER_AGENTS_DATA, matching_crawlers

from dangol.base.instants import iso
from dangol.collect.files.shape import Told, Unusable, clean, instant, message_id
from dangol.collect.files.values import Reader

PAUSE = timedelta(minutes=30)
NETWORKS = {4: 24, 6: 48}
NO_AGENT = "no agent"
CRAWLER = re.compile(r"[\w.-]*(?:(?<!cu)bot\b|crawl\w*|spider\w*)", re.IGNORECASE)  # Cubot makes telephones
STATIC = set(
    re.findall(
        r"\w+",
        "css js mjs map png jpg jpeg gif webp avif svg ico bmp woff woff2 ttf otf eot mp3 mp4 webm ogg mov avi wav"
        " pdf zip gz tgz bz2 xz rar 7z exe dmg iso deb rpm swf txt xml rss atom json webmanifest csv",
    )
)


@dataclass(slots=True)
class Tally:
    """What was seen."""

    addresses: int = 0
    page_views: int = 0
    visitors: int = 0
    sessions: int = 0
    bot_views: int = 0
    static_files: int = 0
    not_answered: int = 0  # 400 and above
    elsewhere: int = 0  # redirects, and methods that fetch no page
    statuses: dict[str, int] = field(default_factory=dict)

    def figures(self) -> dict[str, int]:
        counts = {name: value for name, value in asdict(self).items() if name != "statuses"}
        answered = sorted(self.statuses.items(), key=lambda one: (-one[1], one[0]))
        return counts | {f"status_{status or 'none'}": count for status, count in answered}


@dataclass(slots=True)
class Sessions:
    """The visit each request belongs to. Requests come visitor by visitor, each visitor's in the order of time."""

    secret: bytes
    tally: Tally
    _visitor: str = ""
    _last: datetime | None = None
    _session: str = ""

    def of(self, visitor: str, at: datetime) -> tuple[str, bool]:
        """The session of a visitor's request, and whether it begins here."""
        new = visitor != self._visitor
        if new:
            self.tally.visitors += 1
        begins = new or self._last is None or at - self._last > PAUSE
        if begins:
            self.tally.sessions += 1
            self._session = self.digest("session", visitor, iso(at))
        self._visitor, self._last = visitor, at
        return self._session, begins

    def digest(self, *parts: str) -> str:
        return hmac.new(self.secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Terms:
    """How this import reads requests."""

    read: Reader
    latest: datetime
    whole_addresses: bool = False


def fact(row: Mapping[str, str], nth: int, terms: Terms, sessions: Sessions) -> list[Told]:
    """The page view of a request, or nothing. `nth` tells requests that are alike in every letter. Raises Unusable."""
    at = instant(row, "time", terms.read, terms.latest)
    if at is None:
        raise Unusable("time: found nothing; allowed: a time such as 2026-03-09 14:30")
    tally, status = sessions.tally, row.get("status", "").strip()
    tally.statuses[status] = tally.statuses.get(status, 0) + 1
    path, agent = row.get("path", "").strip(), row.get("agent", "").strip()
    if not _is_view(row.get("method", "GET") or "GET", path, status, tally):
        return []
    bot = bot_of(agent)
    key = message_id("visit", sessions.digest("view", row["address"], agent, iso(at), path, status, str(nth)))
    event = _page(row, at, path, terms.whole_addresses)
    if bot:
        tally.bot_views += 1
        event["context"]["bot"] = bot
        return [Told("page (bot)", key, msgspec.json.encode(event))]
    tally.page_views += 1
    visitor = sessions.digest("visitor", row["address"], agent)
    session, begins = sessions.of(visitor, at)
    event["anonymousId"] = f"visitor-{visitor}"
    event["context"]["sessionId"] = session
    if begins:
        event["context"]["sessionStart"] = True
    return [Told("page", key, msgspec.json.encode(event))]


def _is_view(method: str, path: str, status: str, tally: Tally) -> bool:
    if not status.isdigit() or int(status) >= 400:
        tally.not_answered += 1
    elif method.upper() != "GET" or not (status.startswith("2") or status == "304") or not path:
        tally.elsewhere += 1
    elif _is_static(path):
        tally.static_files += 1
    else:
        return True
    return False


def _is_static(path: str) -> bool:
    name = path.partition("?")[0].rpartition("/")[2]
    return name.rpartition(".")[2].lower() in STATIC if "." in name else False


def _page(row: Mapping[str, str], at: datetime, path: str, whole: bool) -> dict[str, Any]:
    place, _, query = clean(path).partition("?")
    page = {"path": place, "search": f"?{query}" if query else "", "referrer": clean(row.get("referrer", ""))}
    page = {name: text for name, text in page.items() if text}
    context: dict[str, Any] = {"page": page, "channel": "web"}
    if agent := clean(row.get("agent", "")):
        context["userAgent"] = agent
    if address := row["address"].strip() if whole else network_of(row["address"]):
        context["ip"] = address
    if campaign := _campaign(query):
        context["campaign"] = campaign
    return {"type": "page", "name": place, "timestamp": iso(at), "properties": page, "context": context}


def _campaign(query: str) -> dict[str, str]:
    """The UTM parameters of an address, as the tracking API names them."""
    found = {}
    for name, value in _pairs(query):
        if name.startswith("utm_") and value:
            found[{"utm_campaign": "name"}.get(name, name[4:])] = value[:300]
    return found


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=50)
    except ValueError:
        return []


def network_of(address: str) -> str:
    """The network that an address lies in; empty where it is none (a host's name tells as much as its address)."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    whole = ipaddress.ip_network((found, NETWORKS[found.version]), strict=False)
    return str(whole.network_address)


@lru_cache(maxsize=20_000)
def bot_of(agent: str) -> str:
    """What kind of program asks, where it is no person's browser: a crawler's name, `no agent`; empty for a browser."""
    if not agent:
        return NO_AGENT
    known = matching_crawlers(agent)
    found = re.search(CRAWLER_USER_AGENTS_DATA[known[0]]["pattern"], agent) if known else CRAWLER.search(agent)
    return found.group().strip("/ (;")[:60] if found else ""
