"""Who may send facts: sources, and the public write keys that let their facts in.

A source has up to two live keys, so that a shop can move its pages from one to the next while both are taken.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.collect.facts import OWN
from dangol.collect.models import Source, WriteKey

PREFIX = "dgw_"
MOST_KEYS = 2  # live at a time
NAME_LONGEST = 200
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RESERVED = (OWN, "import")  # facts of our own and of files: their word counts for more
NOTED_EVERY = timedelta(minutes=1)  # how exactly the last use is known


@dataclass(frozen=True, slots=True)
class Open:
    """What a live write key opens."""

    id: int  # of the key
    source: str
    shorten_ip: bool


def add(key: str, name: str, now: datetime) -> Source:
    """A new source with a first write key. Raises Invalid for its key or name, Conflict where the key is taken."""
    faults = []
    if not KEY.fullmatch(key) or key in RESERVED:
        allowed = f"1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit; not {' or '.join(RESERVED)}"
        faults.append(Fault("/key", repr(key), allowed))
    if not 0 < len(name.strip()) <= NAME_LONGEST:
        faults.append(Fault("/name", f"{len(name.strip())} characters", f"1 to {NAME_LONGEST}"))
    if faults:
        raise Invalid(faults)
    with transaction.atomic():
        source, new = Source.objects.get_or_create(key=key, defaults={"name": name.strip(), "created_at": now})
        if not new:
            raise Conflict(f"there is a source {key!r} already")
        add_key(key, now)
    return source


def add_key(source_key: str, now: datetime) -> WriteKey:
    """One more live key for a source. Raises Conflict where it has two: revoke one first."""
    with transaction.atomic():
        source = _source(source_key)
        if len(source.live_keys()) >= MOST_KEYS:
            raise Conflict(f"{source_key} has {MOST_KEYS} live write keys; revoke one first")
        return WriteKey.objects.create(source=source, key=PREFIX + secrets.token_urlsafe(18), created_at=now)


def revoke_key(key_id: int, now: datetime) -> None:
    """Let a key open nothing any more: requests with it are refused within seconds."""
    if not WriteKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=now):
        raise NotFound(f"there is no live write key {key_id}")


def enable(source_key: str) -> None:
    """Take a source's facts again."""
    _change(source_key, enabled=True)


def disable(source_key: str) -> None:
    """Refuse a source's facts, whichever key they come with."""
    _change(source_key, enabled=False)


def shorten_ip(source_key: str, on: bool) -> None:
    """Whether only the network part of its visitors' addresses is kept."""
    _change(source_key, shorten_ip=on)


def opened() -> dict[str, Open]:
    """What every live key of every source opens that is switched on."""
    rows = WriteKey.objects.filter(revoked_at=None, source__enabled=True)
    found = rows.values_list("key", "pk", "source__key", "source__shorten_ip")
    return {key: Open(pk, source, shortened) for key, pk, source, shortened in found}


def note_used(at: Mapping[int, datetime]) -> None:
    """Note when keys were last used; at most once a minute a key."""
    for key_id, when in at.items():
        due = Q(last_used_at=None) | Q(last_used_at__lte=when - NOTED_EVERY)
        WriteKey.objects.filter(due, pk=key_id).update(last_used_at=when)


def _source(key: str) -> Source:
    found = Source.objects.select_for_update().filter(key=key).first()
    if found is None:
        raise NotFound(f"there is no source {key!r}")
    return found


def _change(key: str, **values: bool) -> None:
    if not Source.objects.filter(key=key).update(**values):
        raise NotFound(f"there is no source {key!r}")
