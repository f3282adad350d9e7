"""Plays and first segments, read from the files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dangol.base.errors import Misconfigured
from dangol.strategy import gallery
from dangol.strategy.rules import LANGUAGES, Play, Prior

PLAYS = Path(__file__).parent / "plays"
SEGMENTS = Path(__file__).parent / "segments.yaml"
ORDER = ("welcome", "abandoned-cart", "thanks", "win-back")  # in which a new shop should begin


def read_yaml(path: Path) -> Any:
    """A YAML 1.2 file as plain values: `on` stays a word and a date stays text."""
    return YAML(typ="safe", pure=True).load(path)


@lru_cache(maxsize=1)
def plays() -> dict[str, Play]:
    """Every play by its key. Raises Misconfigured, naming file and place, for one that is wrong."""
    found = {path.stem: _play(path) for path in PLAYS.glob("*.yaml")}
    return {key: found[key] for key in sorted(found, key=lambda key: (ORDER.index(key) if key in ORDER else 99, key))}


@lru_cache(maxsize=1)
def segments() -> list[dict[str, Any]]:
    """The segments every shop starts with: the lifecycle, and who is dissatisfied."""
    return list(read_yaml(SEGMENTS))


def _play(path: Path) -> Play:
    told = read_yaml(path)
    try:
        definition = {**told["campaign"], "steps": _with_letters(told["campaign"]["steps"])}
        return Play(
            key=path.stem,
            name=_texts(told["name"]),
            reason=_texts(told["reason"]),
            audience=told.get("audience") or {},
            monthly=told["monthly"],
            definition=definition,
            message_class=_classes(definition["steps"])[0],
            prior=_prior(told["prior"]),
            needs=_texts(told["needs"]),
            law=_texts(told["law"]),
        )
    except (KeyError, TypeError) as error:
        raise Misconfigured(f"{path.name}: found no {error}; every play needs it") from error


def _classes(steps: Any) -> list[str]:
    """The classes of all messages, in the order in which they are written."""
    if isinstance(steps, list):
        return [found for one in steps for found in _classes(one)]
    if not isinstance(steps, Mapping):
        return []
    own = [str(steps["send"]["class"])] if isinstance(steps.get("send"), Mapping) else []
    return own + [found for word, one in steps.items() if word != "send" for found in _classes(one)]


def _with_letters(told: Any) -> Any:
    """The same steps, where a send names a letter of the gallery with the letter's texts in its place."""
    if isinstance(told, list):
        return [_with_letters(one) for one in told]
    if not isinstance(told, Mapping):
        return told
    found = {name: _with_letters(value) for name, value in told.items() if name != "letter"}
    if "letter" in told:
        found["templates"] = dict(gallery.letters()[told["letter"]].texts)
    return found


def _prior(told: Mapping[str, Any]) -> Prior:
    return Prior(float(told["low"]), float(told["mean"]), float(told["high"]), _texts(told["source"]))


def _texts(told: Mapping[str, str]) -> dict[str, str]:
    return {language: str(told[language]).strip() for language in LANGUAGES}
