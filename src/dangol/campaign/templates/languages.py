"""Which language of a template a customer reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Variant = TypeVar("Variant")
TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,4}")  # BCP 47: ko, en-GB, zh-Hant-TW
LONGEST = 35


def is_tag(text: str) -> bool:
    """Whether it reads like a language tag."""
    return len(text) <= LONGEST and TAG.fullmatch(text) is not None


def choose(found: Mapping[str, Variant], languages: Sequence[str]) -> tuple[str, Variant] | None:
    """The variant in the first of these languages there is one for, else any; None where there is none at all.

    `zh-Hant-TW` may read `zh-Hant` and `zh`; `en` may read `en-GB`.
    """
    for language in languages:
        for wanted in _wider(language):
            for key in found:
                if key.lower() == wanted:
                    return key, found[key]
        near = _related(found, language)
        if near:
            return near, found[near]
    return next(iter(found.items()), None)


def _wider(language: str) -> list[str]:
    parts = language.replace("_", "-").lower().split("-")
    return ["-".join(parts[:size]) for size in range(len(parts), 0, -1)]


def _related(keys: Iterable[str], language: str) -> str:
    first = _wider(language)[-1]
    return next((key for key in keys if first and key.lower().split("-")[0] == first), "")
