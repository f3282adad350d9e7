"""Offers as files: what is new, changed, and what somebody changed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.offer import folder, offers
from dangol.web.writing import as_yaml

pytestmark = pytest.mark.django_db
TEXT = """
key: welcome
name: Welcome
terms:
  gives: {percent: 10}
  valid: {from: 2026-12-01, until: 2026-12-31}
"""


def test_a_file_is_applied_and_never_overwrites_what_was_changed(shop: Shop, clock: SetClock, tmp_path: Path) -> None:
    path = tmp_path / "offers.yaml"
    path.write_text(TEXT)
    assert [one.standing for one in folder.apply([path], clock.now())] == ["new"]
    assert [one.standing for one in folder.apply([path], clock.now())] == ["same"]
    path.write_text(TEXT.replace("10}", "12}"))
    assert [one.standing for one in folder.apply([path], clock.now())] == ["changed"]
    offers.put("welcome", {"name": "Mine", "terms": {"gives": {"percent": 11}}}, clock.now())
    assert [one.standing for one in folder.apply([path], clock.now())] == ["drift"]
    assert offers.get("welcome").name == "Mine"
    folder.apply([path], clock.now(), force=True)
    assert offers.get("welcome").terms["gives"] == {"percent": 12}
    path.write_text(as_yaml({"key": "welcome", **folder.written(offers.get("welcome"))}))
    assert [one.standing for one in folder.compare([path])] == ["same"]


def test_faults_have_their_place(shop: Shop, clock: SetClock, tmp_path: Path) -> None:
    path = tmp_path / "offers.yaml"
    path.write_text(TEXT + "---" + TEXT + "---\nkey: Bad\nterms: {gives: {}}\n")
    found = folder.apply([path], clock.now())
    assert [fault.path for one in found for fault in one.faults] == ["/key", "/key", "/key", "/terms/gives"]
    assert not offers.giving_now()
