"""What may stand somewhere, as the parser says it, in the page's language; English where nobody has translated it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dangol.base.errors import Fault

WORDS: dict[str, Any] = {
    "a number": _("a number"),
    "a text": _("a text"),
    "true or false": _("true or false"),
    "a whole number from 0 on": _("a whole number from 0 on"),
    "a number from 0 to 100": _("a number from 0 to 100"),
    "a text, a number, true or false": _("a text, a number, true or false"),
    "a list of texts, numbers, true or false": _("a list of texts, numbers, true or false"),
    "a date such as 2026-05-01, an ISO 8601 time, or seconds since 1970": _("a date such as 2026-05-01, or a time"),
    "a whole number above 0 and a unit s, m, h, d or w, such as 30d": _("a whole number above 0, and a unit"),
    "a whole number above 0 and a unit d or w, such as 7d": _("a whole number above 0, in days or weeks"),
    "an event's name; Prefix* for all that begin so, * for any": _(
        "an event’s name; Prefix* for all that begin so, * for any"
    ),
    "the smaller end first": _("the smaller end first"),
    "the earlier end first": _("the earlier end first"),
    "the shorter span first": _("the shorter span first"),
    "the key of an active segment": _("a segment that is there"),
    "the key of a segment": _("a segment that is there"),
    "the key of a list": _("a list that is there"),
    "a topic, of which there is none yet": _("a topic, of which there is none yet"),
    "the key of a survey": _("the key of a survey"),
    "a channel, such as email": _("a channel, such as email"),
    "from not above to": _("from not above to"),
    "percent, or from and to": _("per cent, or from and to"),
    "1 to 64 of a-z, 0-9 and -": _("1 to 64 of a-z, 0-9 and -"),
    "the key of a topic": _("the key of a topic"),
    "a list of rules": _("a list of rules"),
    "a list of {property: path, <comparison>}": _("a list of {property: path, <comparison>}"),
    "a list of two numbers, the smaller first": _("two numbers, the smaller first"),
    "a list of two times, the earlier first": _("two times, the earlier first"),
    "a list of two spans, the shorter first, such as [30d, 60d]": _("two spans, the shorter first, such as [30d, 60d]"),
    "a number from 0 to 1": _("a number from 0 to 1"),
    "kilometres from 0 on": _("kilometres from 0 on"),
    "0, or no count at all": _("0, or no count at all"),
    "one combinator and nothing beside it": _("one combinator and nothing beside it"),
    "{at_least: 7d}, {at_most: 7d}, {over: 7d}, {under: 7d} or {between: [1d, 7d]}": _(
        "{at_least: 7d}, {at_most: 7d}, {over: 7d}, {under: 7d} or {between: [1d, 7d]}"
    ),
    "{in_next: 7d}, {in_last: 7d} or {on: today}": _("{in_next: 7d}, {in_last: 7d} or {on: today}"),
    "{campaign, step, variant, channel}, each of them optional": _(
        "campaign, step, variant and channel, each of them optional"
    ),
    "{event: Name} and beside it where": _("{event: Name}, and beside it where"),
    "{event: Name} and beside it where, within, count: 0": _("{event: Name}, and beside it where, within, count: 0"),
    "{k: number, of: [rules]}": _("{k: number, of: [rules]}"),
    "{lat: degrees, lon: degrees}": _("{lat: degrees, lon: degrees}"),
    "{of: property, <comparison>}": _("{of: property, <comparison>}"),
    "{property: path, <comparison>}": _("{property: path, <comparison>}"),
    "a mapping with key, name and where": _("a mapping with key, name and where"),
    "a path into the item; $ looks at the fact and stands outside any_item": _(
        "a path into the item; $ looks at the fact and stands outside any_item"
    ),
    'keys with dots between them, a key with dots or quotes in double quotes, such as address.city or "my.key"': _(
        "a name, such as city or address.city"
    ),
}
FORMS: tuple[tuple[re.Pattern[str], Any], ...] = (  # what a group caught stands in the words under its name
    (re.compile(r"exactly one comparison: .*"), _("one comparison")),
    (re.compile(r"one measure: .*"), _("one measure")),
    (re.compile(r"one window: .*"), _("one span of time")),
    (re.compile(r"an RE2 expression of at most .*"), _("a regular expression (RE2)")),
    (re.compile(r"a segment that does not refer back to .*"), _("a segment that does not refer back to this one")),
    (re.compile(r"beside (?P<subject>\S+): nothing"), _("nothing beside %(subject)s")),
    (re.compile(r"beside (?P<subject>\S+): (?P<words>.*)"), _("beside %(subject)s only %(words)s")),
    (re.compile(r"exactly one of all, any, .*"), _("exactly one leaf, or one of all, any, none, exactly")),
    (
        re.compile(r"(everyone, )?all, any, none, exactly, or a leaf: .*"),
        _("a leaf, or one of all, any, none, exactly"),
    ),
    (re.compile(r"one of (?P<words>[\w-]+(, [\w-]+)*)"), _("one of %(words)s")),
    (re.compile(r"a topic: (?P<words>.*)"), _("a topic: %(words)s")),
    (re.compile(r"a list of (?P<words>[\w-]+(, [\w-]+)+)"), _("a list of some of %(words)s")),
    (re.compile(r"a list of 1 to (?P<most>\d+) steps, .*"), _("1 to %(most)s steps, each {event: Name}")),
    (re.compile(r"a whole number from 0 to (?P<most>\d+), .*"), _("a whole number from 0 to %(most)s")),
    (re.compile(r"at most (?P<most>\d+) levels"), _("at most %(most)s levels")),
    (re.compile(r"at most (?P<most>\d+) leaves"), _("at most %(most)s leaves")),
    (re.compile(r"any_item inside any_item at most (?P<most>\d+) times"), _("at most %(most)s any_item in each other")),
    (re.compile(r"at most (?P<most>[\d,]+) in one request"), _("at most %(most)s in one request")),
    (re.compile(r"degrees from (?P<low>-\d+) to (?P<high>\d+)"), _("degrees from %(low)s to %(high)s")),
    (re.compile(r"after \$ one of (?P<words>[^;]+); .*"), _("after $ one of %(words)s")),
    (re.compile(r"a text of 1 to (?P<most>\d+) characters"), _("a text of 1 to %(most)s characters")),
    (re.compile(r"(?P<key>\S+), as in the address"), _("%(key)s, as in the address")),
)
FOUND: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r'"level (?P<n>\d+)"'), _("level %(n)s")),
    (re.compile(r'"(?P<n>\d+) leaves"'), _("%(n)s leaves")),
    (re.compile(r'"(?P<n>\d+) steps"'), _("%(n)s steps")),
    (re.compile(r'"an empty mapping"'), _("nothing")),
    (re.compile(r'"no comparison"'), _("no comparison")),
    (re.compile(r'"percent with from or to"'), _("percent beside from or to")),
    (re.compile(r'"from (?P<low>\S+) to (?P<high>\S+)"'), _("from %(low)s to %(high)s")),
)


def in_words(allowed: str) -> str:
    """What is allowed, as people read it."""
    return str(WORDS[allowed]) if allowed in WORDS else formed(FORMS, allowed) or allowed


def found_in_words(found: str) -> str:
    """What stands there, as people read it: most is what they wrote, and stays so."""
    return formed(FOUND, found) or found


def said(fault: Fault) -> str:
    """A whole fault in a line."""
    told = {"path": fault.path or "/", "found": found_in_words(fault.found), "allowed": in_words(fault.allowed)}
    return gettext("%(path)s: found %(found)s; allowed: %(allowed)s") % told


def formed(forms: Sequence[tuple[re.Pattern[str], Any]], text: str) -> str:
    """The words of the first form that a text has; empty where it has none."""
    for form, words in forms:
        caught = form.fullmatch(text)
        if caught:
            return str(words) % caught.groupdict() if caught.groupdict() else str(words)
    return ""
