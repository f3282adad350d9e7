"""The page on estimates says what the code does."""

from __future__ import annotations

import pytest

from dangol.harvest import lifts
from dangol.strategy import files, rules
from dangol.survey import rules as survey
from dangol.value import priors
from tests.docs import pages

PAGE = pages.text("models.md")


@pytest.mark.parametrize("key", files.plays())
def test_the_prior_of_every_play_is_listed_as_it_is(key: str) -> None:
    prior = files.plays()[key].prior
    row = next(row for row in pages.rows(PAGE) if row[0] == f"`{key}`")
    assert row[1:4] == [f"{100 * rate:.2g} %" for rate in (prior.low, prior.mean, prior.high)]


def test_every_stage_of_the_lifecycle_is_listed() -> None:
    section = pages.section(PAGE, "The lifecycle")
    assert [row[0].replace(" ", "-") for row in pages.rows(section)][-6:] == list(rules.STAGES)


def test_the_constants_are_those_of_the_code() -> None:
    for words in (
        f"lift: what would not have happened without the campaign, per treated customer. α is "
        f"{100 * lifts.ALPHA_CONVERSIONS:.0f} %.",
        f"tightest near {lifts.TUNED_FOR:,} customers; α is {100 * lifts.ALPHA_MONEY:.0f} %",
        f"before each arm has {lifts.FEWEST_BUYERS} buyers",
        f"n = 1 / ({lifts.SPREAD}² · s · (1 - s))",
        f"{2 * rules.Z80:.3f} and a measured lift",
        f"{rules.USUAL_SPREAD} below ten orders",
        f"Below {survey.FEW} answers",
        f"dissatisfied* for {files.segments()[-1]['where']['within'].removesuffix('d')} days",
    ):
        assert words in " ".join(PAGE.split()), words


def test_what_is_believed_of_purchases_is_listed_as_it_is() -> None:
    rows = pages.rows(pages.section(PAGE, "The model of purchases"))[-4:]
    listed = [(float(centre), float(spread)) for _, centre, spread in rows]
    assert listed == list(zip(priors.PURCHASES.mean, priors.PURCHASES.spread, strict=True))
