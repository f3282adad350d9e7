"""What is wrong with a campaign is said in the console's language, whatever the reader of campaigns finds."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from dangol.base.errors import Fault
from dangol.campaign import parsing
from dangol.web.journey import flow
from dangol.web.journey.fault_words import in_words
from tests.campaign.test_rules import TABLE, changed

HANGUL = re.compile("[가-힣]")
WRONG = [row for row in TABLE["rows"] if row["faults"]]


@pytest.mark.parametrize("row", WRONG, ids=[row["is"] for row in WRONG])
def test_every_fault_is_said_in_korean(row: dict[str, object]) -> None:
    faults = flow.faults_of(changed(row.get("set", {})))  # type: ignore[arg-type]
    assert faults
    with translation.override("ko"):
        said = [flow.said(fault) for fault in faults]
    assert [text for text in said if not HANGUL.search(text)] == []


def test_what_nobody_has_words_for_is_said_as_it_is() -> None:
    assert in_words("something new") == "something new"


@pytest.mark.parametrize("act", parsing.ACTS)
def test_a_step_that_does_two_things_is_told_in_few_words(act: str) -> None:
    told = Fault("/steps/0", f"wait, {act}", "a wait, and one of " + ", ".join(parsing.ACTS))
    assert flow.said(told) == "a wait, and one thing that is done"
