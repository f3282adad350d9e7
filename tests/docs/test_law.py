"""The page on the law is what the policy packs say."""

from __future__ import annotations

import runpy
from pathlib import Path

from tests.docs import pages

SCRIPT = Path(__file__).parents[2] / "scripts" / "law.py"


def test_the_page_is_written_from_the_packs() -> None:
    assert pages.text("law.md") == runpy.run_path(str(SCRIPT))["page"](), "run scripts/law.py"
