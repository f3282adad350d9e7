"""Reads the steps that do something other than saying it: facts, changes, other campaigns, leaving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dangol.campaign.definition import Change, Emit, Exit, Give, GoTo
from dangol.campaign.entries import OUR_DOING
from dangol.campaign.shape import Reader

TALK = {"Message Received", "Conversation Opened", "Conversation Replied", "Conversation Closed"}
COUPONS = {"Coupon Redeemed", "Coupon Freed", "Coupon Expired"}
OTHERS = {"Segment Entered", "Segment Left", "Consent Changed", "List Changed", "Order Completed"}
RESERVED = OUR_DOING | TALK | COUPONS | OTHERS
WITHOUT = ("exit", "continue")
LONGEST_SIZE = 20
DEEPEST = 5


def emit(read: Reader, given: object, at: str) -> Emit:
    """`{fact, properties}`: a fact about the customer, told by the shop itself."""
    shape = read.mapping(given, at, ("fact", "properties"))
    name = read.text(shape.get("fact"), f"{at}/fact", most=200)
    if name in RESERVED:
        read.fault(f"{at}/fact", name, "a name that Dangol does not use itself")
    return Emit(name, values(read, shape.get("properties", {}), f"{at}/properties"))


def change(read: Reader, given: object, at: str) -> Change:
    """Exactly one of `{traits}`, `{list, on}`, `{consent: {channel, purpose, state}}`, `{topic, subscribed}`."""
    shape = read.mapping(given, at, ("traits", "list", "on", "consent", "topic", "subscribed"))
    kinds = [word for word in ("traits", "list", "consent", "topic") if word in shape]
    if len(kinds) != 1:
        read.fault(at, given, "one of traits, list, consent or topic")
        return Change()
    beside = {"list": ("on",), "topic": ("subscribed",)}.get(kinds[0], ())
    for word in shape:
        if word not in (kinds[0], *beside):
            read.fault(f"{at}/{word}", word, f"beside {kinds[0]}: {', '.join(beside) or 'nothing'}")
    match kinds[0]:
        case "traits":
            return Change(traits=values(read, shape["traits"], f"{at}/traits", least=1))
        case "list":
            return Change(list_key=read.key(shape["list"], f"{at}/list"), on=read.flag(shape, "on", at, default=True))
        case "consent":
            return Change(consent=_consent(read, shape["consent"], f"{at}/consent"))
        case _:
            subscribed = read.flag(shape, "subscribed", at, default=True)
            return Change(topic=read.key(shape["topic"], f"{at}/topic"), on=subscribed)


def _consent(read: Reader, given: object, at: str) -> dict[str, str]:
    """A journey may take a consent back. It can give none: nobody said yes."""
    shape = read.mapping(given, at, ("channel", "purpose", "state"))
    return {
        "channel": read.key(shape.get("channel"), f"{at}/channel"),
        "purpose": read.key(shape.get("purpose", "marketing"), f"{at}/purpose"),
        "state": read.choice(shape.get("state"), f"{at}/state", ("withdrawn", "denied")),
    }


def give(read: Reader, given: object, at: str) -> Give:
    """`{offer, without}`: a coupon; who gets none leaves, or goes on without."""
    shape = read.mapping(given, at, ("offer", "without"))
    without = read.choice(shape.get("without", "exit"), f"{at}/without", WITHOUT)
    return Give(read.key(shape.get("offer"), f"{at}/offer"), without)


def go_to(read: Reader, given: object, at: str) -> GoTo:
    return GoTo(read.key(given, at))


def leave(read: Reader, given: object, at: str) -> Exit:
    if given is not True:
        read.fault(at, given, "true")
    return Exit()


# --- values that may hold Liquid ------------------------------------------------------------------------------------


def values(read: Reader, given: object, at: str, *, least: int = 0) -> Mapping[str, Any]:
    """An object of plain values; its texts may be Liquid."""
    if not isinstance(given, Mapping) or not least <= len(given) <= LONGEST_SIZE:
        read.fault(at, given, f"an object of {least} to {LONGEST_SIZE} values")
        return {}
    for name, value in given.items():
        _value(read, value, f"{at}/{name}", 1)
    return dict(given)


def _value(read: Reader, value: object, at: str, depth: int) -> None:
    if depth > DEEPEST:
        read.fault(at, value, f"values at most {DEEPEST} deep")
    elif isinstance(value, str):
        if value:
            read.liquid(value, at, most=2000)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            _value(read, one, f"{at}/{name}", depth + 1)
    elif isinstance(value, list):
        for number, one in enumerate(value[:LONGEST_SIZE]):
            _value(read, one, f"{at}/{number}", depth + 1)
    elif value is not None and not isinstance(value, bool | int | float):
        read.fault(at, value, "a text, a number, true, false, a list or an object")
