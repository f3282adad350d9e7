"""Segments without a name: rules that campaigns wait for, kept by the same live path and shown to nobody.

A hidden segment is named after its rule, so two campaigns that ask the same share one. No fact tells who enters or
leaves it: campaigns see the changes in the turn in which they happen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dangol.segment import computing
from dangol.segment.computing import Version
from dangol.segment.models import Segment
from dangol.segment.rules import HIDDEN, is_hidden


def key_of(where: Any) -> str:
    """The key under which a rule is kept; a rule that only names a segment is that segment."""
    if isinstance(where, Mapping) and set(where) == {"segment"} and isinstance(where["segment"], str):
        return where["segment"]
    told = json.dumps(where, sort_keys=True, ensure_ascii=False)
    return HIDDEN + hashlib.sha256(told.encode()).hexdigest()[:40]


def keep(wheres: Collection[Any], now: datetime) -> bool:
    """Let rules be kept; whether any has to be computed first (computing.finish does). Inside a turn.

    The rules were checked before: segment.steps.check_rule.
    """
    wanted = {key: where for where in wheres if is_hidden(key := key_of(where))}
    there = set(Segment.objects.filter(key__in=wanted, state="active").values_list("key", flat=True))
    coming = set(Segment.objects.filter(stands_for__in=wanted, state="computing").values_list("stands_for", flat=True))
    new = {key: where for key, where in wanted.items() if key not in there | coming}
    if new:
        computing.begin([Version(key, key, where, 1, now, now) for key, where in new.items()])
    return bool(new or coming)


def whole(keys: Collection[str]) -> bool:
    """Whether the members of all these segments are known."""
    return Segment.objects.filter(key__in=set(keys), state="active").count() == len(set(keys))


def drop_others(used: Collection[str]) -> None:
    """Put hidden segments away that nobody uses any more. Inside a turn."""
    computing.put_aside(Segment.objects.filter(key__startswith=HIDDEN, state="active").exclude(key__in=used))
    coming = Segment.objects.filter(stands_for__startswith=HIDDEN, state__in=("computing", "failed"))
    for key in coming.exclude(stands_for__in=used).values_list("stands_for", flat=True):
        computing.withdraw(key)
