"""Plays and first segments, read from the files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dangol.base.errors import Misconfigured
from dangol.strategy.rules import LANGUAGES, Play, Prior

PLAYS = Path(__file__).parent / "plays"
SEGMENTS = Path(__file__).parent / "segments.yaml"
CONTENT, LANGUAGE = "<!-- content -->", "<!-- language -->"
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
        definition = {**told["campaign"], "steps": [_step(path, step) for step in told["campaign"]["steps"]]}
        return Play(
            key=path.stem,
            name=_texts(told["name"]),
            reason=_texts(told["reason"]),
            audience=told.get("audience") or {},
            monthly=told["monthly"],
            definition=definition,
            message_class=definition["steps"][0]["send"]["class"],
            prior=_prior(told["prior"]),
            needs=_texts(told["needs"]),
            law=_texts(told["law"]),
        )
    except (KeyError, TypeError) as error:
        raise Misconfigured(f"{path.name}: found no {error}; every play needs it") from error


def _step(path: Path, step: Mapping[str, Any]) -> dict[str, Any]:
    """A journey's step with its templates' HTML: <play>.<step>.<language>.html within the frame all plays share."""
    frame = (PLAYS / "frame.html").read_text("utf-8")
    templates = {
        language: {**told, "html": _framed(frame, f"{path.stem}.{step['key']}.{language}.html", language)}
        for language, told in step["send"]["templates"].items()
    }
    return {**step, "send": {**step["send"], "templates": templates}}


def _framed(frame: str, name: str, language: str) -> str:
    return frame.replace(LANGUAGE, language).replace(CONTENT, _html(name))


def _html(name: str) -> str:
    try:
        return (PLAYS / name).read_text("utf-8").strip()
    except FileNotFoundError as error:
        raise Misconfigured(f"the template {name} is missing") from error


def _prior(told: Mapping[str, Any]) -> Prior:
    return Prior(float(told["low"]), float(told["mean"]), float(told["high"]), _texts(told["source"]))


def _texts(told: Mapping[str, str]) -> dict[str, str]:
    return {language: str(told[language]).strip() for language in LANGUAGES}
