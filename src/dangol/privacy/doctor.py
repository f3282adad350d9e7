"""Whether the house keeps its promises to persons: what `dangol doctor` looks at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from dangol.privacy import audit, notices
from dangol.privacy.models import Erasure, Request, Withheld
from dangol.segment import audits


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    told: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(now: datetime) -> list[Finding]:
    """Look at everything; nothing is changed."""
    return [_accesses(), _erasures(), _requests(now), _notices(now), _memberships()]


def _accesses() -> Finding:
    found = audit.verify()
    told = f"{found.lines:,} lines, the newest has the hash {found.last}"
    if found.broken_at is not None:
        told = f"the chain breaks at line {found.broken_at}: {found.why}"
    return Finding("log of accesses", found.broken_at is None, told)


def _erasures() -> Finding:
    waiting, withheld = Erasure.objects.filter(finished_at=None).count(), Withheld.objects.count()
    told = f"{Erasure.objects.count():,} persons erased"
    if waiting or withheld:
        told = f"{waiting} erasures and {withheld} withheld facts wait for the loop, which takes them out of the files"
    return Finding("erasures", not waiting and not withheld, told)


def _memberships() -> Finding:
    row = audits.latest()
    if row is None:
        return Finding("memberships", True, "not held against all history yet; the shop does it once a day")
    told = f"{row.segments} segments, {row.checked:,} customers held against all history on {row.day}"
    if row.wrong or row.copy_wrong:
        told += f"; {row.wrong} were wrong and set right, of {row.copy_wrong} the copy in columns was: see the log"
    return Finding("memberships", not row.wrong and not row.copy_wrong, told)


def _requests(now: datetime) -> Finding:
    open_ones = Request.objects.filter(state="open")
    late = open_ones.filter(due_at__lt=now).count()
    told = f"{late} are overdue" if late else f"{open_ones.count()} open, none overdue"
    return Finding("requests of persons", late == 0, told)


def _notices(now: datetime) -> Finding:
    late = notices.overdue(now)
    return Finding("notices about consent", late == 0, f"{late} are overdue" if late else "none overdue")
