"""Segments as people keep them: saved as a draft or at work, changed, put away, brought back.

In: rules that people save. Out: segments whose members are computed over all history there is.
Promise: a rule that was accepted never fails when it is evaluated; one that is refused changes nothing; the members of
the version before stand until those of the new one are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dangol.base.errors import Conflict, Fault, Invalid, NotFound
from dangol.base.turns import turn
from dangol.profile import reads as profile
from dangol.profile import topics
from dangol.segment import computing, days, rules
from dangol.segment.active import COMING, all_active, makings, newest, rules_of, visible, zone
from dangol.segment.computing import Version
from dangol.segment.models import List, Member, Segment
from dangol.segment.parse import Shape, read_segment
from dangol.segment.referring import named, referring

SMALL = 100_000  # customers up to whom saving waits until the members are right
STATES = ("draft", "active")


def save(key: str, shape: Mapping[str, Any], now: datetime, *, wait: bool | None = None, filed: Any = None) -> Segment:
    """Make or change a segment; its members are computed over all history there is, and nobody is told.

    `state` in the shape says draft or active; without it a draft stays one, and anything else is active. In a shop of
    up to SMALL customers the members are right when this returns, in a larger one they are computed behind it (see
    `computing`); `wait` says otherwise. `filed` is what the file says that this came from.
    Raises Invalid with every fault, Conflict where a draft is to be made of what others refer to; what is stored is
    then unchanged.
    """
    with turn():
        told, state = check(shape, key), _state(shape)
        before = _newest(told.key)
        if state is None:
            state = "draft" if before is not None and before.state == "draft" else "active"
        if before is not None and _same(before, told, state):
            return _renamed(before, told.name, now, filed)
        version = Version(
            key=told.key,
            name=told.name,
            rule=told.where,
            version=before.version + 1 if before else 1,
            created_at=before.created_at if before else now,
            updated_at=now,
            filed=filed if filed is not None else before.filed if before else None,
        )
        if state == "draft":
            _draft(version, now)
        else:
            computing.begin([version])
    settle(wait, now)
    return newest(told.key)


def _newest(key: str) -> Segment | None:
    try:
        return newest(key)
    except NotFound:
        return None


def _state(shape: Mapping[str, Any]) -> str | None:
    state = shape.get("state")
    if state is not None and state not in STATES:
        raise Invalid([Fault("/state", repr(state), " or ".join(STATES))])
    return state


def _same(before: Segment, told: Shape, state: str) -> bool:
    was = {"computing": "active"}.get(before.state, before.state)
    return was == state and before.rule == told.where


def _renamed(row: Segment, name: str, now: datetime, filed: Any) -> Segment:
    if row.name != name or (filed is not None and row.filed != filed):
        row.updated_at = now if row.name != name else row.updated_at
        row.name, row.filed = name, filed if filed is not None else row.filed
        row.save(update_fields=["name", "updated_at", "filed"])
    return row


def _draft(version: Version, now: datetime) -> None:
    """A draft has no members; what was at work under its key ends."""
    row = Segment.objects.filter(key=version.key).first() or Segment(key=version.key)
    if row.state == "active" and row.pk:
        _refuse_if_used(version.key)
    _leave_members(row, now)
    row.name, row.rule, row.state, row.version = version.name, version.rule, "draft", version.version
    row.created_at, row.updated_at, row.filed = version.created_at, version.updated_at, version.filed
    row.save()
    computing.withdraw(version.key)


def _leave_members(row: Segment, now: datetime) -> None:
    """Let the segment become a row of its own, with nobody in it; the one with the members goes behind it, in parts."""
    held = Member.objects.filter(segment_id=row.pk).count() if row.pk else 0
    if held:
        days.shift({row.key: -held}, now, zone())
        computing.put_aside([Segment.objects.get(pk=row.pk)])
        row.pk, row._state.adding = None, True


def settle(wait: bool | None, now: datetime) -> None:
    """Compute what waits, where the shop is small or `wait` says so; what else waits is left to the background."""
    if wait if wait is not None else profile.count() <= SMALL:
        computing.finish(now)


def check(shape: Any, key: str | None = None, beside: Mapping[str, Any] | None = None) -> Shape:
    """The segment that a shape says, if it can be saved; `beside` are rules that will stand when it is.

    Raises Invalid with every fault.
    """
    told = read_segment(bare(shape), zone(), key, topics.opt_out(), makings())
    others = known() | dict(beside or {})
    faults = rules.reference_faults(told.key, told.rule, {key: one for key, one in others.items() if key != told.key})
    asked = rules.named_in(told.where, "list")
    there = set(List.objects.filter(key__in=asked, removed_at=None).values_list("key", flat=True)) if asked else set()
    faults += [Fault(at, repr(one), "the key of a list") for one, at in asked.items() if one not in there]
    faults += topics.faults(rules.named_in(told.where, "topic"))
    if faults:
        raise Invalid(faults)
    return told


def check_rule(where: Any, at: str) -> list[Fault]:
    """What is wrong with a rule that is to be kept without a name; it stands at the pointer `at`."""
    try:
        check({"key": "unnamed-rule", "where": where})
    except Invalid as error:
        return [replace(fault, path=at + fault.path.removeprefix("/where")) for fault in error.faults]
    return []


def bare(shape: Any) -> Any:
    """A shape without the state, which is no part of the language."""
    return {word: value for word, value in shape.items() if word != "state"} if isinstance(shape, Mapping) else shape


def known() -> dict[str, Any]:
    """The rules, of those that people know, that are at work or will be when they are computed."""
    return _coming(visible(), Segment.shown.filter(state__in=COMING))


def _coming(active: Iterable[Segment], coming: Iterable[Segment]) -> dict[str, Any]:
    """Rules by key; those of versions that are being computed stand for the ones before."""
    rows = {row.key: row for row in active}
    for row in coming:
        row.key = row.stands_for
        rows[row.key] = row
    return dict(rules_of(list(rows.values()), zone()))


def activate(key: str, now: datetime, *, wait: bool | None = None) -> Segment:
    """Let a draft work, or bring an archived segment back. Raises NotFound, and Invalid as saving does."""
    row = newest(key)
    return save(key, {"name": row.name, "where": row.rule, "state": "active"}, now, wait=wait)


def archive(key: str, now: datetime) -> None:
    """Put a segment or a draft away: nobody is in it any more.

    Raises NotFound, and Conflict while another segment or an active campaign stands on it.
    """
    with turn():
        row = newest(key)
        if row.state == "archived":
            raise NotFound(f"no segment {key}")
        if row.state != "draft":
            _refuse_if_used(key)
        standing = Segment.objects.filter(key=key).first()
        if standing is None:  # it was never at work
            standing = Segment.objects.create(
                key=key, name=row.name, rule=row.rule, version=row.version,
                created_at=row.created_at, updated_at=now, filed=row.filed,
            )  # fmt: skip
        _leave_members(standing, now)
        standing.state, standing.updated_at = "archived", now
        standing.save()
        computing.withdraw(key)
    settle(None, now)


def _refuse_if_used(key: str) -> None:
    every = _coming(all_active(), Segment.objects.filter(state__in=COMING))
    others = named(other for other, rule in every.items() if key in rules.references(rule))
    if users := sorted({*others, *referring("segment", key)}):
        raise Conflict(f"segment {key} is used by {', '.join(users)}; change that first")


def recompute(now: datetime, *, wait: bool | None = None) -> None:
    """Compute every segment anew over all history, and tell nobody: after the shop has moved to another time zone."""
    with turn():
        computing.begin([computing.version_of(row) for row in all_active()])
    settle(wait, now)
