"""Plays and first segments, read from the files beside this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dangol.base.errors import Misconfigured
from dangol.strategy import gallery
from dangol.strategy.rules import LANGUAGES, Gain, Play, Prior

PLAYS = Path(__file__).parent / "plays"
SEGMENTS = Path(__file__).parent / "segments.yaml"
TASK = "task"
ORDER = ("welcome", "abandoned-cart", "thanks", "win-back", "acquire")  # in which a new shop should begin
ASSUMED = {
    "en": "An assumption, not a measurement of this shop: no randomised experiment that anybody can check stands "
    "behind it, so the range is wide. The holdout will replace it.",
    "ko": "이 가게의 측정값이 아닌 가정입니다. 누구나 확인할 수 있는 무작위 실험 근거가 없어 범위를 넓게 잡았으며, "
    "대조군의 결과로 바뀝니다.",
}


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
        said, data = list(_said(definition["steps"])), told.get("data") or {}
        first, message_class = said[0]
        return Play(
            key=path.stem,
            name=_texts(told["name"]),
            reason=_texts(told["reason"]),
            audience=told.get("audience") or {},
            monthly=told["monthly"],
            definition=definition,
            message_class=next((kind for channel, kind in said if channel != TASK), message_class),
            prior=_prior(told["prior"]),
            needs=_texts(told["needs"]),
            law=_texts(told["law"]),
            channel=next((channel for channel, _ in said if channel != TASK), first),
            messages=sum(channel != TASK for channel, _ in said),
            minutes=float(told.get("minutes") or 0),
            gathers=_gain(told["gathers"]) if told.get("gathers") else None,
            facts=tuple(data.get("facts") or ()),
            traits=tuple(data.get("traits") or ()),
            yearly=int(told.get("yearly") or 0),
        )
    except (KeyError, TypeError) as error:
        raise Misconfigured(f"{path.name}: found no {error}; every play needs it") from error


def _said(steps: Any) -> Iterator[tuple[str, str]]:
    """Channel and class of everything that is said or asked of staff, in the order in which it is written."""
    if isinstance(steps, list):
        for one in steps:
            yield from _said(one)
    elif isinstance(steps, Mapping):
        if isinstance(steps.get("send"), Mapping):
            yield str(steps["send"]["channel"]), str(steps["send"]["class"])
        if isinstance(steps.get(TASK), Mapping):
            yield TASK, "transactional"
        for word, one in steps.items():
            if word not in {"send", TASK}:
                yield from _said(one)


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
    return Prior(float(told["low"]), float(told["mean"]), float(told["high"]), _texts(told.get("source") or ASSUMED))


def _gain(told: Mapping[str, Any]) -> Gain:
    return Gain(str(told["what"]), float(told["low"]), float(told["mean"]), float(told["high"]))


def _texts(told: Mapping[str, str]) -> dict[str, str]:
    return {language: str(told[language]).strip() for language in LANGUAGES}
