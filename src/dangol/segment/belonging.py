"""The leaves that ask what a customer belongs to: hand-kept lists and topics, each decided by the newest fact."""

from __future__ import annotations

from dangol.segment import operands
from dangol.segment.language import Condition, Equals, Name, NoneOf, OneOf, Path, Picked, Rule
from dangol.segment.operands import Reading, below
from dangol.segment.shapes import Shape, inside, only

BOOLEANS = OneOf((True, False))


def listed(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """On a hand-kept list: the newest `List Changed` of it says member. The facts of its first making need not tell."""
    known = only(reading, pointer, shape, "list", "is")
    key = operands.text(reading, below(pointer, "list"), shape["list"], "the key of a list")
    wanted = inside(reading, pointer, shape)
    if not known or key is None or wanted is None:
        return None
    making = reading.makings.get(key, 1)
    of_this = (Condition(Path(("making",)), Equals(making)),) if making > 1 else ()
    on = _newest("List Changed", "list", key, "member", said=True, also=of_this)
    return on if wanted else NoneOf((on,))


def topic(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """Subscribed to a topic: the newest `Topic Changed` of it says so, or none says no where it is opt-out."""
    known = only(reading, pointer, shape, "topic", "subscribed")
    key = operands.text(reading, below(pointer, "topic"), shape["topic"], "the key of a topic")
    at = below(pointer, "subscribed")
    wanted = operands.flag(reading, at, shape["subscribed"]) if "subscribed" in shape else True
    if not known or key is None or wanted is None:
        return None
    opt_out = key in reading.opt_out
    said = _newest("Topic Changed", "topic", key, "subscribed", said=not opt_out)
    return said if wanted != opt_out else NoneOf((said,))


def _newest(name: str, about: str, key: str, property_: str, said: bool, also: tuple[Condition, ...] = ()) -> Picked:
    """The newest fact about one thing says so; facts that say neither yes nor no are passed over."""
    where = (Condition(Path((about,)), Equals(key)), *also, Condition(Path((property_,)), BOOLEANS))
    return Picked(True, Name(name), where, (Condition(Path((property_,)), Equals(said)),))
