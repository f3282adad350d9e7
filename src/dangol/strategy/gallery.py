"""The gallery: a letter for each play, in every language of the shop's plays, read from the files in `letters/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dangol.base.errors import Misconfigured
from dangol.strategy.rules import LANGUAGES

LETTERS = Path(__file__).parent / "letters"
CONTENT, LANGUAGE = "<!-- content -->", "<!-- language -->"
MOST_GOODS = 4
LINKED = (
    '{{% assign link = {link} %}}{{% if link != blank %}}<p style="margin:22px 0 0">'
    '<a class="button" href="{{{{ link }}}}">{label}</a></p>{{% endif %}}'
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter of the gallery."""

    key: str
    name: Mapping[str, str]  # by language
    texts: Mapping[str, dict[str, str]]  # language → subject, preheader, html


@lru_cache(maxsize=1)
def letters() -> dict[str, Letter]:
    """Every letter by its key, in the order of the file. Raises Misconfigured for one that is wrong."""
    told = YAML(typ="safe", pure=True).load(LETTERS / "letters.yaml")
    return {key: _letter(key, letter) for key, letter in told.items()}


def _letter(key: str, told: Mapping[str, Any]) -> Letter:
    try:
        texts = {
            language: {
                "subject": told[language]["subject"],
                "preheader": told[language]["preheader"],
                "html": _page(told, told[language], language),
            }
            for language in LANGUAGES
        }
        return Letter(key, {language: str(told["name"][language]) for language in LANGUAGES}, texts)
    except KeyError as error:
        raise Misconfigured(f"letter {key}: found no {error}; every letter needs it") from error


def _page(told: Mapping[str, Any], said: Mapping[str, Any], language: str) -> str:
    parts = [f'<h1 class="title">{said["title"]}</h1>']
    parts += [f'<p class="text">{paragraph}</p>' for paragraph in said["text"]]
    if told.get("goods"):
        parts.append(_goods(told["goods"]))
    if told.get("survey"):
        parts.append(_piece("survey"))
    if said.get("button"):
        parts.append(LINKED.format(link=told["link"], label=said["button"]))
    if said.get("note"):
        parts.append(f'<p class="note">{said["note"]}</p>')
    return _piece("layout").replace(LANGUAGE, language).replace(CONTENT, "\n".join(parts))


def _goods(source: str) -> str:
    """Products, whether the source is one or a list of them."""
    card = _piece("goods")
    return (
        f"{{% assign goods = {source} %}}{{% if goods.product_id or goods.name %}}{{% assign thing = goods %}}{card}"
        f"{{% else %}}{{% for thing in goods limit: {MOST_GOODS} %}}{card}{{% endfor %}}{{% endif %}}"
    )


@lru_cache(maxsize=8)
def _piece(name: str) -> str:
    return (LETTERS / f"{name}.html").read_text("utf-8").strip()
