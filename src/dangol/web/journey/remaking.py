"""A choice that makes another form of a step, or of how one comes in: what stands there then. Pure."""

from __future__ import annotations

from typing import Any

from dangol.campaign import contents
from dangol.campaign.messages import OWN
from dangol.web.journey import conditions, opening, waiting
from dangol.web.journey.fields import get, put

Json = Any
CHANGES: dict[str, dict[str, Json]] = {
    "traits": {"traits": {"tier": "gold"}},
    "list": {"list": "", "on": True},
    "topic": {"topic": "", "subscribed": True},
    "consent": {"consent": {"channel": "email", "state": "withdrawn"}},
}


def remake(shape: Json, path: str, value: str) -> None:
    """Change what stands at a path to what the chosen word begins with."""
    if path.endswith(".channel"):
        _channel(shape, path.removesuffix(".channel"), value)
    elif path == "change":
        put(shape, "change", dict(CHANGES.get(value, CHANGES["traits"])))
    elif path.endswith(".?"):
        _other(shape, path.removesuffix(".?"), value)


def _other(shape: Json, path: str, value: str) -> None:
    match path:
        case "wait":
            put(shape, "wait", waiting.BEGINS.get(value, "1d"))
        case "entry":
            put(shape, "entry", _way_in(get(shape, "entry"), value))
        case "entry.again":
            put(shape, path, {"each": None, "after": {"after": "30d"}}.get(value, value))
        case "goal" | "exit" if value == "none":
            put(shape, path, None)
        case _:
            told = get(shape, path)
            put(shape, path, conditions.remake(told if isinstance(told, dict) else {}, value))


def _way_in(before: Json, kind: str) -> Json:
    """Another way in, of the same people and as often."""
    told = before if isinstance(before, dict) else {}
    begun = dict(opening.BEGINS.get(kind, opening.BEGINS["segment"]))
    if "segment" in begun and told.get("segment"):
        begun["segment"] = told["segment"]
    return begun | ({"again": told["again"]} if "again" in told else {})


def _channel(step: Json, act: str, channel: str) -> None:
    """What another channel does not know is not kept."""
    told = get(step, act)
    if isinstance(told, dict):
        fields = contents.fields(channel)
        stays = (*OWN, *(name for name in ("survey",) if name in fields))
        step[act] = {name: value for name, value in told.items() if name in stays} | {"channel": channel}
        if "templates" in fields:
            step[act]["templates"] = {}
