"""@segment/analytics-next in a real Chromium, on a page of another origin, against a shop that is disturbed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.clients.conftest import HERE, Disturb, Phoenix
from tests.clients.disturbing import BUSY, CRASH, ERROR, LOST_ANSWER, LOST_REQUEST, PASS, SLOW
from tests.clients.visits import Call, check, stored, visit
from tests.web import test_browser

pytestmark = test_browser.pytestmark
PLAN = [LOST_ANSWER, PASS, BUSY, ERROR, SLOW, LOST_REQUEST, CRASH]
BATCHING = {"strategy": "batching", "config": {"size": 3, "timeout": 200}}
STRATEGIES: dict[str, dict[str, Any]] = {
    "one-by-one": {},
    "batching": {"integrations": {"Segment.io": {"deliveryStrategy": BATCHING}}},
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def pages(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shop's site: its pages, and the library as npm brings it."""
    root = tmp_path_factory.mktemp("site")
    (root / "umd").symlink_to(modules / "@segment" / "analytics-next" / "dist" / "umd")
    (root / "index.html").write_text((HERE / "programs" / "analytics_next.html").read_text())
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}/index.html"
    site.shutdown()
    site.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=test_browser.CHROMIUM, args=test_browser.FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_analytics_next(strategy: str, pages: str, chromium: Browser, phoenix: Phoenix, disturb: Disturb) -> None:
    prefix = f"next-{strategy}"
    calls = visit(prefix, 0)
    with disturb(PLAN if strategy == "one-by-one" else PLAN[:3]) as proxy, chromium.new_context() as context:
        page = context.new_page()
        page.goto(pages)
        arguments = {
            "address": proxy.address,
            "key": phoenix.server.write_key,
            "calls": calls,
            "options": STRATEGIES[strategy],
        }
        page.evaluate("(told) => visit(told)", arguments)
        wait_for(page, phoenix, prefix, calls)
        assert page.evaluate("failures") == []
        assert proxy.spent == (PLAN if strategy == "one-by-one" else PLAN[:3])
    check(phoenix.server, prefix, calls)


def wait_for(page: Page, phoenix: Phoenix, prefix: str, calls: list[Call]) -> None:
    for _ in range(300):
        page.wait_for_timeout(100)
        if len(list(stored(phoenix.server, prefix))) >= len(calls):
            break
    phoenix.settle()
