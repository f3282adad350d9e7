"""How many customers each play concerns: counted over everybody at once, kept, and told with its age.

It is done in the background, in a small shop every few minutes in which anything happened, in a large one every hour.
Only who looks before the first count waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from dangol.base.models import Shop
from dangol.profile import reads as profile
from dangol.segment import asking
from dangol.segment.models import Member
from dangol.strategy import files, takings
from dangol.strategy.models import Count
from dangol.strategy.rules import STAGES, Earnings, Play, Reach, Ready

SMALL = 5_000  # customers
FRESH, STALE = timedelta(minutes=5), timedelta(hours=1)
READERS = "readers"


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted."""

    at: datetime
    customers: int
    seconds: float
    told: Mapping[str, int]  # "PLAY:month" and so on: see asked()
    earnings: Earnings
    stages: Mapping[str, int]  # of the lifecycle

    @property
    def readers(self) -> int:
        """Customers who may be written to with advertising by e-mail."""
        return self.told.get(READERS, 0)

    def reach(self, play: Play) -> Reach:
        return Reach(*(self.told.get(f"{play.key}:{what}", 0) for what in ("now", "month", "reachable")))

    def ready(self, play: Play) -> tuple[Ready, ...]:
        """The data that a play needs, and of how many customers there is any."""
        wanted = [(kind, what) for kind, some in (("fact", play.facts), ("trait", play.traits)) for what in some]
        found = [Ready(what, kind, self.told.get(f"{kind}:{what}", 0)) for kind, what in wanted]
        asks = play.message_class == "marketing" and play.channel != "onsite"
        return (*found, *([Ready("email", "consent", self.readers)] if asks else []))


def kept() -> Counted | None:
    """What was counted last, however old."""
    row = Count.objects.filter(pk=1).first()
    if row is None or not row.earnings:
        return None
    told = {stage: row.stages.get(stage, 0) for stage in STAGES}
    return Counted(row.at, row.customers, row.seconds, row.told, takings.of_json(row.earnings), told)


def latest(now: datetime) -> Counted:
    """What was counted last. Where it never was it is counted now, and not kept: looking writes nothing."""
    return kept() or _counted(now)


def stages() -> dict[str, int]:
    """How many are in each stage of the lifecycle now."""
    rows = Member.objects.filter(segment__key__in=STAGES).values_list("segment__key")
    counts = dict(rows.annotate(models.Count("customer_id")))
    return {stage: counts.get(stage, 0) for stage in STAGES}


def due(now: datetime) -> bool:
    """Whether it is time to count in the background."""
    row = Count.objects.filter(pk=1).only("at", "customers", "position", "earnings").first()
    if row is None or not row.earnings:
        return Shop.objects.exists()
    quiet = row.position == profile.last_position()
    return bool(now - row.at >= (FRESH if row.customers <= SMALL and not quiet else STALE))


def count(now: datetime) -> Counted:
    """Count everybody, and keep it."""
    position = profile.last_position()
    found = _counted(now)
    row = {"at": now, "customers": found.customers, "seconds": found.seconds, "told": dict(found.told)}
    row |= {"position": position, "earnings": takings.as_json(found.earnings), "stages": dict(found.stages)}
    Count.objects.update_or_create(pk=1, defaults=row)
    return found


def _counted(now: datetime) -> Counted:
    begun = time.monotonic()
    told = asking.count_all(asked(), now)
    earnings, sizes = takings.read(), stages()
    return Counted(now, profile.count(), time.monotonic() - begun, told, earnings, sizes)


def asked() -> dict[str, Any]:
    """Every rule that is counted, by the name its number goes by: of plays, of the data they need, and who may be
    written to."""
    rules: dict[str, Any] = {READERS: {"consent": "email", "is": "granted"}}
    for key, play in files.plays().items():
        rules[f"{key}:month"] = play.monthly
        rules[f"{key}:reachable"] = _within_reach(play)
        if play.audience:
            rules[f"{key}:now"] = play.audience["where"]
        rules |= {f"fact:{name}": {"event": name, "within": "90d"} for name in play.facts}
        rules |= {f"trait:{name}": {"trait": name, "exists": True} for name in play.traits}
    return rules


def _within_reach(play: Play) -> Any:
    """Who of those that come its way every month can be reached: by an address, and with consent where it asks one."""
    if play.channel in {"onsite", "task"}:
        return play.monthly
    consent = [{"consent": play.channel, "is": "granted"}] if play.message_class == "marketing" else []
    return {"all": [play.monthly, {"reachable": play.channel}, *consent]}
