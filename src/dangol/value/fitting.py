"""The forecast of a shop: from the counts, what the owner said and what is believed, to what is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from dangol.value import bgnbd, draws, forecasts, gammagamma, known, priors
from dangol.value.models import Forecast, Word
from dangol.value.priors import Prior

EARLY = 1  # the MBG/NBD: who bought once and never again may have stopped as well
AHEAD = (30, 90, 365)  # days that totals are forecast for, and scored after
TOTAL_DRAWS = 32


def made(today: int, word: Word | None, now: datetime) -> Forecast:
    """Today's forecast of the shop, not saved yet."""
    counts, purses = known.kinds(today), known.purses()
    belief = priors.purchases(word.weeks_between if word else None)
    money_belief = money_prior(purses, word)
    span = int(counts.age.max(initial=0))
    money = gammagamma.fit(purses, money_belief) if money_belief else None
    learned = draws.known(bgnbd.fit(counts, belief, EARLY), money, span, EARLY)
    return Forecast(
        day=today, made_at=now, customers=int(counts.customers), repeaters=int(counts.n[counts.x > 0].sum()),
        orders=int(counts.n @ (counts.x + 1)), span_days=span, known=known.as_told(learned),
        prior={"purchases": _told(belief), "money": money_belief and _told(money_belief)},
        totals=totals(learned, counts),
    )  # fmt: skip


def money_prior(purses: gammagamma.Purses, word: Word | None) -> Prior | None:
    """About the owner's amount, else about the shop's own average; None before there is either."""
    if word is not None and word.order_amount:
        return priors.money(float(word.order_amount), said=True)
    return priors.money(purses.average, said=False) if len(purses.x) else None


def totals(learned: draws.Known, counts: bgnbd.Counts) -> dict[str, Any]:
    """Days ahead → mean, 10 %, 50 % and 90 % of these customers' orders."""
    possible = draws.draw(learned, TOTAL_DRAWS)
    found = {}
    for days in AHEAD:
        mean, levels = forecasts.totals(possible, counts, days, np.array([0.1, 0.5, 0.9]))
        found[str(days)] = [mean, *levels.tolist()]
    return found


def _told(prior: Prior) -> list[list[float]]:
    return [list(prior.mean), list(prior.spread)]
