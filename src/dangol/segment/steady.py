"""Which leaves keep what facts of the past add up to: for them a long history need not be read again and again.

A leaf is steady when a fact of the past either counts for it or not, whatever the time is, but for the window that
the fact must lie in. Sequences are not, nor are leaves whose `where` asks for the time.
"""

from __future__ import annotations

from collections.abc import Iterable

from dangol.segment.language import (
    Anniversary,
    AnyItem,
    Calendar,
    Condition,
    Equals,
    Events,
    HeldFor,
    Measure,
    Not,
    Order,
    Picked,
    Primitive,
    Rolling,
    Sequence,
    Window,
)
from dangol.segment.needs import parts

ONLY_WHETHER = (Order(1, None), Order(0, None, strict=True), Equals(0.0), Order(None, 0), Order(None, 1, strict=True))


def steady(rule: Primitive) -> bool:
    """Whether what the facts of the past say to this leaf can be kept."""
    if isinstance(rule, Sequence):
        return False
    if not isinstance(rule, Events | Picked) or not timed(rule.where):
        return not isinstance(rule, Events) or rule.since_held is None or newest_decides(rule)
    return False


def newest_decides(rule: Events) -> bool:
    """Whether a leaf about events since a trait has its value asks for no more than the newest of them."""
    return rule.since_held is not None and only_whether(rule.measure) and rule.window == Window()


def only_whether(measure: Measure) -> bool:
    """Whether a count asks for no more than whether there is any."""
    test = measure.test
    while isinstance(test, Not):
        test = test.test
    return measure.kind == "count" and test in ONLY_WHETHER


def timed(conditions: Iterable[Condition]) -> bool:
    """Whether time alone can change what conditions say of a fact."""
    return any(
        isinstance(test, Rolling | Anniversary | Calendar | HeldFor)
        or (isinstance(test, AnyItem) and timed(test.where))
        for one in conditions
        for test in parts(one.test)
    )
