"""A served shop and a platform, over real sockets: connected by the API, told by a webhook, asked by the worker."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dangol.bench.shop import Served, served
from tests.collect.shops.conftest import mark
from tests.collect.shops.imitation import Imitation, listening
from tests.collect.shops.test_polling import woo_order

pytestmark = pytest.mark.skipif(
    os.environ.get("DANGOL_TEST_STATE") == "postgres", reason="drives the embedded default through its processes"
)
PATIENCE = 60.0


def call(shop: Served, method: str, path: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {shop.api_key}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    address = f"http://127.0.0.1:{shop.port}{path}"
    with urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method), timeout=20) as answer:
        return json.load(answer)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def test_a_shop_is_connected_told_and_asked() -> None:
    now, imitated = datetime.now(UTC), Imitation(busy_every=7)
    for number in range(1, 21):
        imitated.put("orders", "order.created", woo_order(number, now - timedelta(days=21 - number), 1000 * number))
    with listening(imitated) as port:
        host = f"127.0.0.1:{port}"

        def prepared(folder: Path) -> None:
            (folder / "dangol.toml").write_text(f'private_hosts = "{host}"\n')

        with served(prepared) as shop:
            given = {"webhook_secret": "shh", "consumer_key": "ck_right", "consumer_secret": "cs_right"}
            entered = {"platform": "woocommerce", "domain": host, "secrets": given}
            assert call(shop, "PUT", "/api/shops/woo", entered)["can_be_asked"] is True
            body = json.dumps(woo_order(21, now, 500)).encode()
            headers = {
                "X-WC-Webhook-Topic": "order.created", "X-WC-Webhook-Source": f"http://{host}/",
                "X-WC-Webhook-Signature": mark(body, "shh"), "Content-Type": "application/json",
            }  # fmt: skip
            told = urllib.request.Request(f"http://127.0.0.1:{shop.port}/hooks/woo", body, headers)
            with urllib.request.urlopen(told, timeout=20) as answer:
                assert answer.status == 200
            call(shop, "POST", "/api/shops/woo/history", {"since": (now - timedelta(days=30)).isoformat()})

            def state() -> Any:
                return call(shop, "GET", "/api/shops/woo")

            until(lambda: state()["last_asked_at"] is not None and not state()["reading_history"])
            assert (state()["error"], state()["webhooks"]) == ("", {"mapped": 1})

            def idle() -> bool:
                at = call(shop, "GET", "/api/log")
                return at["appended"] == at["processed"]

            until(idle)
            people = call(shop, "GET", "/api/customers?limit=1000")["items"]
            assert sum(one["figures"]["orders"] for one in people) == 21
            files = [path for path in shop.folder.rglob("*") if path.is_file()]
            assert any(path.name == "state.db" for path in files)
            assert not [path.name for path in files if b"cs_right" in path.read_bytes()]
