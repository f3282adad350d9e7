"""A shop as its platform shows it to programs: an API with pages and patience, and webhooks that get lost.

Holds orders, customers and products, each with the time of its last change. Every third webhook is dropped, some come
twice, some too late. Every so often a request is answered with "too many".
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dangol.base.fetch import Answer, Fetcher
from dangol.base.instants import parse_instant

TOKEN = "shpat_right"
PAGE = 7  # things on a page, whatever is asked for


@dataclass
class Imitation:
    """The shop's things by kind and id, and how its API behaves."""

    things: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    webhooks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    busy_every: int = 0  # every n-th request is one too many
    broken: bool = False
    requests: list[str] = field(default_factory=list)
    during: Callable[[int], None] | None = None  # something happens in the shop while it is asked
    renewals: int = 0
    refresh_token: str = "refresh-0"
    access_token: str = "access-none"
    address: str = ""

    def put(self, kind: str, topic: str, thing: dict[str, Any]) -> None:
        """Something changes in the shop: it is so from now on, and a webhook says it as it is now."""
        self.things.setdefault(kind, {})[thing["id"]] = thing
        self.webhooks.append((topic, json.loads(json.dumps(thing))))

    def arriving(self, rng: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """The webhooks as they come: every third is lost, some are told twice, and their order is not kept."""
        come = [one for number, one in enumerate(self.webhooks, start=1) if number % 3]
        come += [one for one in come if rng.random() < 0.25]
        for start in range(0, len(come), 10):
            part = come[start : start + 10]
            rng.shuffle(part)
            yield from part

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], Any]:
        self.requests.append(target)
        if self.during:
            self.during(len(self.requests))
        if self.broken:
            return 500, {}, "a fatal error"
        if self.busy_every and len(self.requests) % self.busy_every == 0:
            return 429, {"Retry-After": "2.0"}, {"errors": "Exceeded 2 calls per second"}
        path, query = urlsplit(target).path, {k: v[0] for k, v in parse_qs(urlsplit(target).query).items()}
        if path.startswith("/admin/api/"):
            return self._shopify(path, query, headers)
        if path.startswith("/wp-json/wc/v3/"):
            return self._woocommerce(path.removeprefix("/wp-json/wc/v3/"), query, headers)
        if path == "/api/v2/oauth/token":
            return self._renew(headers, parse_qs(body.decode()))
        if path.startswith("/api/v2/admin/"):
            return self._cafe24(path.removeprefix("/api/v2/admin/"), query, headers)
        return 404, {}, {"errors": "Not Found"}

    def _shopify(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, str], Any]:
        if headers.get("x-shopify-access-token") != TOKEN:
            return 401, {}, {"errors": "[API] Invalid API key or access token"}
        kind = path.rsplit("/", 1)[1].removesuffix(".json")
        after, last, since = query.get("page_info", "").rpartition("|")[2], "", query.get("updated_at_min", "")
        if "page_info" in query:
            since, after = query["page_info"].split("|")
        found = self._changed(kind, "updated_at", since)
        if after:  # Shopify's pages go on behind the last thing shown, whatever happens before it
            when, number = after.split("_")
            found = [one for one in found if (one["updated_at"], one["id"]) > (when, int(number))]
        page, rest = found[:PAGE], found[PAGE:]
        told = {}
        if rest:
            last = f"{page[-1]['updated_at']}_{page[-1]['id']}"
            told["Link"] = f'<{self.address}/admin/api/x/{kind}.json?limit=7&page_info={since}|{last}>; rel="next"'
        return 200, told, {kind: page}

    def _changed(self, kind: str, name: str, since: str) -> list[dict[str, Any]]:
        edge = parse_instant(since) if since else None
        found = [one for one in self.things.get(kind, {}).values() if edge is None or _at(one[name]) >= edge]
        return sorted(found, key=lambda one: (one[name], one["id"]))

    def _woocommerce(
        self, kind: str, query: dict[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], Any]:
        wanted = "Basic " + base64.b64encode(b"ck_right:cs_right").decode()
        if headers.get("authorization") != wanted:
            return 401, {}, {"code": "woocommerce_rest_cannot_view"}
        name = "date_created_gmt" if kind in {"customers", "products/reviews"} else "date_modified_gmt"
        found = self._changed(kind, name, query.get("modified_after") or query.get("after") or "")
        if query.get("order") == "desc":
            found.reverse()
        number, pages = int(query["page"]), -(-len(found) // PAGE)
        return 200, {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}, found[(number - 1) * PAGE :][:PAGE]

    def _renew(self, headers: Mapping[str, str], form: dict[str, list[str]]) -> tuple[int, dict[str, str], Any]:
        if form.get("refresh_token") != [self.refresh_token] or not headers.get("authorization", "").startswith(
            "Basic "
        ):
            return 400, {}, {"error": "invalid_grant"}
        self.renewals += 1
        self.access_token, self.refresh_token = f"access-{self.renewals}", f"refresh-{self.renewals}"
        return 200, {}, {"access_token": self.access_token, "refresh_token": self.refresh_token}

    def _cafe24(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, str], Any]:
        if headers.get("authorization") != f"Bearer {self.access_token}":
            return 401, {}, {"error": {"code": 401}}
        kind, _, one_id = path.partition("/")
        if one_id:
            (found,) = [one for one in self.things["orders"].values() if one["order_id"] == one_id]
            return 200, {}, {"order": found}
        fields = {"order_date": "order_date", "pay_date": "payment_date", "cancel_complete_date": "cancel_date",
                  "refund_date": "refund_date", "join": "created_date"}  # fmt: skip
        name = fields[query["date_type"]]
        days = [
            one for one in self.things.get(kind, {}).values()
            if one.get(name) and query["start_date"] <= one[name][:10] <= query["end_date"]
        ]  # fmt: skip
        offset, limit = int(query["offset"]), int(query["limit"])
        return 200, {}, {kind: days[offset : offset + limit]}


def _at(text: str) -> datetime:
    at = parse_instant(text, UTC)
    assert at
    return at


@contextmanager
def listening(shop: Imitation) -> Iterator[int]:
    """The shop on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def _go(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            given = {name.lower(): value for name, value in self.headers.items()}
            status, told, value = shop.answer(self.command, self.path, given, body)
            text = json.dumps(value).encode()
            self.send_response(status)
            for name, content in {**told, "Content-Length": str(len(text)), "Content-Type": "application/json"}.items():
                self.send_header(name, content)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _go

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def serving(shop: Imitation) -> Iterator[Callable[..., Answer]]:
    """What fetches from the shop, under whatever name it is asked for."""
    fetcher = Fetcher(["127.0.0.1"])
    with listening(shop) as port:

        def fetch(method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
            parts = urlsplit(url)
            assert parts.scheme == "https"
            shop.address = f"https://{parts.netloc}"
            here = f"http://127.0.0.1:{port}{url.removeprefix(shop.address)}"
            return fetcher.request(method, here, headers=headers, content=content)

        yield fetch
