"""How long what is kept: a daily job deletes what is older, and writes down how much of what, up to when.

In: periods by kind of data. Out: rows and files that are gone, and a line for each kind of which something went.
Promise: a period below what the law asks for is refused; the job goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from dangol.base.errors import Fault, Invalid
from dangol.base.models import Shop
from dangol.base.turns import turn
from dangol.converse import forgetting as converse
from dangol.deliver import forgetting as deliver
from dangol.privacy import audit, erasure
from dangol.privacy.audit import Actor
from dangol.privacy.models import Access, Request, RetentionRule, RetentionRun, Vault
from dangol.profile import forgetting as profile
from dangol.survey import forgetting as survey

AT_ONCE = 500  # rows in one transaction: facts that arrive meanwhile do not wait for long
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data: what is usual, what the law asks for at least, and how the old is deleted."""

    key: str
    default: int | None  # days; None: for ever
    least: int  # days
    delete: Callable[[datetime, int], int]  # (until, at most) → how many


def _visitors(until: datetime, most: int) -> int:
    """Visitors who never said who they are and did not come back: whole, with what they did."""
    ids = profile.strangers(until, most)
    if ids:
        with turn():
            erasure.drop(ids, until)
    return len(ids)


def _requests(until: datetime, most: int) -> int:
    old = Request.objects.exclude(state="open").filter(answered_at__lt=until).values_list("pk", flat=True)[:most]
    return Request.objects.filter(pk__in=list(old)).delete()[0]


def _accesses(until: datetime, most: int) -> int:
    """From the oldest on, so that what is left is a chain."""
    old = Access.objects.filter(at__lt=until).order_by("pk").values_list("pk", flat=True)[:most]
    return Access.objects.filter(pk__in=list(old)).delete()[0]


def _proofs(until: datetime, most: int) -> int:
    old = Vault.objects.filter(keep_until__lt=until).values_list("pk", flat=True)[:most]
    return Vault.objects.filter(pk__in=list(old)).delete()[0]


def _rejected(until: datetime, most: int) -> int:
    """Files of rows that an import could not use."""
    folder = settings.DANGOL.folder / "rejected"
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    old = [path for path in files if path.is_file() and _written(path) < until][:most]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


KINDS: Sequence[Kind] = (
    Kind("visitors", 395, 1, _visitors),
    Kind("messages", 365, 180, deliver.drop_content),
    Kind("tasks", 1_096, 30, converse.drop_done),
    Kind("answers", 1_096, 30, survey.drop_words),
    Kind("rejected", 30, 1, _rejected),
    Kind("requests", 1_096, 365, _requests),
    Kind("accesses", 731, 365, _accesses),
    Kind("proofs", 0, 0, _proofs),
)
BY_KEY = {kind.key: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Period:
    """One kind as it stands."""

    kind: Kind
    keep_days: int | None
    standard: bool
    last: RetentionRun | None


def periods() -> list[Period]:
    """Every kind with its period and what the job deleted last."""
    rows = {row.kind: row for row in RetentionRule.objects.all()}
    told = []
    for kind in KINDS:
        last = RetentionRun.objects.filter(kind=kind.key).order_by("-at").first()
        row = rows.get(kind.key)
        standard = row is None or row.standard
        told.append(Period(kind, kind.default if row is None or standard else row.keep_days, standard, last))
    return told


def keep(key: str, days: int | None, now: datetime, actor: Actor) -> None:
    """Set how many days a kind is kept; None: for ever. Raises Invalid."""
    kind = BY_KEY.get(key)
    if kind is None or key == "proofs":
        allowed = ", ".join(one.key for one in KINDS if one.key != "proofs")
        raise Invalid([Fault("/kind", repr(key), allowed)])
    if days is not None and not kind.least <= days <= 36_500:
        raise Invalid([Fault("/keep_days", str(days), f"{kind.least} to 36500, or nothing for ever")])
    with transaction.atomic():
        before = next(one.keep_days for one in periods() if one.kind.key == key)
        RetentionRule.objects.update_or_create(
            kind=key, defaults={"keep_days": days, "standard": False, "done_at": None}
        )
        audit.note(actor, "retention", now, detail={"kind": key, "before": before, "after": days})


def see_to(now: datetime, most: int = 4 * AT_ONCE) -> int:
    """Once a local day: delete what is older than its period; how many. What is over `most` waits for the next look."""
    zone, deleted = Shop.objects.get().zone, 0
    seen = dict(RetentionRule.objects.exclude(done_at=None).values_list("kind", "done_at"))
    today = {key for key, at in seen.items() if at and at.astimezone(zone).date() >= now.astimezone(zone).date()}
    if today >= BY_KEY.keys():
        return 0
    for period in periods():
        if period.kind.key in today:
            continue
        until = now - period.keep_days * DAY if period.keep_days is not None else None
        count, whole = _delete(period.kind, until, most - deleted) if until else (0, True)
        deleted += count
        _write(period.kind.key, count, now, until or now, whole)
        if deleted >= most:
            break
    return deleted


def _delete(kind: Kind, until: datetime, most: int) -> tuple[int, bool]:
    """How many went, and whether all did."""
    count = 0
    while count < most:
        gone = kind.delete(until, min(AT_ONCE, most - count))
        count += gone
        if not gone:
            return count, True
    return count, False


def _write(key: str, count: int, now: datetime, until: datetime, whole: bool) -> None:
    with transaction.atomic():
        if count:
            RetentionRun.objects.create(kind=key, at=now, until=until, count=count)
        if whole:
            RetentionRule.objects.update_or_create(kind=key, defaults={"done_at": now})


def runs(limit: int = 50) -> list[RetentionRun]:
    """What was deleted, the newest first."""
    return list(RetentionRun.objects.order_by("-at", "-pk")[:limit])
