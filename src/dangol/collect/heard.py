"""How much was heard of each source, hour by hour: counted as the loop takes facts, so that nobody searches the log.

Promise: an hour's count moves in the transaction that takes the facts, so each is counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from django.db.models import F

from dangol.base.clock import from_us
from dangol.collect.log import Entry
from dangol.collect.models import Heard

HOUR_US = 3_600_000_000
DAYS = 14
QUIET = timedelta(days=3)  # without a fact: a shop that is open sends something


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a source told lately."""

    days: tuple[tuple[date, int], ...]  # the shop's days with their facts, the oldest first
    newest_at: datetime | None  # when the last fact came, whenever that was

    @property
    def total(self) -> int:
        return sum(count for _, count in self.days)

    def quiet(self, now: datetime) -> timedelta | None:
        """For how long nothing has come, where that is worth a look."""
        if self.newest_at is None or now - self.newest_at < QUIET:
            return None
        return now - self.newest_at


def note(entries: Sequence[Entry]) -> None:
    """Count facts that the loop takes."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for entry in entries:
        place = (entry.source, entry.received_us // HOUR_US)
        count, newest = found.get(place, (0, 0))
        found[place] = (count + 1, max(newest, entry.received_us))
    for (source, hour), (count, newest) in found.items():
        at = from_us(newest)
        row = Heard.objects.filter(source=source, hour=hour)
        if not row.update(count=F("count") + count, newest_at=at):
            Heard.objects.create(source=source, hour=hour, count=count, newest_at=at)


def pulse(source: str, now: datetime, zone: tzinfo) -> Pulse:
    """One source's last days. Hours that two days of the shop share count for the day in which they begin."""
    today = now.astimezone(zone).date()
    counts = {today - timedelta(days=back): 0 for back in reversed(range(DAYS))}
    since = int((now - timedelta(days=DAYS + 1)).timestamp()) // 3600
    rows = Heard.objects.filter(source=source)
    for hour, count in rows.filter(hour__gte=since).values_list("hour", "count"):
        day = datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone).date()
        if day in counts:
            counts[day] += count
    last = rows.order_by("-hour").first()
    return Pulse(tuple(counts.items()), last.newest_at if last else None)
