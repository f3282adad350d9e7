"""Writes mail headers so that no value can become a second header. Pure.

Python's own writer unfolds encoded words that a customer's name may hold into real lines, and folds long URLs into
encoded words that one-click unsubscription cannot read. So values are cleaned first, encoded here, and what was
written is checked against the list of headers that may be there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence

from dangol.base.errors import DangolError

CRLF = "\r\n"
LONGEST_LINE = 998  # RFC 5322, without the line's end
LINE = 76  # a line with an encoded word in it, RFC 2047
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME = re.compile(r"[A-Za-z-]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class UnsafeHeader(DangolError):
    """What was written is not what was meant; the message does not leave."""


def clean(value: str) -> str:
    """The value on one line of valid Unicode."""
    return _CONTROLS.sub(" ", value).encode("utf-8", "replace").decode("utf-8")


def text(name: str, value: str) -> str:
    """A header of free text, such as Subject."""
    value = clean(value)
    if value.isascii() and "=?" not in value:
        folded = _folded(f"{name}: {value}")
        if folded is not None:
            return folded + CRLF
    return f"{name}: {_encoded(value, LINE - len(name) - 2)}{CRLF}"


def mailbox(name: str, display: str, address: str) -> str:
    """A header with one address, such as From; `address` has been through the gate's parser."""
    display = clean(display).strip()
    if not address.isascii() or re.search(r"[\s<>,;()\"\\]", address):
        raise UnsafeHeader(f"{name} is not one address")
    if not display:
        return f"{name}: <{address}>{CRLF}"
    if display.isascii() and "=?" not in display and len(display) <= 60:
        shown = display if _ATOMS.fullmatch(display) else '"' + re.sub(r'(["\\])', r"\\\1", display) + '"'
        return f"{name}: {shown}{CRLF} <{address}>{CRLF}"
    return f"{name}: {_encoded(display, LINE - len(name) - 2)}{CRLF} <{address}>{CRLF}"


def exact(name: str, value: str) -> str:
    """A header for machines, on one line as it is: identifiers, dates, URLs."""
    if not value.isascii() or _CONTROLS.search(value) or len(name) + 2 + len(value) > LONGEST_LINE:
        raise UnsafeHeader(f"{name} holds what it must not")
    return f"{name}: {value}{CRLF}"


def _folded(line: str) -> str | None:
    """The line broken before blanks; None where it cannot be."""
    lines, current = [], ""
    for word in re.findall(r"\s*\S+|\s+$", line):
        if current.strip() and len(current) + len(word) > 78 and word.strip():
            lines.append(current)
            current = word
        else:
            current += word
    lines.append(current)
    fits = all(len(part) <= LONGEST_LINE and part.strip() for part in lines)
    return CRLF.join(lines) if fits else None


def _encoded(value: str, room: int) -> str:
    """RFC 2047 words of at most 75 characters, split between code points; `room` is what the first line has left."""
    words, current, space = [], b"", min(room, 75)
    for character in value:
        piece = character.encode()
        if current and len(_word(current + piece)) > space:
            words.append(_word(current))
            current, space = b"", 75
        current += piece
    words.append(_word(current))
    return (CRLF + " ").join(words)


def _word(data: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(data).decode()}?="


def check(block: str, allowed: Mapping[str, int], required: Sequence[str]) -> None:
    """Raises UnsafeHeader unless the block has only allowed headers, none too often, and all required ones."""
    counts: dict[str, int] = {}
    if not block.isascii() or not block.endswith(CRLF):
        raise UnsafeHeader("the header is not ASCII or not closed")
    for line in block[: -len(CRLF)].split(CRLF):
        if len(line) > LONGEST_LINE or _CONTROLS.search(line.replace("\t", " ")):
            raise UnsafeHeader("a header line is too long or holds a control character")
        if line[:1] in {" ", "\t"} and counts and line.strip():
            continue
        name, colon, _ = line.partition(": ")
        if not colon or not _NAME.fullmatch(name) or name not in allowed:
            raise UnsafeHeader(f"{name[:40]!r} is not a header that we write")
        counts[name] = counts.get(name, 0) + 1
    for name, count in counts.items():
        if count > allowed[name]:
            raise UnsafeHeader(f"{name} stands there {count} times")
    for name in required:
        if name not in counts:
            raise UnsafeHeader(f"{name} is missing")
