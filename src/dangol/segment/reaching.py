"""The leaf `reachable`: there is an address for a channel, and nothing that came back speaks against it."""

from __future__ import annotations

from dangol.segment.language import (
    All,
    Condition,
    Either,
    Equals,
    Events,
    Exists,
    Matches,
    Name,
    NoneOf,
    Not,
    Path,
    Rule,
    Test,
    Trait,
)
from dangol.segment.operands import Reading, below
from dangol.segment.shapes import Shape, inside, only

ADDRESSES = {"email": "email", "sms": "phone", "kakao": "phone", "phone": "phone", "letter": "address"}
MAILBOX = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"


def reachable(reading: Reading, pointer: str, shape: Shape) -> Rule | None:
    """An address, and since it has been that, no hard bounce and no complaint."""
    known = only(reading, pointer, shape, "reachable", "is")
    channel, wanted = shape["reachable"], inside(reading, pointer, shape)
    if not (isinstance(channel, str) and channel in ADDRESSES):
        reading.refuse(below(pointer, "reachable"), channel, ", ".join(ADDRESSES))
        return None
    if not known or wanted is None:
        return None
    path = Path((ADDRESSES[channel],))
    about = Condition(Path(("channel",)), _channel(channel))
    hard = Condition(Path(("kind",)), Equals("hard"))
    back = (
        Events(Name("Email Bounced"), (about, hard), since_held=path),
        Events(Name("Email Marked as Spam"), (about,), since_held=path),
    )
    found = All((Trait(path, Matches(MAILBOX) if channel == "email" else Exists()), NoneOf(back)))
    return found if wanted else NoneOf((found,))


def _channel(channel: str) -> Test:
    """A fact about a letter that names no channel is about e-mail."""
    return Either((Equals(channel), Not(Exists()))) if channel == "email" else Equals(channel)
