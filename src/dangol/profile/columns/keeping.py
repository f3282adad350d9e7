"""Makes the copy, follows the log, puts small parts together, and takes out what must not be there any more.

In: the state, and whatever copy there is. Out: a row of Copy that names the files of the new one, in the transaction
that forgets which customers were stale.
Promise: a process that dies in between leaves the old copy valid; files that nobody names are deleted by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from dangol.base import duck
from dangol.base.clock import Clock
from dangol.base.errors import Unavailable
from dangol.base.turns import turn
from dangol.collect import steps as collect
from dangol.profile.columns import manifest, parts, rows
from dangol.profile.columns.manifest import ALL, HOME, Due, Part, current, due, folder, home
from dangol.profile.models import Copy, Stale

log = logging.getLogger("dangol.columns")

LOCK = "lock"
SLICE = 500_000  # facts that one delta takes at most
PART = 1_000_000  # facts in a base, about
EVERY, PATIENCE, AFTER_FAILURE = 2.0, 60.0, 30.0  # seconds


def keep(now: datetime, waits: Callable[[], bool] = lambda: False) -> bool:
    """Do what is due, up to the end or until `waits` says that the disk is full; whether anything was done.

    Raises Unavailable where another process is at it.
    """
    found = due(now)
    if not found.any():
        return False
    with _sole_keeper():
        if found.check and not found.build and not _good(now):
            log.error("the copy of the facts in columns is damaged; it is made again")
            _discard()
            found = Due(build=True)
        if found.build:
            build(now, waits)
        if found.purge and not found.build:
            _purge(now)
        while not waits() and _append(now):
            pass
        if not waits() and (found.merge or due(now).merge):
            _merge(now)
    return True


def follow(clock: Clock, waits: Callable[[], bool], beside: Callable[[Clock], int]) -> None:
    """Keep the copy until nothing was to do for a while: then this process ends, and its memory is free.

    `beside` is work of others for idle moments; it says how much it did.
    """
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < PATIENCE:
        try:
            if _kept(clock.now(), waits) or (not waits() and beside(clock)):
                idle_since = time.monotonic()
        except Unavailable as error:
            log.warning("what is looked at beside the copy has to wait: %s", error)
            time.sleep(AFTER_FAILURE)
        except (OSError, duckdb.Error):
            log.exception("the copy of the facts in columns could not be written; it is tried again")
            time.sleep(AFTER_FAILURE)
        time.sleep(EVERY)


def _kept(now: datetime, waits: Callable[[], bool]) -> bool:
    try:
        return keep(now, waits)
    except Unavailable:  # an erasure is at it
        return False


def build(now: datetime, waits: Callable[[], bool] = lambda: False) -> None:
    """Make the copy from nothing."""
    here = folder()
    here.mkdir(mode=0o700, exist_ok=True)
    with rows.snapshot():
        high, folded = collect.position(), _stale()
        ranges = list(cuts(rows.counts(high)))
    found = []
    for first, last in ranges:
        if waits():
            return
        with rows.snapshot():  # who moves between two of these is stale, and not in `folded`
            fresh = rows.within(first, last, high)
        found.append(parts.write(here, [], fresh, (0, high, first, last)))
    if not home():
        (here / HOME).write_text(secrets.token_hex(16), "utf-8")
    commit(found, high, folded, now, checked=True)


def _append(now: datetime) -> bool:
    """Bring the copy up to the log by one delta; whether there is more."""
    copy = current()
    if copy is None:
        return False
    with rows.snapshot():
        position = collect.position()
        high = min(position, copy.watermark + SLICE)
        fresh = rows.after(copy.watermark, high)
    if high <= copy.watermark:
        return False
    found, here = manifest.read(copy.parts), folder()
    grown = _tail(found, fresh.num_rows)
    bounds = (grown[0].low if grown else copy.watermark, high, 0, ALL)
    made = parts.write(here, grown, fresh, bounds)
    commit([part for part in found if part not in grown] + [made], high, {}, now)
    return high < position


def _tail(found: Sequence[Part], fresh: int) -> list[Part]:
    """The newest deltas, as far as none is more than twice all behind it: they become one with the new one.

    So there are never more than a few, and a fact is written again only as often as its delta doubles.
    """
    tail: list[Part] = []
    for part in sorted((part for part in found if not part.base), key=lambda part: -part.low):
        if part.rows > 2 * fresh:
            break
        tail.insert(0, part)
        fresh += part.rows
    return tail


def _merge(now: datetime) -> None:
    """All parts become bases again, and stale customers are written as the file has them."""
    copy = current()
    if copy is None:
        return
    here, found = folder(), manifest.read(copy.parts)
    with rows.snapshot():
        folded = _stale()
        fresh = rows.of(set(folded.values()))
    made = [
        parts.write(
            here, _overlapping(found, first, last), fresh, (0, copy.watermark, first, last), set(folded.values())
        )
        for first, last in cuts(parts.counts(here, found))
    ]
    commit(made, copy.watermark, folded, now)


def _overlapping(found: Sequence[Part], first: int, last: int) -> list[Part]:
    return [part for part in found if part.first <= last and part.last >= first]


def cuts(counts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges of customers, both ends in, that hold about PART facts each; `counts` by id, the last range is open."""
    first, held = 0, 0
    for customer, count in counts:
        if held and held + count > PART:
            yield first, customer - 1
            first, held = customer, 0
        held += count
    yield first, ALL


def purge(now: datetime) -> None:
    """Write anew every part that holds old rows of somebody who was erased. Raises Unavailable where it cannot now."""
    if Stale.objects.filter(purge=True).exists():
        with _sole_keeper():
            _purge(now)


def _purge(now: datetime) -> None:
    copy = current()
    if copy is None:
        if not Copy.objects.exists():  # else it is another machine's, and that one's keeper sees to it
            _discard()
        return
    here, found = folder(), manifest.read(copy.parts)
    gone = set(Stale.objects.filter(purge=True).values_list("customer_id", flat=True))
    with rows.snapshot():
        folded = {number: customer for number, customer in _stale().items() if customer in gone}
        fresh = rows.of(gone)
    try:
        made = [_without(here, part, gone, fresh) for part in found]
    except (OSError, duckdb.Error):
        log.exception("the copy of the facts in columns cannot be read; it is deleted and made again")
        _discard()
        return
    commit(made, copy.watermark, folded, now)


def _without(here: Path, part: Part, gone: Collection[int], fresh: pa.Table) -> Part:
    """The part without these customers' old rows and with their fresh ones; the same where it has none of either."""
    theirs = {customer for customer in gone if part.first <= customer <= part.last}
    if not theirs or not (theirs & parts.customers(here, part) or parts.within(part, fresh)):
        return part
    return parts.write(here, [part], fresh, part.bounds, theirs)


def discard() -> None:
    """Delete the copy: whoever asks reads the rows until it is made again. Raises Unavailable where it is written."""
    with _sole_keeper():
        _discard()


def _discard() -> None:
    with turn():
        Copy.objects.all().delete()
        Stale.objects.all().delete()
    _sweep(())


def _good(now: datetime) -> bool:
    """Whether every byte is what was written."""
    copy = current()
    try:
        good = copy is not None and all(
            parts.digest(folder(), one.file) == one.digest for one in manifest.read(copy.parts)
        )
    except OSError:
        return False
    if good and copy is not None:
        Copy.objects.filter(pk=copy.pk).update(checked_at=now)
    return good


def _stale() -> dict[int, int]:
    """Marks by their number: whose they are."""
    return dict(Stale.objects.values_list("pk", "customer_id"))


def commit(
    found: Sequence[Part], watermark: int, folded: Collection[int], now: datetime, *, checked: bool = False
) -> None:
    """Let these parts be the copy, and forget these marks, in one turn; files in no part are deleted."""
    with turn():
        copy = Copy.objects.first() or Copy()
        copy.home, copy.watermark, copy.parts, copy.made_at = home(), watermark, manifest.written(found), now
        copy.checked_at = now if checked else copy.checked_at
        copy.save()
        Stale.objects.filter(pk__in=folded).delete()
    _sweep(found)


def _sweep(kept: Collection[Part]) -> None:
    """Delete every file of the copy that is in no part, and what dead processes left."""
    here = folder()
    names = {name for part in kept for name in (part.file, part.firsts)}
    for path in here.glob("*.parquet*"):
        if path.name not in names:
            path.unlink(missing_ok=True)
    duck.sweep(here / "spill")


@contextlib.contextmanager
def _sole_keeper() -> Iterator[None]:
    """Hold the copy. Raises Unavailable where another process does."""
    folder().mkdir(mode=0o700, exist_ok=True)
    with (folder() / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable("the copy of the facts in columns is being written") from error
        yield
