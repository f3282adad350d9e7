"""Codes: what they look like, which mistakes are told, how lists are read."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from dangol.offer import codes

DRAW = st.integers(0, 2**32).map(lambda seed: codes.make(random.Random(seed).randrange))


def test_a_code_looks_like_this() -> None:
    code = codes.make(random.Random(1).randrange, "WINTER")
    assert code.startswith("WINTER-")
    assert [len(part) for part in code.split("-")[1:]] == [4, 4, 4]
    assert not set(code.removeprefix("WINTER-")) & set("0OQ1IL2Z5SBUV")


def test_codes_are_drawn_evenly_and_not_twice() -> None:
    rng = random.Random(7)
    drawn = [codes.fold(codes.make(rng.randrange)) for _ in range(4_000)]
    assert len(set(drawn)) == 4_000
    for place in (0, 5, 10, 11):  # the last is the check sign
        counts = [sum(one[place] == sign for one in drawn) for sign in codes.SIGNS]
        expected = 4_000 / len(codes.SIGNS)
        assert sum((count - expected) ** 2 / expected for count in counts) < 60, "chi-square, 22 degrees of freedom"


@given(DRAW, st.integers(0, 11), st.sampled_from(codes.SIGNS))
def test_one_wrong_sign_is_told(code: str, place: int, sign: str) -> None:
    folded = codes.fold(code)
    wrong = folded[:place] + sign + folded[place + 1 :]
    assert codes.mistyped(wrong) == (wrong != folded)


@given(DRAW, st.integers(0, 11), st.integers(0, 11))
def test_two_signs_changed_about_are_told(code: str, one: int, other: int) -> None:
    signs = list(codes.fold(code))
    signs[one], signs[other] = signs[other], signs[one]
    assert codes.mistyped("".join(signs)) == ("".join(signs) != codes.fold(code))


@given(DRAW)
def test_however_it_is_typed(code: str) -> None:
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} ", code.replace("-", "–")):
        assert codes.fold(typed) == codes.fold(code)
        assert not codes.mistyped(typed)


def test_a_list_of_codes() -> None:
    text = "﻿Code,Status\nABCD-1,unused\n\n  efgh2 ;x\nabcd1,unused\nab\n한글쿠폰\n"
    found = list(codes.read_list(text))
    assert [(line.number, line.code) for line in found if not line.fault] == [
        (2, "ABCD-1"),
        (4, "efgh2"),
        (7, "한글쿠폰"),
    ]
    assert {line.number: line.fault for line in found if line.fault} == {
        5: "stands in this list twice",
        6: "4 to 64 signs without blanks, commas and quotes",
    }


def test_what_an_order_names() -> None:
    assert codes.named_in("save-10, SAVE10 ,x y") == ["SAVE10", "XY"]
    assert codes.named_in(["A1", 77, None, {"code": "B"}]) == ["A1", "77"]
    assert codes.named_in(None) == codes.named_in({}) == []
