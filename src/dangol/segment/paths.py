"""Dotted paths: keys between dots; between double quotes everything is one key, a quote inside is doubled."""

from __future__ import annotations

import re

from dangol.segment.language import Path

_KEY = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')
OF_THE_FACT = ("$context", "$timestamp", "$name", "$type")
ALLOWED = 'keys with dots between them, a key with dots or quotes in double quotes, such as address.city or "my.key"'
ALLOWED_OF_THE_FACT = f"after $ one of {', '.join(OF_THE_FACT)}; a key that begins with $ stands in double quotes"


def split_path(text: str) -> tuple[str, ...] | None:
    """The keys of a path; None for one that is malformed."""
    keys: list[str] = []
    at = 0
    while True:
        match = _KEY.match(text, at)
        if match is None:
            return None
        keys.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        at = match.end()
        if at == len(text):
            return tuple(keys)
        if text[at] != ".":
            return None
        at += 1


def trait_path(text: str) -> Path | None:
    """A path into the traits."""
    keys = split_path(text)
    return None if keys is None else Path(keys)


def property_path(text: str) -> Path | str:
    """A path into a fact's properties, or with $ into the fact itself; otherwise what is allowed instead."""
    keys = split_path(text)
    if keys is None:
        return ALLOWED
    if not text.startswith("$"):
        return Path(keys)
    root, rest = keys[0], keys[1:]
    if root not in OF_THE_FACT or bool(rest) != (root == "$context"):
        return ALLOWED_OF_THE_FACT
    return Path(rest, root)
