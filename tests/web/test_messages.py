"""The Korean console says everything in Korean."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from babel.messages.pofile import read_po

from dangol.strategy import files, steps
from dangol.web.wording import FIRST_SEGMENTS

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
assert SPEC
assert SPEC.loader
messages = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(messages)


def test_no_text_is_missing_untranslated_or_left_over() -> None:
    with (ROOT / "src/dangol/web/locale/ko/LC_MESSAGES/django.po").open("rb") as file:
        catalog = read_po(file, locale="ko")
    wanted = messages.found()
    assert len(wanted) > 300
    assert messages.faults(catalog, wanted) == []


def test_a_fault_would_be_found() -> None:
    catalog, wanted = messages.Catalog(locale="ko"), messages.Catalog()
    wanted.add("wanted")
    wanted.add("%(n)s here")
    catalog.add("%(n)s here", "%(m)s")
    catalog.add("left over", "x")
    catalog.add("empty", "")
    told = " ".join(messages.faults(catalog, wanted))
    for word in ("missing: 'wanted'", "not used: 'left over'", "not translated: 'empty'", "other placeholders"):
        assert word in told


def test_the_first_segments_are_known_by_name() -> None:
    names = {shape["name"] for shape in files.segments()}
    names |= {play.audience["name"] for play in steps.plays().values() if play.audience.get("name")}
    assert names <= FIRST_SEGMENTS
