"""What erasures leave to do: after a crash, for facts that came since, for messages that were in hand, after a restore.

In: the house's own timetable. Out: the same files as after an erasure that nothing disturbed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from dangol.base.instants import iso, parse_instant
from dangol.base.models import region
from dangol.base.turns import turn
from dangol.collect import forgetting as collect
from dangol.collect.log import FILE as LOG
from dangol.collect.log import Entry
from dangol.collect.rules import normalise
from dangol.collect.shops import forgetting as shops
from dangol.deliver import forgetting as deliver
from dangol.privacy import erasure, files, rules, tombstones
from dangol.privacy.models import ErasedCustomer, Erasure, Withheld

SOON, SELDOM = timedelta(seconds=10), timedelta(hours=1)  # after the first such fact, in a small log and in a large one
LARGE = 256 * 1024 * 1024  # bytes
_late: set[str] = set()  # what to look for; in memory only. After a restart the files are written anew unasked
RECENT = timedelta(days=2)  # how long a message that was in a worker's hands is watched


def tidy(now: datetime, at_once: int = 2_000) -> int:
    """What erasures left to do, after a crash, for facts that came since, for messages that were in hand; how much."""
    done = _empty_withheld(now, at_once)
    for one in Erasure.objects.filter(finished_at__isnull=True)[:at_once]:
        if _is_time(one, now):
            erasure.finish(one, now, _late)
            _late.clear()
            done += 1
    recent = ErasedCustomer.objects.filter(erasure__at__gte=now - RECENT)
    ids = list(recent.values_list("pk", flat=True))
    if ids and deliver.leftovers(ids):
        with turn():
            deliver.forget(ids, now)
        files.settle()
        done += 1
    return done


def _is_time(one: Erasure, now: datetime) -> bool:
    """Whether to look through the files again for facts that came late: not for each, a large log seldom."""
    since = parse_instant(one.todo.get("again_since"))
    log = settings.DANGOL.folder / LOG
    large = log.exists() and log.stat().st_size > LARGE
    return since is None or now - since >= (SELDOM if large else SOON)


def _empty_withheld(now: datetime, at_once: int) -> int:
    """Facts that arrived for erased persons are emptied in the log."""
    positions = list(Withheld.objects.order_by("position").values_list("position", flat=True)[:at_once])
    if not positions:
        return 0
    with contextlib.closing(collect.Emptying(settings.DANGOL.folder)) as log:
        entries = log.entries(positions)
        _empty_webhooks(entries)
        _look_again(entries, now)
        log.rename(positions, _unnamed_entry)
        log.empty(positions, rules.EMPTY)
        log.settle()
    Withheld.objects.filter(pk__in=positions).delete()
    return len(positions)


def _look_again(entries: Sequence[Entry], now: datetime) -> None:
    """Pages that were split may hold the facts' old bytes in their gaps: the newest erasure is to look once more."""
    newest = Erasure.objects.order_by("-at", "-pk").first()
    where = region()
    told = {key for entry in entries for key in rules.keys_of(normalise(entry, where))}
    emails, phones = ({value for name, value in tombstones.buried(told) if name == kind} for kind in ("email", "phone"))
    texts = rules.spellings((msgspec.json.decode(entry.body) for entry in entries), emails, phones) | emails | phones
    if newest is None or not texts:
        return
    _late.update(texts)
    if not newest.todo:
        newest.todo, newest.finished_at = {"anew": True, "again_since": iso(now)}, None
        newest.save(update_fields=["todo", "finished_at"])


def _empty_webhooks(entries: Iterable[Entry]) -> None:
    """A platform that goes on telling of an erased person told it in a webhook, which is kept for a while."""
    where = region()
    told = {key for entry in entries for key in rules.keys_of(normalise(entry, where))}
    dead = tombstones.buried(told)
    texts = [value for kind, value in dead if kind in {"email", "phone"} and rules.names_of([value])]
    if dead:
        shops.forget(dead, texts)
        files.settle()


def _unnamed_entry(entry: Entry) -> str:
    """A fact that was withheld told only some of the person's names: an id that may be another is replaced as well."""
    return f"erased:{entry.position}" if rules.may_name(entry.message_id) else entry.message_id


def replay(now: datetime) -> int:
    """After a backup was restored: who was erased since it was made is erased again; how many customers."""
    folder = settings.DANGOL.folder
    stones = tombstones.unknown(folder)
    if not stones:
        tombstones.mirror(folder)
        return 0
    again = tombstones.risen(stones)
    for customer in sorted(again):
        erasure.forget(customer, now, reason="erased before a backup was restored", whole=True)
    for stone in stones:
        stone.save()
    return len(again)
