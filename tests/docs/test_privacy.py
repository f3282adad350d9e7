"""The page on privacy says what the code does."""

from __future__ import annotations

from dangol.privacy import retention
from tests.docs import pages

PAGE = pages.text("privacy.md")


def test_every_period_is_listed_as_it_is() -> None:
    listed = {pages.code(row[0])[0]: row[1:3] for row in pages.rows(pages.section(PAGE, "Retention"))}
    assert set(listed) == set(retention.BY_KEY)
    for kind in retention.KINDS:
        if kind.key != "proofs":
            assert listed[kind.key] == [str(kind.default), str(kind.least)], kind.key
