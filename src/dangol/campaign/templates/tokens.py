"""Carries Liquid through readers of MJML, HTML and CSS: each tag becomes a word that they leave alone. Pure.

`{{ … }}` prints and becomes a plain word. `{% … %}` steers; between elements it becomes a comment, because a word
between the rows of a table would be moved out of the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMENT = re.compile(r"\{%-?\s*(comment|doc)\b.*?\{%-?\s*end\1\s*-?%\}|\{%-?\s*#.*?-?%\}", re.DOTALL)
LIQUID = re.compile(r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
RAW = re.compile(r"\{%-?\s*raw\b")
WORD = re.compile(r"lq([ot])(\d+)x")  # o prints, t steers
STEERS = re.compile(r"<!--(lqt\d+x)-->")
_TAG = r"<[a-zA-Z/](?:\"[^\"]*\"|'[^']*'|[^>\"'])*>"
_KEPT = re.compile(
    r"<!--.*?-->|<!\[.*?\]>|<!doctype[^>]*>"
    r"|<(style|script|title|textarea|mj-style|mj-title|mj-preview)\b[^>]*>.*?</\1\s*>"
    rf"|(?P<tag>{_TAG})",
    re.DOTALL | re.IGNORECASE,
)
_VALUE = re.compile(r"([a-zA-Z-]+)\s*=\s*([\"'])(.*?)\2", re.DOTALL)
_NAME = re.compile(r"<(/?)(mj-[a-z-]+|mjml)", re.IGNORECASE)
LAYOUT = frozenset({"mj-body", "mj-wrapper", "mj-section", "mj-column", "mj-group", "mj-hero"})


@dataclass(frozen=True, slots=True)
class Carried:
    """A source whose Liquid has become words, and what each word stands for."""

    text: str
    liquid: tuple[str, ...]

    def restored(self, text: str) -> str:
        """The text with its Liquid back in place."""
        return WORD.sub(lambda found: self.liquid[int(found[2])], STEERS.sub(r"\1", text))

    def lost(self, text: str) -> str:
        """A piece of Liquid that is missing in the text, or does not stand where it stood; empty where all is well."""
        steering = [found[0] for found in WORD.finditer(self.text) if found[1] == "t"]
        kept = [found[0] for found in WORD.finditer(text) if found[1] == "t"]
        for wanted, found in zip(steering, [*kept, *[""] * len(steering)], strict=False):
            if wanted != found:
                return self.restored(wanted)
        if len(kept) > len(steering):
            return self.restored(kept[-1])
        there = {found[0] for found in WORD.finditer(text)}
        return next((self.restored(w[0]) for w in WORD.finditer(self.text) if w[0] not in there), "")


def carry(source: str) -> Carried:
    """The source with words in place of its Liquid; comments go. What looks like one of the words is left out."""
    liquid: list[str] = []

    def word(found: re.Match[str]) -> str:
        liquid.append(found[0])
        return f"lq{'o' if found[0].startswith('{{') or RAW.match(found[0]) else 't'}{len(liquid) - 1}x"

    text = LIQUID.sub(word, COMMENT.sub("", WORD.sub("", source)))
    return Carried(_between(text, liquid), tuple(liquid))


def _between(text: str, liquid: list[str]) -> str:
    """The words that steer, as comments wherever they stand between elements."""
    out, at, open_elements = [], 0, [""]
    for found in _KEPT.finditer(text):
        out.append(_steering(text[at : found.start()], open_elements[-1]))
        out.append(_as_values(found[0], liquid) if found["tag"] else found[0])
        at = found.end()
        if found["tag"]:
            _follow(found["tag"], open_elements)
    return "".join([*out, _steering(text[at:], open_elements[-1])])


def _as_values(tag: str, liquid: list[str]) -> str:
    """A tag in which each value with steering words in it is one word: MJML writes some values more than once."""

    def whole(found: re.Match[str]) -> str:
        value = found[3]
        if found[1].lower() == "style" or not any(word[1] == "t" for word in WORD.finditer(value)):
            return found[0]
        quoted = value.replace('"', "&quot;")  # the value will stand between double quotes
        liquid.append(WORD.sub(lambda word: liquid[int(word[2])], quoted))
        return f"{found[1]}={found[2]}lqo{len(liquid) - 1}x{found[2]}"

    return _VALUE.sub(whole, tag)


def _follow(tag: str, open_elements: list[str]) -> None:
    """Keep account of the MJML element that what follows stands in."""
    named = _NAME.match(tag)
    if named is None or tag.endswith("/>"):
        return
    name = named[2].lower()
    if not named[1]:
        open_elements.append(name)
    elif name in open_elements:
        while open_elements.pop() != name:
            pass


def _steering(text: str, inside: str) -> str:
    before, after = ("<mj-raw><!--", "--></mj-raw>") if inside in LAYOUT else ("<!--", "-->")
    return WORD.sub(lambda found: before + found[0] + after if found[1] == "t" else found[0], text)
