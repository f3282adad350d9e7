"""Fixtures of the delivery tests."""

from __future__ import annotations

import pytest

from dangol.deliver import channels
from tests.deliver.post import Recorder


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """E-mail goes to a recorder instead of a network."""
    recorder = Recorder()
    monkeypatch.setitem(channels.CHANNELS, "email", lambda settings: recorder)
    return recorder
