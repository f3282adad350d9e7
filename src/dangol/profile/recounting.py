"""Once a day everybody's figures are counted again from all their facts; a difference is an alarm, and is set right."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.profile import file
from dangol.profile import steps as profile
from dangol.profile.models import Profile, Recount

log = logging.getLogger("dangol.profile")

BEGINS = timedelta(hours=3)  # after midnight in the shop's zone
AT_ONCE = 20  # customers between two looks at what else is to do


def go_on(now: datetime, limit: int = AT_ONCE) -> int:
    """Count the next customers of today's recount again; how many. None are left once everybody had their turn."""
    shop = Shop.objects.first()
    if shop is None:
        return 0
    day = (now.astimezone(shop.zone) - BEGINS).date().isoformat()
    if Recount.objects.filter(day=day, finished_at__isnull=False).exists():
        return 0
    with turn():
        row = Recount.objects.first() or Recount(day="")
        if row.day != day:
            row.day, row.after, row.checked, row.wrong, row.finished_at = day, 0, 0, 0, None
        customers = list(Profile.objects.filter(pk__gt=row.after).order_by("pk").values_list("pk", flat=True)[:limit])
        row.wrong += _set_right(customers)
        row.checked += len(customers)
        row.after = customers[-1] if customers else row.after
        row.finished_at = None if customers else now
        row.save()
    return len(customers)


def _set_right(customers: list[int]) -> int:
    wrong = profile.differences(customers)
    for customer, names in wrong.items():
        log.error("the figures of customer %s were not what their facts add up to: %s", customer, ", ".join(names))
    if wrong:
        file.write(profile.recounted(wrong).values())
    return len(wrong)


def after_upgrade(limit: int = 500) -> int:
    """Make every file anew from its facts where an older version did not keep these figures; how many."""
    if not Profile.objects.filter(tally={}).exists():
        return 0
    after, done = 0, 0
    while True:
        with turn():
            customers = list(Profile.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])
            file.write(profile.recounted(customers).values())
        if not customers:
            return done
        after, done = customers[-1], done + len(customers)


def begin_anew() -> None:
    """Let the next idle moment count everybody again: something that all figures rest on has changed."""
    Recount.objects.all().delete()


def latest() -> Recount | None:
    """The recount of the day, or the last one."""
    return Recount.objects.first()
