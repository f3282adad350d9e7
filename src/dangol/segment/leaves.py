"""The leaves of the language: each is read, and what is only a manner of speaking is rewritten into primitives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dangol.segment import operands
from dangol.segment.belonging import listed, topic
from dangol.segment.comparisons import DATES, PROPERTY, QUANTITIES, TRAIT, comparison, conditions, path_of, quantity
from dangol.segment.foretelling import predicted
from dangol.segment.grid import rfm
from dangol.segment.language import (
    NOBODY,
    ONCE,
    Bucket,
    Condition,
    Either,
    Equals,
    Events,
    Exists,
    Measure,
    Name,
    NoneOf,
    Not,
    OneOf,
    Path,
    Picked,
    Reference,
    Rule,
    Test,
    Trait,
)
from dangol.segment.operands import Reading, below
from dangol.segment.paths import ALLOWED as PATH_ALLOWED
from dangol.segment.paths import trait_path
from dangol.segment.places import near
from dangol.segment.reaching import reachable
from dangol.segment.sequences import sequence
from dangol.segment.shapes import Shape, inside, name_of, only
from dangol.segment.windows import WINDOWS, in_calendar, window

MEASURES = ("count", "sum", "average", "min", "max", "distinct")
STATES = ("granted", "expired", "denied", "withdrawn")
GOT = {
    "sent": "Message Sent",
    "delivered": "Email Delivered",
    "opened": "Email Opened",
    "clicked": "Email Link Clicked",
    "replied": "Message Replied",
    "bounced": "Email Bounced",
    "complained": "Email Marked as Spam",
}


def _trait(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    at = below(pointer, "trait")
    path = trait_path(shape["trait"]) if isinstance(shape["trait"], str) else None
    if path is None:
        reading.refuse(at, shape["trait"], PATH_ALLOWED)
    test = comparison(reading, pointer, shape, TRAIT, {"trait"})
    return None if path is None or test is None else Trait(path, test)


def _event(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    known = only(reading, pointer, shape, "event", "where", *MEASURES, *WINDOWS, "minimum_age")
    name = name_of(reading, below(pointer, "event"), shape["event"])
    where = conditions(reading, below(pointer, "where"), shape.get("where", []))
    measure = _measure(reading, pointer, shape)
    lies = window(reading, pointer, shape)
    age = operands.span(reading, below(pointer, "minimum_age"), shape["minimum_age"]) if "minimum_age" in shape else 0
    if not known or name is None or where is None or measure is None or lies is None or age is None:
        return None
    return Events(name, (*where, *in_calendar(shape)), measure, lies, age)


def _measure(reading: Reading, pointer: str, shape: Shape) -> Measure | None:
    given = [word for word in MEASURES if word in shape]
    if not given:
        return ONCE
    if len(given) > 1:
        reading.refuse(pointer, ", ".join(given), f"one measure: {', '.join(MEASURES)}")
        return None
    [kind], at = given, below(pointer, given[0])
    value = shape[kind]
    if kind == "count":
        test = quantity(reading, at, value, operands.whole)
        return None if test is None else Measure(kind, None, test)
    if not isinstance(value, Mapping):
        reading.refuse(at, value, "{of: property, <comparison>}")
        return None
    of = path_of(reading, below(at, "of"), value.get("of"))
    read = operands.whole if kind == "distinct" else operands.number
    test = quantity(reading, at, value, read, also="of")
    return None if of is None or test is None else Measure(kind, of, test)


def _picked(newest: bool) -> Callable[[Reading, str, Shape], Rule | None]:
    subject = "last_event" if newest else "first_event"

    def read(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
        known = only(reading, pointer, shape, subject, "where", "having", *WINDOWS)
        name = name_of(reading, below(pointer, subject), shape[subject])
        where = conditions(reading, below(pointer, "where"), shape.get("where", []))
        having = conditions(reading, below(pointer, "having"), shape.get("having", []))
        lies = window(reading, pointer, shape)
        if not known or name is None or where is None or having is None or lies is None:
            return None
        return Picked(newest, name, where, (*having, *in_calendar(shape)), lies)

    return read


def _segment(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    known = only(reading, pointer, shape, "segment", "is")
    key = operands.text(reading, below(pointer, "segment"), shape["segment"], "the key of a segment")
    wanted = inside(reading, pointer, shape)
    if not known or key is None or wanted is None:
        return None
    return Reference(key) if wanted else NoneOf((Reference(key),))


def _consent(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """The newest `Consent Changed` of the channel and purpose decides; a fact without purpose is about marketing."""
    channel = operands.text(reading, below(pointer, "consent"), shape["consent"], "a channel, such as email")
    purpose = operands.text(reading, below(pointer, "purpose"), shape.get("purpose", "marketing"))
    state = shape.get("is", "granted")
    if state not in (*STATES, "none"):
        reading.refuse(below(pointer, "is"), state, ", ".join((*STATES, "none")))
    known = only(reading, pointer, shape, "consent", "purpose", "is", *DATES)
    dated = any(word in DATES for word in shape)
    when = comparison(reading, pointer, shape, DATES, {"consent", "purpose", "is"}) if dated and known else None
    if not known or channel is None or purpose is None or (dated and when is None):
        return None
    where = (
        Condition(Path(("channel",)), Equals(channel)),
        Condition(Path(("purpose",)), _purpose(purpose)),
        Condition(Path(("state",)), OneOf(STATES)),
    )
    return _newest_consent(where, state, when)


def _purpose(purpose: str) -> Test:
    return Either((Equals(purpose), Not(Exists()))) if purpose == "marketing" else Equals(purpose)


def _newest_consent(where: tuple[Condition, ...], state: str, when: Test | None) -> Rule:
    name = Name("Consent Changed")
    if state == "none":  # nothing was ever said, so it has no time either
        return NoneOf((Picked(True, name, where),)) if when is None else NOBODY
    having = [Condition(Path(("state",)), Equals(state))]
    if when is not None:
        having.append(Condition(Path((), "$timestamp"), when))
    return Picked(True, name, where, tuple(having))


def _survey(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    known = only(reading, pointer, shape, "survey", "score", "answer", *WINDOWS)
    key = operands.text(reading, below(pointer, "survey"), shape["survey"], "the key of a survey")
    lies = window(reading, pointer, shape)
    having = _judged(reading, pointer, shape)
    if not known or key is None or lies is None or having is None:
        return None
    return Picked(
        True,
        Name("Survey Answered"),
        (Condition(Path(("survey",)), Equals(key)),),
        (*having, *in_calendar(shape)),
        lies,
    )


def _judged(reading: Reading, pointer: str, shape: Shape) -> tuple[Condition, ...] | None:
    found: list[Condition] = []
    for word in ("score", "answer"):
        if word not in shape:
            continue
        value, at = shape[word], below(pointer, word)
        words = QUANTITIES if word == "score" else PROPERTY
        told = value if isinstance(value, Mapping) else {"is": value}
        test = comparison(reading, at, told, words, set())
        if test is None:
            return None
        found.append(Condition(Path((word,)), test))
    return tuple(found)


def _message(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    known = only(reading, pointer, shape, "message", "got", *MEASURES, *WINDOWS)
    about, at = shape["message"], below(pointer, "message")
    where = _about(reading, at, about)
    got = shape.get("got")
    if got not in list(GOT):
        reading.refuse(below(pointer, "got"), got, ", ".join(GOT))
        return None
    measure = _measure(reading, pointer, shape)
    lies = window(reading, pointer, shape)
    if not known or where is None or measure is None or lies is None:
        return None
    return Events(Name(GOT[got]), (*where, *in_calendar(shape)), measure, lies)


def _about(reading: Reading, pointer: str, about: Any) -> tuple[Condition, ...] | None:
    if not isinstance(about, Mapping):
        reading.refuse(pointer, about, "{campaign, step, variant, channel}, each of them optional")
        return None
    only(reading, pointer, about, "campaign", "step", "variant", "channel")
    told = {word: operands.text(reading, below(pointer, word), value) for word, value in about.items()}
    return tuple(Condition(Path((word,)), Equals(value)) for word, value in told.items() if value is not None)


def _bucket(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    known = only(reading, pointer, shape, "bucket", "percent", "from", "to")
    salt = operands.text(reading, below(pointer, "bucket"), shape["bucket"])
    if "percent" in shape and ("from" in shape or "to" in shape):
        reading.refuse(pointer, "percent with from or to", "percent, or from and to")
        return None
    bounds = (0, shape["percent"]) if "percent" in shape else (shape.get("from"), shape.get("to"))
    words = ("percent", "percent") if "percent" in shape else ("from", "to")
    low, high = (_percent(reading, below(pointer, word), bound) for word, bound in zip(words, bounds, strict=True))
    if not known or salt is None or low is None or high is None:
        return None
    if low > high:
        reading.refuse(pointer, f"from {low:g} to {high:g}", "from not above to")
        return None
    return Bucket(salt, low, high)


def _percent(reading: Reading, pointer: str, value: Any) -> float | None:
    if operands.is_number(value) and 0 <= value <= 100:
        return float(value)
    reading.refuse(pointer, value, "a number from 0 to 100")
    return None


LEAVES: dict[str, Callable[[Reading, str, Shape], Rule | None]] = {
    "trait": _trait,
    "event": _event,
    "last_event": _picked(newest=True),
    "first_event": _picked(newest=False),
    "segment": _segment,
    "consent": _consent,
    "survey": _survey,
    "message": _message,
    "bucket": _bucket,
    "sequence": sequence,
    "topic": topic,
    "list": listed,
    "rfm": rfm,
    "near": near,
    "reachable": reachable,
    "predicted": predicted,
}
