"""docs/imports.md names every field, kind and rule there is."""

from __future__ import annotations

import re
from pathlib import Path

from dangol.collect.files.fields import KINDS, ROLES

TEXT = (Path(__file__).parents[3] / "docs" / "imports.md").read_text()


def test_every_field_and_kind_is_documented_and_no_other() -> None:
    table = TEXT.split("| fields | of |")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == {field for role in ROLES.values() for field in role}
    kinds = TEXT.split("| `--as` |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", kinds, re.MULTILINE)) == set(KINDS)
