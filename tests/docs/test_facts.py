"""docs/facts.md names every fact that Dangol reads or writes, and none that it does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dangol.collect.rules import RENAMED
from dangol.strategy import files
from tests.docs import pages

SOURCE = pages.ROOT / "src" / "dangol"
STAGES = [
    "collect",
    "identity",
    "profile",
    "segment",
    "offer",
    "strategy",
    "campaign",
    "deliver",
    "converse",
    "harvest",
    "survey",
    "autopilot",
]
PAGE = pages.text("facts.md")
FACT = re.compile(r"[A-Z][a-z]+(?: (?:as|[A-Z][a-z]+))+|Unsubscribed")


def constants(path: Path) -> Iterator[str]:
    """Texts of a module that read like a fact's name; docstrings and messages do not."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and FACT.fullmatch(node.value):
            yield node.value


def modules() -> list[Path]:
    return [*(path for stage in STAGES for path in (SOURCE / stage).rglob("*.py")), SOURCE / "loop.py"]


def first_cells(heading: str) -> set[str]:
    return {name for row in pages.rows(pages.section(PAGE, heading)) for name in pages.code(row[0])}


def test_every_fact_in_the_code_is_documented() -> None:
    documented = set(pages.code(PAGE))
    missing = {name: path.name for path in modules() for name in constants(path) if name not in documented}
    assert not missing


def test_every_fact_in_plays_and_segments_is_documented() -> None:
    told = repr(files.segments()) + repr([(p.audience, p.monthly, p.definition) for p in files.plays().values()])
    named = set(re.findall(r"'(?:event|fact)': '([^']+)'", told))
    assert named
    assert named <= set(pages.code(PAGE))


def test_every_documented_fact_is_in_the_code() -> None:
    in_code = {name for path in modules() for name in constants(path)}
    in_code |= {f"{word} {verb}" for word in ("Segment",) for verb in ("Entered", "Left")}  # made from a verb
    written = first_cells("What Dangol writes")
    assert len(written) > 8
    assert written <= in_code


def test_every_older_name_is_listed() -> None:
    listed = {pages.code(row[0])[0]: pages.code(row[1])[0] for row in pages.rows(PAGE) if row[0].strip("`") in RENAMED}
    assert listed == RENAMED
