"""The JSON Schema says of every row of the table what the parser says, as far as a schema can."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from dangol.campaign import schema
from tests.campaign.test_rules import TABLE, changed

CHECK = jsonschema_rs.Draft202012Validator(schema.document())
ABOUT = ("entry", "goal", "exit")
WRONG = [r for r in TABLE["rows"] if r["faults"] and any(place.split("/")[1] in ABOUT for place in r["faults"])]
# Only the parser knows these.
UNSEEN = {"fed by itself", "a key that is no path", "a broadcast at no time"}


@pytest.mark.parametrize("row", [r for r in TABLE["rows"] if not r["faults"]], ids=lambda row: row["is"])
def test_what_is_right_fits(row: dict[str, Any]) -> None:
    shape = {"key": "c", "name": "C", "definition": changed(row.get("set", {}))}
    assert not [(str(error.instance_path), error.message) for error in CHECK.iter_errors(shape)]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row["is"])
def test_what_is_wrong_with_entry_goal_or_exit_does_not_fit(row: dict[str, Any]) -> None:
    assert row["is"] in UNSEEN or not CHECK.is_valid({"key": "c", "definition": changed(row["set"])})
