"""The tracker in a real browser, on a shop's page of another origin, against a real server."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, sync_playwright

from dangol.collect.log import open_log
from tests.serving import Server
from tests.test_serve import server  # noqa: F401 - the fixture
from tests.web import test_browser

pytestmark = test_browser.pytestmark


@pytest.fixture
def shop_page(server: Server) -> Iterator[str]:  # noqa: F811
    """The address of a shop's page that carries the line from the console."""
    line = f'<script async src="{server.address}/t.js" data-key="{server.write_key}"></script>'

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><title>Cups</title>{line}<p>A celadon cup</p>".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{shop.server_port}/cups?utm_source=letter&utm_campaign=spring"
    shop.shutdown()
    shop.server_close()


def stored(server: Server, name: str) -> list[dict[str, object]]:  # noqa: F811
    server.wait_idle()
    with open_log(server.folder) as log:
        events = [json.loads(entry.body) for entry in log.read(0, 10_000) if entry.source == "site"]
    return [event for event in events if event.get("event", event["type"]) == name and event["context"]]


def test_a_visit_is_told_and_becomes_a_customer(server: Server, shop_page: str) -> None:  # noqa: F811
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=test_browser.CHROMIUM, args=test_browser.FLAGS)
        page: Page = browser.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        with page.expect_response("**/v1/b"):
            page.goto(shop_page)
        with page.expect_response("**/v1/b"):
            page.evaluate("dangol.track('Product Viewed', {product_id: 'cup-1', price: 38000})")
        with page.expect_response("**/v1/b"):
            page.evaluate("dangol.identify('minji', {email: 'minji@example.com'})")
        page.context.set_offline(True)
        page.evaluate("dangol.track('Product Added', {product_id: 'cup-1'})")
        page.wait_for_timeout(200)
        troubles_offline = [t for t in troubles if "ERR_INTERNET_DISCONNECTED" not in t]
        with page.expect_response("**/v1/b"):
            page.context.set_offline(False)
        browser.close()
    assert troubles_offline == []
    (view,) = stored(server, "page")
    assert view["context"]["campaign"] == {"source": "letter", "name": "spring"}
    assert view["properties"]["path"] == "/cups"
    (seen,) = stored(server, "Product Viewed")
    (added,) = stored(server, "Product Added")
    assert view["anonymousId"] == seen["anonymousId"] == added["anonymousId"]
    assert added["userId"] == "minji", "what was told off-line is told later, once"
    (customer,) = json.loads(server.call("/api/customers?identifier=userId:minji", key=server.api_key)[1])["items"]
    assert f"anonymousId:{view['anonymousId']}" in customer["identifiers"]
    assert customer["traits"] == {"email": "minji@example.com"}


def test_what_is_told_while_the_server_is_dead_is_there_once_when_it_is_back(server: Server, shop_page: str) -> None:  # noqa: F811
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=test_browser.CHROMIUM, args=test_browser.FLAGS)
        page, other = browser.new_page(), browser.new_page()
        for tab in (page, other):
            with tab.expect_response("**/v1/b"):
                tab.goto(shop_page)
        server.end(signal.SIGKILL)
        for tab in (page, other):
            tab.evaluate("for (let n = 0; n < 60; n++) dangol.track('Told to the dead', {n})")
        page.wait_for_timeout(700)  # some tries fail
        server.start()
        for tab in (page, other):
            tab.wait_for_function("() => !Object.keys(localStorage).some(key => key.startsWith('dangol.e.'))")
        browser.close()
    numbers = [event["properties"]["n"] for event in stored(server, "Told to the dead")]  # type: ignore[index]
    assert sorted(numbers) == sorted([*range(60), *range(60)])
