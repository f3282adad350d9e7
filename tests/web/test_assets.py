"""What pages load is pinned, fetched by npm and nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src" / "dangol" / "web"


@pytest.mark.parametrize("folder", [".", "examples/react"])
def test_the_lock_pins_everything_and_names_no_registry(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text()
    lock = json.loads(text)
    assert "://" not in re.sub(r'"url": "https://[^"]*"', "", text), "only the authors' pages for donations"
    assert "resolved" not in text
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
    package = json.loads((ROOT / folder / "package.json").read_text())
    wanted = package["dependencies"] | package.get("devDependencies", {})
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_every_file_that_a_page_names_is_there() -> None:
    named = {
        name for path in WEB.rglob("*.html") for name in re.findall(r'"/static/([^"?{]+)', path.read_text("utf-8"))
    }
    assert {"vendor/tabler.css", "vendor/htmx.js", "vendor/echarts.js", "console.js", "look.css"} <= named
    for name in named:
        assert (WEB / "static" / name).exists(), f"{name}: run scripts/assets.py"


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in [*WEB.rglob("templates/**/*.html"), *(WEB / "static").glob("*.css"), *(WEB / "static").glob("*.js")]:
        text = path.read_text("utf-8")
        assert not re.search(r"""(?:src|href)=["']https?:|url\(["']?https?:|@import""", text), path
