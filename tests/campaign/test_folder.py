"""Campaigns as files: what is new or changed is saved, what somebody changed in the console is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dangol.base.clock import SetClock
from dangol.campaign import folder, steps

pytestmark = pytest.mark.django_db
TEXT = """
key: hello
name: Hello
definition:
  entry: {fact: Signed Up}
  steps:
    - {key: rest, wait: 1d}
"""


def standing(path: Path) -> str:
    [one] = folder.compare([path])
    return one.standing


def test_files_are_compared_and_applied(tmp_path: Path, clock: SetClock, shop: object) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(TEXT)
    assert standing(path) == "new"
    folder.apply([path], clock.now())
    row = steps.get("hello")
    assert (row.state, row.name, standing(path)) == ("draft", "Hello", "same")
    path.write_text(TEXT.replace("1d", "2d"))
    assert standing(path) == "changed"
    folder.apply([path], clock.now())
    changed = {"entry": {"fact": "Signed Up"}, "steps": [{"key": "rest", "wait": "9d"}]}
    steps.put("hello", {"definition": changed}, clock.now())
    assert standing(path) == "drift"
    folder.apply([path], clock.now())
    assert steps.get("hello").definition == changed, "what was changed in the console is left alone"
    folder.apply([path], clock.now(), force=True)
    assert (steps.get("hello").definition["steps"][0]["wait"], standing(path)) == ("2d", "same")


def test_a_file_with_a_fault_saves_nothing(tmp_path: Path, clock: SetClock, shop: object) -> None:
    right, wrong = tmp_path / "a.yaml", tmp_path / "b.yaml"
    right.write_text(TEXT)
    wrong.write_text(TEXT.replace("hello", "other").replace("1d", "soon"))
    found = folder.apply([right, wrong], clock.now())
    assert [fault.path for one in found for fault in one.faults] == ["/definition/steps/0/wait"]
    assert not steps.everyone()
    wrong.write_text(TEXT)
    assert {one.standing for one in folder.compare([right, wrong])} == {"refused"}, "one key in two files"


def test_the_schema_is_printed() -> None:
    from dangol.campaign_commands import app

    told = CliRunner().invoke(app, ["--help"])
    assert told.exit_code == 0
    assert all(word in told.output for word in ("check", "apply", "export", "schema", "test"))
