"""The examples in a real browser: they tell what they say they tell."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.clients.conftest import _beside
from tests.collect.tracker.site import PATIENCE, Site
from tests.web import test_browser

pytestmark = test_browser.pytestmark
EXAMPLES = Path(__file__).parents[1] / "examples"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=test_browser.CHROMIUM, args=test_browser.FLAGS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        told = test_browser.watch(page)
        yield page
        assert [line for line in told if "favicon" not in line and "404" not in line] == []
        browser.close()


def serve(folder: Path, site: Site) -> str:
    """The folder's address, with the collector of this test in its pages."""
    page = folder / "index.html"
    page.write_text(page.read_text("utf-8").replace("http://127.0.0.1:8000", site.collector), "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_port}/"


def test_plain(site: Site, page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(EXAMPLES / "plain", folder)
    page.goto(serve(folder, site))
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Into the cart").click()
    assert site.told == []
    page.get_by_role("button", name="Yes").click()
    site.wait(page, "Product Viewed")
    site.wait(page, "Product Added")
    assert "recommend" in site.wait(page, "Consent Changed")[0]["properties"]["wording"]
    page.reload()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.fill("[name=email]", "minji@example.com")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Buy").click()
    assert site.wait(page, "Order Completed")[0]["userId"] == "minji@example.com"


def test_react(site: Site, page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "react"
    shutil.copytree(EXAMPLES / "react", folder, ignore=shutil.ignore_patterns("node_modules"))
    command = [_beside("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=300)
    page.goto(serve(folder, site))
    site.wait(page, "Product List Viewed")
    page.get_by_role("link", name="Celadon cup").click()
    assert site.wait(page, "Product Viewed")[0]["properties"]["price"] == 38000
    page.get_by_role("button", name="Into the cart").click()
    site.wait(page, "Product Added")
    assert [view["properties"]["title"] for view in site.wait(page, "page", 2)] == ["Cups", "Celadon cup"]
