"""Runs follow their customers when those are found to be one, and go home when they are found not to be."""

from __future__ import annotations

from collections import defaultdict

from dangol.base.parts import parts
from dangol.campaign import rules
from dangol.campaign.book import EVERY_STATE, Book
from dangol.campaign.models import Exposure, Run
from dangol.identity.rules import Moves


def rehome(moves: Moves) -> None:
    """Give runs to the customers that their homes lead to now; of two for one trigger the further one goes on."""
    for (before, after), (_, homes) in moves.pairs().items():
        for some in parts(homes):
            for kept in (Run.every, Exposure.objects):
                kept.filter(customer_id=before, home__in=some).update(customer_id=after)
    for some in parts(sorted(moves.touched)):
        _choose(list(Run.every.filter(customer_id__in=some).order_by("id")))


def _order(run: Run, book: Book) -> int:
    """How far a run has come: in a step is further than before it."""
    return 2 * book.plan(run.campaign_id, run.version).way.order(run.step) + (run.phase != "wait")


def _choose(runs: list[Run]) -> None:
    book = Book(EVERY_STATE)
    alike: dict[tuple[int, int, str], list[Run]] = defaultdict(list)
    for run in runs:
        alike[run.campaign_id, run.customer_id, run.trigger].append(run)
    changed = []
    for group in alike.values():
        chosen = rules.further([(_order(run, book), run.state != "active") for run in group])
        for index, run in enumerate(group):
            if run.aside != (index != chosen):
                run.aside = index != chosen
                changed.append(run)
    Run.every.bulk_update(changed, ["aside"], batch_size=300)
