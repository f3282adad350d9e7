"""What an erased person's traces look like, and what to do with one. Pure: values in, values out."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from dangol.collect.facts import Fact

Key = tuple[str, str]  # kind, value

WEAK = "anonymousId"  # a browser, which others use too
GONE = "[erased]"
EMPTY = b'{"type":"track","event":"Erased"}'  # what stays in the log in place of an erased fact
SHORTEST, FEWEST_DIGITS = 6, 9  # a shorter text or number would be found in what is not about the person


def tombstone(secret: bytes, kind: str, value: str) -> str:
    """A keyed hash of an identifier."""
    told = f"tombstone:{kind}:{value.lower() if kind == 'email' else value}".encode()
    return hmac.digest(secret, told, hashlib.sha256).hex()


def keys_of(fact: Fact) -> list[Key]:
    """Every identifier that a fact brings, as it was told."""
    named = [
        ("userId", fact.user_id),
        (WEAK, fact.anonymous_id),
        (WEAK, fact.previous_id),
        ("userId", fact.previous_id),
    ]
    return [(kind, value) for kind, value in (*named, *fact.identifiers) if value]


def without(fact: Fact, buried: Collection[Key]) -> Fact | None:
    """The fact without what an erased person was known by; None where it is about that person.

    A browser that an erased person used may be somebody else's now: beside another name only the browser's id goes.
    """
    found = [key for key in keys_of(fact) if key in buried]
    if not found:
        return fact
    others = [key for key in keys_of(fact) if key[0] != WEAK and key not in buried]
    if any(kind != WEAK for kind, _ in found) or not others or fact.previous_id:
        return None
    return msgspec.structs.replace(fact, anonymous_id="")


# --- texts ----------------------------------------------------------------------------------------------------------


def digits(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isdigit())


def spellings(values: Iterable[Any], emails: Collection[str], phones: Collection[str]) -> set[str]:
    """The texts among these values (JSON, at any depth) that are one of the addresses or numbers, however written."""
    tails = {digits(phone)[-8:] for phone in phones if len(digits(phone)) >= 8}
    found: set[str] = set()
    for text in map(str.strip, texts(values)):
        is_email = "@" in text and text.lower() in emails
        if is_email or (len(text) <= 30 and digits(text)[-8:] in tails):
            found.add(text)
    return found


def texts(value: Any) -> Iterator[str]:
    """Every text inside a JSON value."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | map):
            stack += list(one)


def may_name(message_id: str) -> bool:
    """Whether an id could hold an address or a number."""
    return re.search(r"@|%40|(?<![0-9a-zA-Z])\+?\d{9,15}(?![0-9a-zA-Z])", message_id) is not None


@dataclass(frozen=True, slots=True)
class Names:
    """The texts by which a person is found in tables and files, in any case."""

    texts: tuple[str, ...]
    regex: re.Pattern[str]

    def name(self, text: str) -> bool:
        return self.regex.search(text) is not None

    def blot(self, text: str) -> str:
        return self.regex.sub(GONE, text)


def names_of(texts: Iterable[str]) -> Names | None:
    """None where no text is long enough to be told from others."""
    usable = {text.lower() for text in texts if len(text) >= (FEWEST_DIGITS if text.isdigit() else SHORTEST)}
    found = tuple(sorted(usable, key=lambda text: (-len(text), text)))
    return Names(found, re.compile("|".join(map(re.escape, found)), re.IGNORECASE)) if found else None


def blotted(value: Any, names: Names) -> Any:
    """The JSON value without the texts that name the person."""
    if isinstance(value, str):
        return names.blot(value)
    if isinstance(value, dict):
        return {names.blot(key): blotted(child, names) for key, child in value.items()}
    if isinstance(value, list):
        return [blotted(child, names) for child in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if number and names.regex.fullmatch(str(value)) else value
