"""Reads a step that says something: on which channel, as what class, in which versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dangol.campaign import contents
from dangol.campaign.definition import KEEPS, KEEPS_CALLS, MARKETING, TRANSACTIONAL, Message, Variant, Webhook
from dangol.campaign.shape import Reader

OWN = ("channel", "reach", "class", "keeps", "variants", "allocation", "priority", "outranked", "topic")
OUTRANKED = ("wait", "drop")  # what becomes of a message where a more important one takes the room a cap leaves
MOST_IMPORTANT = 100
ALLOCATIONS = ("fixed", "learning")
VARIANT = ("key", "share")
KINDS_OF_TASK = ("call", "letter", "visit", "check", "other")


def message(read: Reader, given: object, at: str) -> Message:
    """`{channel, class, <what the channel takes>}`, or `{reach: [channels], class, <channel>: {…}}`."""
    if not isinstance(given, Mapping):
        read.fault(at, given, "an object with channel, class and what the channel takes")
        return Message((), MARKETING, {})
    shape = {word: value for word, value in given.items() if word not in OWN}
    message_class = read.choice(given.get("class"), f"{at}/class", (MARKETING, TRANSACTIONAL))
    channels = _channels(read, given, at)
    variants = _variants(read, given, channels, at)
    messages = _messages(read, shape, channels, at, "reach" in given, bool(variants))
    for message in (*messages.values(), *(variant.message for variant in variants)):
        if allowed := contents.unfit(message, message_class):
            read.fault(f"{at}/class", message_class, allowed)
    beside = _beside(read, given, at, message_class)
    return Message(
        channels=channels,
        message_class=message_class,
        messages={channel: {**said, **beside} for channel, said in messages.items()},
        keeps=read.span(given["keeps"], f"{at}/keeps") if given.get("keeps") is not None else _keeps(channels),
        variants=tuple(replace(one, message={**one.message, **beside}) for one in variants),
        allocation=read.choice(given.get("allocation", "fixed"), f"{at}/allocation", ALLOCATIONS),
    )


def _keeps(channels: tuple[str, ...]) -> timedelta:
    return KEEPS_CALLS if channels == ("webhook",) else KEEPS


def _beside(read: Reader, given: Mapping[str, Any], at: str, message_class: str) -> dict[str, Any]:
    """What the gate has to know of a message: how important it is beside others, and which topic it belongs to.

    Nothing of what it does not say.
    """
    told: dict[str, Any] = {}
    if given.get("topic") is not None:
        told["topic"] = read.key(given["topic"], f"{at}/topic")
        if message_class == TRANSACTIONAL:
            read.fault(f"{at}/topic", given["topic"], "no topic: what is transactional is sent whoever is subscribed")
    return told | _rank(read, given, at)


def _rank(read: Reader, given: Mapping[str, Any], at: str) -> dict[str, Any]:
    rank: dict[str, Any] = {}
    if given.get("priority") is not None:
        told = given["priority"]
        if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= MOST_IMPORTANT:
            read.fault(f"{at}/priority", told, f"a whole number from 0 to {MOST_IMPORTANT}")
        rank["priority"] = told
    if given.get("outranked") is not None:
        rank["outranked"] = read.choice(given["outranked"], f"{at}/outranked", OUTRANKED)
    return rank


def _channels(read: Reader, given: Mapping[str, Any], at: str) -> tuple[str, ...]:
    if "reach" not in given:
        return (read.choice(given.get("channel"), f"{at}/channel", contents.channels()),)
    if "channel" in given:
        read.fault(f"{at}/channel", given["channel"], "channel or reach, not both")
    named = read.items(given["reach"], f"{at}/reach", least=1, most=len(contents.channels()))
    found = [read.choice(one, f"{at}/reach/{n}", contents.channels()) for n, one in enumerate(named)]
    for number, one in enumerate(found):
        if one in found[:number]:
            read.fault(f"{at}/reach/{number}", one, "each channel once")
    return tuple(found)


def _messages(
    read: Reader, shape: Mapping[str, Any], channels: Sequence[str], at: str, reach: bool, varied: bool
) -> dict[str, Mapping[str, Any]]:
    """What is said on each channel; with `reach` it stands under the channel's name."""
    if varied:
        for word in shape:
            read.fault(f"{at}/{word}", word, "in the variants")
        return {}
    if not reach:
        return {channel: _content(read, channel, shape, at, OWN) for channel in channels}
    for word in shape:
        if word not in channels:
            read.fault(f"{at}/{word}", word, "one of " + ", ".join((*OWN, *channels)))
    return {channel: _content(read, channel, shape.get(channel), f"{at}/{channel}") for channel in channels}


def _content(read: Reader, channel: str, given: object, at: str, beside: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """What is said on one channel; what the channel does not know is a fault."""
    fields = contents.fields(channel)
    before = len(read.faults)
    shape = read.mapping(given, at, fields)
    for number, fault in enumerate(read.faults[before:], before):
        if isinstance(given, Mapping) and beside:
            read.faults[number] = replace(fault, allowed="one of " + ", ".join((*beside, *fields)))
    return contents.read(read, channel, shape, at) if isinstance(given, Mapping) else {}


def _variants(read: Reader, given: Mapping[str, Any], channels: Sequence[str], at: str) -> tuple[Variant, ...]:
    if given.get("variants") is None:
        return ()
    if "reach" in given:
        read.fault(f"{at}/variants", "reach", "variants of one channel: channel instead of reach")
    items = read.items(given["variants"], f"{at}/variants", least=2, most=5)
    found = [_variant(read, one, channels, f"{at}/variants/{n}") for n, one in enumerate(items)]
    for number, one in enumerate(found):
        if one.key in [other.key for other in found[:number]]:
            read.fault(f"{at}/variants/{number}/key", one.key, "a key that no other variant of this step has")
    return _shared(read, found, f"{at}/variants")


def _variant(read: Reader, given: object, channels: Sequence[str], at: str) -> Variant:
    if not isinstance(given, Mapping):
        read.fault(at, given, "an object with key, share and what the channel takes")
        return Variant("", {})
    said = {word: value for word, value in given.items() if word not in VARIANT}
    channel = channels[0] if channels else ""
    share = read.percent(given, "share", at, most=100)
    return Variant(read.key(given.get("key"), f"{at}/key"), _content(read, channel, said, at, VARIANT), share)


def _shared(read: Reader, found: Sequence[Variant], at: str) -> tuple[Variant, ...]:
    """Shares as given, summing to 100; equal ones where none is given."""
    total = sum(one.share for one in found)
    if found and not total:
        return tuple(Variant(one.key, one.message, 100 / len(found)) for one in found)
    if found and abs(total - 100) > 1e-6:
        read.fault(at, total, "shares that sum to 100, or none")
    return tuple(found)


# --- short ways to say something ------------------------------------------------------------------------------------


def ask(read: Reader, given: object, at: str) -> Message:
    """A message that asks a survey: `send` with `survey`."""
    found = message(read, given, at)
    said = [*found.messages.values(), *(variant.message for variant in found.variants)]
    if isinstance(given, Mapping) and said and not all(one.get("survey") for one in said):
        read.fault(f"{at}/survey", None, "the key of a survey, on every channel")
    return found


def task(read: Reader, given: object, at: str) -> Message:
    """`{kind, title: {en, ko}, note}`: something for a person to do for the customer."""
    kind = given.get("kind", "other") if isinstance(given, Mapping) else "other"
    return _for_staff(read, given, at, ("kind", "title", "note"), read.choice(kind, f"{at}/kind", KINDS_OF_TASK))


def conversation(read: Reader, given: object, at: str) -> Message:
    """`{title: {en, ko}, note}`: a person takes up a conversation with the customer."""
    return _for_staff(read, given, at, ("title", "note"), "conversation")


def _for_staff(read: Reader, given: object, at: str, known: Sequence[str], kind: str) -> Message:
    shape = read.mapping(given, at, known)
    titles = shape.get("title")
    if isinstance(given, Mapping) and (not isinstance(titles, Mapping) or not titles):
        read.fault(f"{at}/title", titles, "a title by language, such as {en: Call them}")
    note = read.liquid(shape["note"], f"{at}/note", most=4_000) if shape.get("note") else ""
    templates = {
        str(language): {"title": read.liquid(title, f"{at}/title/{language}", most=300)}
        | ({"text": note} if note else {})
        for language, title in (titles.items() if isinstance(titles, Mapping) else ())
    }
    return Message(("task",), TRANSACTIONAL, {"task": {"kind": kind, "templates": templates}})


def webhook(read: Reader, given: object, at: str) -> Webhook:
    """`{url, type, data, within}`: a signed call; the run waits for its answer, a minute unless said otherwise."""
    shape = {word: value for word, value in given.items() if word != "within"} if isinstance(given, Mapping) else given
    within = given.get("within") if isinstance(given, Mapping) else None
    called = Message(("webhook",), TRANSACTIONAL, {"webhook": _content(read, "webhook", shape, at, ("within",))})
    return Webhook(called, timedelta(minutes=1) if within is None else read.span(within, f"{at}/within"))
