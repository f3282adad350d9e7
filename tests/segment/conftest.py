"""What segment tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def repository_docs() -> str:
    """The page that tells people the language."""
    return (Path(__file__).parents[2] / "docs" / "segments.md").read_text("utf-8")
