"""The signs of a code: how it is made, how it is read however somebody typed it, how a list of codes is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# 23 signs of which none is taken for another: no 0 O Q, 1 I L, 2 Z, 5 S, 8 B (the 8 stays), U V. Their number is a
# prime, so that the check sign below tells every wrong sign and every two signs changed about.
SIGNS = "346789ACDEFGHJKMNPRTWXY"
DRAWN = 11  # signs by chance: 23^11 is about 10^15, so that guessing finds one of a million codes in a billion tries
GROUP = 4
LONGEST = 64
ALLOWED = re.compile(r"[^\s,;\"'<>\x00-\x1f]{4,64}")


def make(below: Callable[[int], int], prefix: str = "") -> str:
    """A new code such as K7XM-94HD-RWTC; `below(n)` draws from 0 to n - 1 and must not be foreseeable (secrets)."""
    drawn = "".join(SIGNS[below(len(SIGNS))] for _ in range(DRAWN))
    whole = drawn + check_sign(drawn)
    groups = "-".join(whole[start : start + GROUP] for start in range(0, len(whole), GROUP))
    return f"{prefix}-{groups}" if prefix else groups


def check_sign(signs: str) -> str:
    """The sign that makes the sum of place times value nought, modulo 23."""
    total = sum(place * SIGNS.index(sign) for place, sign in enumerate(signs, start=2))
    return SIGNS[-total % len(SIGNS)]


def mistyped(code: str, prefix: str = "") -> bool:
    """Whether a code of ours cannot be one: a sign that we never write, or a check sign that does not fit."""
    signs = fold(code).removeprefix(fold(prefix))
    if len(signs) != DRAWN + 1 or not set(signs) <= set(SIGNS):
        return True
    return check_sign(signs[:-1]) != signs[-1]


def fold(code: str) -> str:
    """By what a code is known: capitals, without blanks and dashes."""
    return re.sub(r"[\s\-‐-―]", "", code).upper()[:LONGEST]


def named_in(told: object) -> list[str]:
    """The codes that an order's `coupon` names: one, several with commas between, or a list of them."""
    given = told if isinstance(told, list) else [told]
    found = (part for one in given if isinstance(one, str | int) for part in str(one).split(","))
    return list(dict.fromkeys(code for one in found if (code := fold(one))))[:20]


@dataclass(frozen=True, slots=True)
class Line:
    """One code of a list that somebody pasted, or why it is none."""

    number: int  # from 1
    code: str
    fault: str = ""


def read_list(text: str) -> Iterator[Line]:
    """Codes of a pasted list or of a file: one a line; of several columns the first. A heading is left out."""
    seen: set[str] = set()
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        code = re.split(r"[,;\t]", line.strip(), maxsplit=1)[0].strip().strip("\"'")
        if not code or (number == 1 and _heading(code)):
            continue
        folded = fold(code)
        if not ALLOWED.fullmatch(code) or not folded:
            yield Line(number, code[:LONGEST], "4 to 64 signs without blanks, commas and quotes")
        elif folded in seen:
            yield Line(number, code, "stands in this list twice")
        else:
            seen.add(folded)
            yield Line(number, code)


def _heading(code: str) -> bool:
    return code.lower() in {"code", "codes", "coupon", "coupon code", "discount code", "쿠폰", "쿠폰번호", "쿠폰 번호"}


def folded(codes: Iterable[str]) -> list[str]:
    return [fold(code) for code in codes]
