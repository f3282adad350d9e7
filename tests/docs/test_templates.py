"""docs/templates.md: what it shows is what is rendered."""

from __future__ import annotations

import json
import re
from zoneinfo import ZoneInfo

import pytest

from dangol.campaign import templates
from dangol.campaign.templates import engine, filters, hints, objects, variants
from dangol.deliver.objects import Cart
from tests.docs import pages

PAGE = (pages.ROOT / "docs" / "templates.md").read_text("utf-8")
VALUES = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
EXAMPLES = [
    (written.replace("\\|", "|"), read)
    for written, read in re.findall(r"^\| `(\{[^`]*)` \| `([^`]*)` \|$", PAGE, re.MULTILINE)
]


@pytest.mark.parametrize(("written", "read"), EXAMPLES, ids=[written for written, _ in EXAMPLES])
def test_examples_are_rendered_as_they_say(written: str, read: str) -> None:
    values = {**VALUES, "cart": Cart(VALUES["cart"], ""), "dangol": {"language": "en", "zone": ZoneInfo("Asia/Seoul")}}
    assert templates.render_plain(written, values).replace("\u202f", " ") == read
    assert templates.troubles(written) == []


def test_every_object_and_every_filter_of_ours_is_there() -> None:
    told = set(pages.code(pages.section(PAGE, "Objects")))
    assert set(objects.KNOWN) <= told
    assert set(objects.CUSTOMER) - {"timezone"} <= told
    shown = " ".join(written for written, _ in EXAMPLES)
    assert all(name in shown for name in filters.OURS)
    assert set(variants.PARTS) <= set(pages.code(PAGE))


def test_limits_are_those_of_the_code() -> None:
    limits = pages.section(PAGE, "Limits")
    assert f"{engine.LOOPS:,} times" in limits
    assert f"{engine.Bounded.output_stream_limit // 1024} KB" in limits
    assert f"{engine.Bounded.block_nesting_limit} deep" in limits
    assert f"{hints.CLIPPED // 1024} KB" in pages.section(PAGE, "Hints")
