"""The shape of an e-mail's texts, one variant per language: read and checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from dangol.campaign.templates import languages, strict

PARTS = ("subject", "html", "mjml", "text", "preheader")
SUBJECT, BODY = 500, strict.LONGEST  # characters
MOST_LANGUAGES = 50
# The law's label is `(광고)` and nothing else; Dangol puts it there. A look-alike at the start would void it.
LOOKS_LIKE_LABEL = re.compile(r"\s*[\[(（<【{\"']\s*광[\s.·]*고\s*[\])）>】}\"']")
LABEL = "(광고)"


class Notes(Protocol):
    """Notes each fault with its place: dangol.campaign.shape.Reader."""

    def fault(self, at: str, found: object, allowed: str) -> None: ...
    def mapping(self, given: object, at: str, known: Any) -> Mapping[str, Any]: ...
    def liquid(self, given: object, at: str, *, most: int, form: str = "", holds: bool = False) -> str: ...


def read(notes: Notes, given: object, at: str, *, holds: bool = False) -> dict[str, dict[str, str]]:
    """Language → its texts: subject, html or mjml, and where they are given preheader and text.

    Where a text `holds` partials, which are put in later, its variables and its markup are judged then.
    """
    if not isinstance(given, Mapping) or not 0 < len(given) <= MOST_LANGUAGES:
        notes.fault(at, given, f"templates by language, such as en, ko or pt-BR; at most {MOST_LANGUAGES}")
        return {}
    for language in given:
        if not languages.is_tag(str(language)):
            notes.fault(f"{at}/{_pointed(language)}", language, "a language tag such as en, ko or pt-BR")
    return {
        str(language): _variant(notes, told, f"{at}/{_pointed(language)}", holds) for language, told in given.items()
    }


def email(notes: Any, send: Mapping[str, Any], at: str) -> dict[str, Any]:
    """An e-mail's texts as a step's send has them: its own `templates`, or `template`, the key of one that is kept."""
    if send.get("template") is None:
        found: dict[str, Any] = {"templates": read(notes, send.get("templates"), f"{at}/templates", holds=True)}
        return found | ({"partials": pins} if (pins := _pins(notes, send.get("partials"), f"{at}/partials")) else {})
    if send.get("templates") is not None:
        notes.fault(f"{at}/templates", "templates beside a template", "one of the two")
    version = send.get("template_version", 0)
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        notes.fault(f"{at}/template_version", version, "the number of a version")
    return {"template": notes.key(send["template"], f"{at}/template"), "version": version}


def _pins(notes: Notes, given: object, at: str) -> dict[str, int]:
    """The versions of the partials that a letter holds, as activating or saving the campaign fixed them."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        notes.fault(at, given, "the versions of partials by key, such as {card: 3}")
        return {}
    for name, number in given.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            notes.fault(f"{at}/{_pointed(name)}", number, "the number of a version")
    return dict(given)


def _pointed(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _variant(notes: Notes, given: object, at: str, holds: bool) -> dict[str, str]:
    shape = notes.mapping(given, at, PARTS)
    form = "mjml" if "mjml" in shape else "html"
    if "mjml" in shape and "html" in shape:
        notes.fault(f"{at}/html", "html beside mjml", "one of the two")
    found = {
        "subject": notes.liquid(shape.get("subject"), f"{at}/subject", most=SUBJECT, holds=holds),
        form: notes.liquid(shape.get(form), f"{at}/{form}", most=BODY, form=form, holds=holds),
    }
    for name, most in (("preheader", SUBJECT), ("text", BODY)):
        if shape.get(name):
            found[name] = notes.liquid(shape[name], f"{at}/{name}", most=most, holds=holds)
    refuse_labels(notes, found["subject"], f"{at}/subject")
    return found


def refuse_labels(notes: Notes, text: str, at: str) -> None:
    """Note a label that only looks like the one the law asks for."""
    if LOOKS_LIKE_LABEL.match(text) and not text.startswith(LABEL):
        notes.fault(at, text, f"no label: {LABEL} is put there where the law asks for it")
