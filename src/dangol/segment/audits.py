"""How the daily audit of memberships stands and went: cheap to ask, again and again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from dangol.base.models import Shop
from dangol.segment.models import Audit

BEGINS = timedelta(hours=4)  # after midnight in the shop's zone
DAYS_KEPT = 30
NAMED = 100  # customers who were wrong, by name


@dataclass(frozen=True, slots=True)
class Difference:
    """One customer of whom the live path had written something else than the rules say."""

    customer: int
    too_many: list[str]  # segments that they were in and should not have been
    missing: list[str]  # segments that they were not in and should have been
    late: bool  # whether their next flip was missing or too late


@dataclass(frozen=True, slots=True)
class Run:
    """How the audit of one day went."""

    day: str
    segments: int
    checked: int  # customers
    wrong: int
    copy_wrong: int


def due(now: datetime) -> bool:
    """Whether today's audit has something left to do; cheap."""
    day = day_of(now)
    return bool(day) and not Audit.objects.filter(day=day, finished_at__isnull=False).exists()


def latest() -> Audit | None:
    """The audit of the day, or the last one."""
    return Audit.objects.first()


def begin(row: Audit, day: str) -> None:
    """The row becomes that of another day; what it was is the newest of those before."""
    if row.day:
        row.before = [asdict(run_of(row)), *row.before][:DAYS_KEPT]
    row.day, row.after, row.segments, row.checked, row.wrong, row.copy_wrong = day, "", 0, 0, 0, 0
    row.found, row.finished_at = [], None


def run_of(row: Audit) -> Run:
    return Run(row.day, row.segments, row.checked, row.wrong, row.copy_wrong)


def before(row: Audit) -> list[Run]:
    """The days before, the newest first."""
    return [Run(**told) for told in row.before]


def differences(row: Audit) -> list[Difference]:
    """The first NAMED of whom it found wrong."""
    return [Difference(**told) for told in row.found]


def note(row: Audit, found: list[Difference]) -> None:
    """Name those who were wrong; one who is named already is in more segments."""
    told: dict[int, dict[str, Any]] = {one["customer"]: one for one in row.found}
    for one in found:
        was = told.get(one.customer)
        if was is not None:
            was["too_many"] = sorted({*was["too_many"], *one.too_many})
            was["missing"] = sorted({*was["missing"], *one.missing})
            was["late"] = was["late"] or one.late
        elif len(told) < NAMED:
            told[one.customer] = asdict(one)
    row.found = list(told.values())


def day_of(now: datetime) -> str:
    """The day whose audit it is time for; empty before there is a shop."""
    shop = Shop.objects.first()
    return (now.astimezone(shop.zone) - BEGINS).date().isoformat() if shop else ""
