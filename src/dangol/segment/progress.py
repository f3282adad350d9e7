"""How far a customer is along a sequence: which fact satisfied which step, what came between, what is waited for.

The chain is followed as chains.py does it (an event keeps the latest event of the step before that it can follow), over
one customer's events, so that it can be shown. Instants are µs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dangol.segment import language
from dangol.segment.language import MILLISECOND, Step, Window

State = Literal["met", "absent", "waiting", "missing", "broken", "unreached"]
"""met: a fact satisfies the step. absent: what must not happen did not. waiting: nor so far, and its time is not over.
missing: no fact satisfies it. broken: what must not happen did. unreached: an earlier step is not satisfied."""


@dataclass(frozen=True, slots=True)
class Place:
    """One step of the sequence, and the fact that satisfied it, or that must not have been."""

    state: State
    at: int | None = None


@dataclass(frozen=True, slots=True)
class _End:
    """An event that a chain has reached, and the one of it before."""

    at: int
    before: _End | None = None

    def back(self) -> list[int]:
        return [*(self.before.back() if self.before else []), self.at]


def places(rule: language.Sequence, events: Mapping[int, Sequence[int]], t: int) -> list[Place]:
    """What became of each step at t; `events`: step → when facts are that one, up to t, in order."""
    reached = [_End(at) for at in events[0] if lies_in(rule.window, at, t)]
    if not reached:
        return _filled(rule, [Place("missing")])
    waiting: list[int] = []
    for place, step in enumerate(rule.steps[1:], 1):
        if step.absent:
            waiting.append(place)
            continue
        calm = [end for end in reached if _first_broken(rule, waiting, end.at, None, events) is None]
        following = _next(rule, place, calm, waiting, events)
        if not following:
            return _filled(rule, _stuck(rule, (calm or reached)[-1], waiting, place, events))
        reached, waiting = following, []
    return _ended(rule, reached, waiting, events, t)


def lies_in(window: Window, at: int, t: int) -> bool:
    low, high = window.low, window.high
    rolling = at + window.after <= t and (window.until is None or t <= at + window.until)
    return rolling and (low is None or low <= at) and (high is None or at <= high)


def _next(
    rule: language.Sequence,
    place: int,
    calm: Sequence[_End],
    waiting: Sequence[int],
    events: Mapping[int, Sequence[int]],
) -> list[_End]:
    """The events of a step that can follow one of the ends."""
    ats, found = [end.at for end in calm], []
    ever = [one for one in waiting if rule.steps[one].within is None]
    within = rule.steps[place].within
    for at in events[place]:
        number = bisect_right(ats, at - MILLISECOND) - 1
        if number < 0 or (within is not None and at - ats[number] > within):
            continue
        if all(_between(events[one], ats[number] + MILLISECOND, at - MILLISECOND) is None for one in ever):
            found.append(_End(at, calm[number]))
    return found


def _between(ats: Sequence[int], first: int, last: int) -> int | None:
    """The first of some instants from one to another, both in."""
    number = bisect_left(ats, first)
    return ats[number] if number < len(ats) and ats[number] <= last else None


def _first_broken(
    rule: language.Sequence, waiting: Sequence[int], at: int, until: int | None, events: Mapping[int, Sequence[int]]
) -> tuple[int, int] | None:
    """The first step of those that must not happen after `at` which did, and when; those without a time of their own
    count up to `until`, and not at all where that is None."""
    found = []
    for place in waiting:
        within = rule.steps[place].within
        end = at + within if within is not None else until
        hit = None if end is None else _between(events[place], at + MILLISECOND, end)
        if hit is not None:
            found.append((hit, place))
    return (min(found)[1], min(found)[0]) if found else None


def _stuck(
    rule: language.Sequence, end: _End, waiting: Sequence[int], place: int, events: Mapping[int, Sequence[int]]
) -> list[Place]:
    """A chain that did not come to a step: something came between, or nothing came at all."""
    then = _between(events[place], end.at + MILLISECOND, end.at + _most(rule.steps[place]))
    broken = _first_broken(rule, waiting, end.at, None if then is None else then - MILLISECOND, events)
    told = _passed(rule, end)
    if broken is None:
        return [*told, Place("missing")]
    return [Place("broken", broken[1]) if number == broken[0] else one for number, one in enumerate(told)]


def _most(step: Step) -> int:
    return language.LONGEST if step.within is None else step.within


def _ended(
    rule: language.Sequence,
    reached: Sequence[_End],
    waiting: Sequence[int],
    events: Mapping[int, Sequence[int]],
    t: int,
) -> list[Place]:
    """All that is to happen has: of the chains the newest that holds, else the newest that may yet."""
    wait = max((one.within + MILLISECOND for p in waiting if (one := rule.steps[p]).within is not None), default=0)
    calm = [end for end in reached if _first_broken(rule, waiting, end.at, t, events) is None]
    due = [end for end in calm if end.at + wait <= t]
    end = (due or calm or reached)[-1]
    told = _passed(rule, end)
    if not calm:
        place, at = _first_broken(rule, waiting, end.at, t, events) or (waiting[-1], t)
        return [Place("broken", at) if number == place else one for number, one in enumerate(told)]
    open_ = {p for p in waiting if (one := rule.steps[p]).within is not None and end.at + one.within + MILLISECOND > t}
    return [Place("waiting") if number in open_ else one for number, one in enumerate(told)]


def _passed(rule: language.Sequence, end: _End) -> list[Place]:
    """The steps up to an end, and those behind it that must not happen, as if they did not."""
    met = end.back()
    told: list[Place] = []
    for step in rule.steps:
        if step.absent:
            told.append(Place("absent"))
        elif met:
            told.append(Place("met", met.pop(0)))
        else:
            break
    return told


def _filled(rule: language.Sequence, told: Sequence[Place]) -> list[Place]:
    return [*told, *[Place("unreached")] * (len(rule.steps) - len(told))]
