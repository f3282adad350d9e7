"""The README says what each dependency is for."""

from __future__ import annotations

import re
import tomllib

from tests.docs import pages


def test_every_dependency_earns_its_line() -> None:
    project = tomllib.loads((pages.ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=!~ ]", text)[0] for text in project["dependencies"]}
    table = pages.section((pages.ROOT / "README.md").read_text("utf-8"), "What it is built on, and why")
    told = {name for row in pages.rows(table) for name in pages.code(row[1])}
    assert told == needed
