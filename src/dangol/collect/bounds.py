"""How much one event may hold, and what of it no database keeps. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

STRING_LONGEST = 64 * 1024
DEEPEST = 32
MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    event_bytes: int = 256 * 1024
    batch_events: int = 2_500


def too_large(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why an event of this shape is not taken, as (code, detail). Walks without recursion, however deep it is."""
    depth, keys, longest = 0, 0, 0
    stack: list[tuple[Any, int]] = [(event, 1)]
    while stack:
        value, level = stack.pop()
        if isinstance(value, str):
            longest = max(longest, len(value))
        elif isinstance(value, dict | list):
            depth = max(depth, level)
            if isinstance(value, dict):
                keys += len(value)
            if depth > DEEPEST or keys > MOST_KEYS:
                break
            stack.extend((child, level + 1) for child in (value.values() if isinstance(value, dict) else value))
    if depth > DEEPEST:
        return "too_deep", f"found more than {DEEPEST} levels; allowed: {DEEPEST}"
    if keys > MOST_KEYS:
        return "too_many_keys", f"found more than {MOST_KEYS} keys; allowed: {MOST_KEYS}"
    if longest > STRING_LONGEST:
        return "string_too_long", f"found {longest} characters; allowed: {STRING_LONGEST}"
    return None


def clean(value: Any, replaced: set[str]) -> Any:
    """The value as every database keeps it: NUL and lone surrogates become U+FFFD, NaN null, huge integers text.

    Numbers that could not stay numbers leave their kind in `replaced`. For what is not too deep.
    """
    if isinstance(value, str):
        text = value.replace("\x00", "\ufffd") if "\x00" in value else value
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {clean(key, replaced): clean(child, replaced) for key, child in value.items()}
    if isinstance(value, list):
        return [clean(child, replaced) for child in value]
    if isinstance(value, float) and value - value != 0:
        replaced.add("not_a_number")
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        replaced.add("large_number")
        return str(value)
    return value


def verbatim(value: Any) -> bytes:
    """With NaN as it was told, so that it is judged alike when it is judged again."""
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        return b"nested too deeply to be told"


def plain(value: Any) -> bytes:
    """A value as JSON, or as nearly as it can be told."""
    try:
        return msgspec.json.encode(value)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return verbatim(value)
