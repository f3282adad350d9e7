"""What is wrong with a template, as people read it; English where a library's own words have no translation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dangol.base.errors import Fault
from dangol.web.builder.fault_words import formed, in_words

Forms = tuple[tuple[re.Pattern[str], Any], ...]
PARTS: dict[str, Any] = {
    "subject": _("Subject"),
    "preheader": _("Preview line"),
    "html": "HTML",
    "mjml": "MJML",
    "text": _("Text part"),
    "source": _("Source"),
    "name": _("Name"),
    "key": _("Key"),
}
LIQUID: Forms = (  # what the library says of Liquid that it cannot read; {name} stands for what was quoted
    (re.compile(r"missing expression"), _("a tag says nothing")),
    (re.compile(r"unexpected tag '(?P<name>[^']*)'"), _("an unknown tag, or one out of place: %(name)s")),
    (re.compile(r"expected tag (?P<name>\w+), found .*"), _("the tag %(name)s is missing")),
    (re.compile(r"(?P<name>\w+) tag was never closed"), _("the tag %(name)s is never closed")),
    (re.compile(r"expected '(?P<name>[}%]+)', found end of file"), _("the closing %(name)s is missing")),
    (re.compile(r"expected .*, found '(?P<name>.*)'"), _("%(name)s stands where it cannot")),
    (re.compile(r"expected .*, found end of expression"), _("something is missing at the end")),
    (re.compile(r"expected .*, found (?P<name>\w+)"), _("%(name)s stands where it cannot")),
    (re.compile(r"unexpected (?P<name>.*)"), _("%(name)s stands where it cannot")),
    (re.compile(r"missing or unexpected path segment"), _("a name between dots or brackets is missing")),
    (re.compile(r"the loops go round too often"), _("the loops go round too often")),
    (re.compile(r"divided_by: can't divide by 0|modulo: can't divide by 0"), _("something is divided by 0")),
    (re.compile(r"(?P<name>\w+) expected an integer, found .*"), _("the filter %(name)s needs a whole number")),
    (
        re.compile(r"(?P<name>\w+)\(\) (takes|missing|got) .*"),
        _("the filter %(name)s is given too much or too little"),
    ),
    (re.compile(r"the text would become too long|output stream limit reached"), _("the text becomes too long")),
    (re.compile(r"a text of more than (?P<most>\d+) characters"), _("a text of more than %(most)s characters")),
    (re.compile(r"a list of more than (?P<most>\d+) items"), _("a list of more than %(most)s things")),
    (re.compile(r"a number of more than (?P<most>\d+) digits"), _("a number of more than %(most)s digits")),
    (re.compile(r"tags inside tags inside tags"), _("tags stand too deep in one another")),
)
FOUND: Forms = (
    *LIQUID,
    (re.compile(r"nothing|"), _("nothing")),
    (
        re.compile(r"unknown variable (?P<name>\S+) \(there are no (offers|recommendations) yet\)"),
        _("%(name)s is not there yet"),
    ),
    (re.compile(r"unknown variable (?P<name>.*)"), _("unknown variable %(name)s")),
    (re.compile(r"unknown filter '(?P<name>.*)'"), _("unknown filter %(name)s")),
    (re.compile(r"(?P<name>\d+) characters"), _("%(name)s characters")),
    (
        re.compile(r"(?P<name>.*) stands where it cannot stay: put it around whole elements"),
        _("%(name)s cannot stay where it stands: put it around whole elements"),
    ),
    (re.compile(r"MJML: unexpected end of stream.*"), _("MJML that ends too early: an element is not closed")),
    (re.compile(r"MJML: .* at position (?P<from>\d+):\d+"), _("MJML that cannot be read, at character %(from)s")),
    (re.compile(r"MJML: (?P<told>.*)"), _("MJML that cannot be read: %(told)s")),
    (re.compile(r"styles: (?P<told>.*)"), _("styles that cannot be read: %(told)s")),
    (
        re.compile(r"a style that hides the end of the message: the end of the page is inside a comment.*"),
        _("the end of the message is inside a comment, or inside an element that shows nothing"),
    ),
    (
        re.compile(r"a style that hides the end of the message: (?P<told>.*)"),
        _("a style that hides the end of the message: %(told)s"),
    ),
    (re.compile(r"no partial is called '(?P<name>.*)'"), _("no partial is called %(name)s")),
    (re.compile(r"the partial '.*' holds itself: (?P<name>.*)"), _("a partial holds itself: %(name)s")),
    (re.compile(r"partials within partials, more than (?P<most>\d+) deep"), _("partials more than %(most)s deep")),
    (
        re.compile(r"with its partials it has more than (?P<most>\d+) characters"),
        _("with its partials it has more than %(most)s characters"),
    ),
    (re.compile(r"html beside mjml"), _("HTML beside MJML")),
    (re.compile(r"another kind of template"), _("another kind of template")),
    (re.compile(r"the message has no template"), _("there is no text in any language")),
    (re.compile(r"no mail server or provider is set"), _("no mail server or provider is set")),
    (re.compile(r"there is no address to send a test to"), _("you have no e-mail address")),
)
ALLOWED: Forms = (
    (re.compile(r"a Liquid template that can be read"), _("Liquid that can be read")),
    (re.compile(r"text of 1 to (?P<most>\d+) characters"), _("1 to %(most)s characters")),
    (re.compile(r"at most (?P<most>\d+)"), _("at most %(most)s")),
    (
        re.compile(r"a whole address such as (?P<name>\S+), .*"),
        _("a whole address such as %(name)s, mailto: or tel:"),
    ),
    (
        re.compile(r"an element of MJML; partials instead of mj-include"),
        _("an element of MJML; partials instead of mj-include"),
    ),
    (re.compile(r"(?P<name>HTML|MJML) that can be read"), _("%(name)s that can be read")),
    (
        re.compile(r"a message whose footer .*"),
        _("a message whose end a reader sees: there stands who writes and how to unsubscribe"),
    ),
    (re.compile(r"a partial that is there, and does not hold this one"), _("a partial that does not hold this one")),
    (re.compile(r"a partial: \{source\}|an e-mail: \{templates\}"), _("the kind it has; another key for another kind")),
    (re.compile(r"a language tag such as .*"), _("a language tag such as en, ko or pt-BR")),
    (re.compile(r"templates by language, .*"), _("a language tag such as en, ko or pt-BR")),
    (re.compile(r"no label: (?P<name>\S+) is put there .*"), _("no label: Dangol puts %(name)s where the law asks")),
    (re.compile(r"one of the two"), _("one of the two")),
    (re.compile(r"one of "), _("there is no partial yet")),
    (re.compile(r"one of (?P<words>.+)"), _("one of %(words)s")),
)
_LINE = re.compile(r"line (\d+): ")
_NEXT = re.compile(r"; (?=line \d+: )")
_OF_OTHERS = re.compile(r"(?P<key>[a-z0-9-]+)(?P<path>/templates/.*?): (?P<found>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is wrong."""

    where: str  # which part; empty for the whole
    line: int  # of that part, from 1; 0 where it is about all of it
    found: str
    allowed: str


def told(faults: Iterable[Fault]) -> list[Told]:
    """Everything that is wrong, each thing for itself."""
    return [one for fault in faults for one in _told(fault)]


def _told(fault: Fault) -> list[Told]:
    other = _OF_OTHERS.fullmatch(fault.found)
    if other:
        inner = _told(Fault(other["path"], other["found"], fault.allowed))
        return [Told(f"{other['key']} · {one.where}", one.line, one.found, one.allowed) for one in inner]
    found = []
    for number, text in enumerate(_NEXT.split(fault.found)):
        line = _LINE.match(text)
        bare = text[line.end() :] if line else text
        allowed = _allowed(fault.allowed) if number == 0 else ""  # it was said of the first
        found.append(Told(where(fault.path), int(line[1]) if line else 0, formed(FOUND, bare) or bare, allowed))
    return found


def _allowed(text: str) -> str:
    return formed(ALLOWED, text) or in_words(text)


def where(path: str) -> str:
    """A pointer into a template's shape as people read it."""
    words = [word.replace("~1", "/").replace("~0", "~") for word in path.split("/")[1:]]
    if words[:1] == ["templates"]:
        return " · ".join([language_name(words[1])] * bool(words[1:2]) + [part_word(w) for w in words[2:]])
    return " · ".join(part_word(word) for word in words)


def part_word(part: str) -> str:
    """What a part of a template is called."""
    return str(PARTS.get(part, part))


def language_name(tag: str) -> str:
    """A language's name in the page's language; the tag itself where nobody has a name for it."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(get_language() or "en") or tag
    except (ValueError, UnknownLocaleError):
        return tag
