"""Texts by language, as the shop writes them for its customers: checked, and chosen by who reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dangol.base.errors import Fault

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read(given: object, at: str, longest: int, found: list[Fault]) -> dict[str, str]:
    """Texts by language; empty ones are left out, and what is wrong is added to `found`."""
    if not isinstance(given, Mapping):
        found.append(Fault(at, repr(given)[:80], "texts by language, such as {en: …, ko: …}"))
        return {}
    for language, text in given.items():
        if not LANGUAGE.fullmatch(str(language)):
            found.append(Fault(f"{at}/{language}", str(language)[:80], "a language such as en, ko or pt-BR"))
        if not isinstance(text, str) or len(text.strip()) > longest or "\x00" in text:
            found.append(Fault(f"{at}/{language}", repr(text)[:80], f"a text of at most {longest} characters"))
    return {str(language): text.strip() for language, text in given.items() if isinstance(text, str) and text.strip()}


def said(texts: Mapping[str, str], *languages: str) -> str:
    """The text in the first of these languages that there is, else in any; empty where there is none."""
    for wish in languages:
        for tag, text in texts.items():
            if tag == wish or tag.partition("-")[0] == wish.partition("-")[0]:
                return text
    return next(iter(texts.values()), "")
