"""A choice that makes another form of a step, or of how one comes in: what stands there then. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dangol.campaign import contents
from dangol.campaign.messages import OWN
from dangol.web.journey import conditions, letters, opening, waiting
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
    elif path.endswith(".template"):
        _template(get(shape, path.removesuffix(".template")), value)
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
    """What another channel does not know is not kept; what both say under one name is."""
    told = get(step, act)
    if isinstance(told, dict):
        fields = contents.fields(channel)
        stays = (*OWN, *(name for name in ("survey",) if name in fields))
        step[act] = {name: value for name, value in told.items() if name in stays} | {"channel": channel}
        if "templates" in fields:
            step[act]["templates"] = _said(told.get("templates"), letters.NAMES.get(channel, ()))


def _said(texts: Json, names: Sequence[str]) -> Json:
    """The texts of each language that have one of these names."""
    shared = {
        language: {name: text for name, text in letter.items() if name in names}
        for language, letter in (texts.items() if isinstance(texts, Mapping) else ())
        if isinstance(letter, Mapping)
    }
    return {language: letter for language, letter in shared.items() if letter}


def _template(told: Json, key: str) -> None:
    """A kept letter instead of the one written here, or the other way round."""
    if isinstance(told, dict):
        for name in ("templates", "template", "template_version"):
            told.pop(name, None)
        if key:
            told["template"] = key
        else:
            told["templates"] = {}
