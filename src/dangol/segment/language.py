"""The few primitives every rule comes down to: trees of frozen values, all times in microseconds.

An instant test is always the same shape: something that happened at `v` holds from `v + after` to `v + until`, both
ends included; without `until` it holds for ever after. `within: 7d` is (0, 7d), `older_than: 7d` (7d and a
microsecond, for ever), `in_next: 7d` (-7d, a microsecond before v).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Scalar = str | float | bool

LONGEST = 10**18  # µs; a longer span reaches over every instant a calendar has, and fits 64 bits when added to one
DAY = 86_400_000_000
MILLISECOND = 1_000
SUMMED_BELOW = 1e15  # a number as large either way enters no sum and no average: what it is added to would be lost


@dataclass(frozen=True, slots=True)
class Path:
    """Where a value stands: keys of nested objects, in the properties, a trait's value or the fact itself."""

    keys: tuple[str, ...]
    root: str = ""  # "" properties or the value at hand; "$context", "$timestamp", "$name", "$type": the fact itself


SELF = Path(())


# --- tests of one value ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Equals:
    value: Scalar


@dataclass(frozen=True, slots=True)
class OneOf:
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A number in a range; an end that is None is open for ever."""

    low: float | None
    high: float | None
    strict: bool = False  # the ends themselves do not count


@dataclass(frozen=True, slots=True)
class Text:
    how: str  # contains, starts_with, ends_with
    operand: str


@dataclass(frozen=True, slots=True)
class Matches:
    pattern: str  # RE2


@dataclass(frozen=True, slots=True)
class Exists:
    pass


@dataclass(frozen=True, slots=True)
class Includes:
    """A list with any, or with every one, of these in it."""

    values: tuple[Scalar, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Length:
    test: Test


@dataclass(frozen=True, slots=True)
class AnyItem:
    """A list with an object in it for which all conditions hold."""

    where: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """An instant from `low` to `high`, both included, whatever the time is now."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Rolling:
    """An instant v with v + after <= t <= v + until."""

    after: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Anniversary:
    """Today is at most `before` days before, or `behind` days after, a day of an instant's later years."""

    before: int
    behind: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The day, week, month or year that an instant lies in is the one that is now, or the one `back` before it."""

    unit: str  # day, week, month, year: of the shop's calendar, weeks from Monday on
    back: int


@dataclass(frozen=True, slots=True)
class HeldFor:
    """A trait's present value began at v with v + after <= t <= v + until."""

    after: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Distance:
    """A place so many kilometres from a point; a value that is no place is never there."""

    lat: float
    lon: float
    test: Test


@dataclass(frozen=True, slots=True)
class Not:
    test: Test


@dataclass(frozen=True, slots=True)
class Either:
    tests: tuple[Test, ...]


Test = (
    Equals | OneOf | Order | Text | Matches | Exists | Includes | Length | AnyItem | Times | Rolling | Anniversary
    | Calendar | HeldFor | Distance | Not | Either
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of the value at a path."""

    path: Path
    test: Test


# --- primitives -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """The events a leaf looks at: of one name, or all whose name begins so."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """An event at e lies in it when e + after <= t <= e + until and low <= e <= high."""

    after: int = 0
    until: int | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is made of the events in the window, and what it must be."""

    kind: str  # count, sum, average, min, max, distinct
    of: Path | None
    test: Test


ONCE = Measure("count", None, Order(1, None))


@dataclass(frozen=True, slots=True)
class Trait:
    path: Path
    test: Test


@dataclass(frozen=True, slots=True)
class Events:
    name: Name
    where: tuple[Condition, ...] = ()
    measure: Measure = ONCE
    window: Window = Window()
    minimum_age: int = 0
    since_held: Path | None = None  # only events since this trait has had its present value


@dataclass(frozen=True, slots=True)
class Picked:
    """The newest or oldest event that `where` picks, judged by window and `having`."""

    newest: bool
    name: Name
    where: tuple[Condition, ...] = ()
    having: tuple[Condition, ...] = ()
    window: Window = Window()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence: an event at most `within` after the step before, or none in that time."""

    name: Name
    where: tuple[Condition, ...] = ()
    within: int | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events in order: the first lies in the window, each is later than the one before by a millisecond or more."""

    steps: tuple[Step, ...]
    window: Window = Window()


@dataclass(frozen=True, slots=True)
class Reference:
    key: str


@dataclass(frozen=True, slots=True)
class Bucket:
    salt: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """At least `confidence` of the posterior of a figure lies in a range."""

    figure: str
    test: Order
    confidence: float


Primitive = Trait | Events | Picked | Sequence | Reference | Bucket | Forecast


# --- trees ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf as it was written and where (JSON Pointer), with what it comes down to."""

    pointer: str
    written: str  # its JSON
    rule: Rule


@dataclass(frozen=True, slots=True)
class All:
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class NoneOf:
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Exactly:
    k: int
    rules: tuple[Rule, ...] = ()


Rule = All | AnyOf | NoneOf | Exactly | Leaf | Primitive
EVERYBODY, NOBODY = All(), AnyOf()


def leaves(rule: Rule) -> Iterator[Leaf]:
    """The leaves as they were written, in order."""
    if isinstance(rule, Leaf):
        yield rule
    elif isinstance(rule, All | AnyOf | NoneOf | Exactly):
        for child in rule.rules:
            yield from leaves(child)


def primitives(rule: Rule) -> Iterator[Primitive]:
    """The primitives a rule comes down to, in order."""
    if isinstance(rule, Leaf):
        yield from primitives(rule.rule)
    elif isinstance(rule, All | AnyOf | NoneOf | Exactly):
        for child in rule.rules:
            yield from primitives(child)
    else:
        yield rule
