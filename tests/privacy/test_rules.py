"""What an erased person's traces look like, and what becomes of a fact that shows one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dangol.collect.facts import Fact
from dangol.privacy import rules

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BURIED = {("userId", "ann"), ("email", "ann@mail.example"), ("anonymousId", "browser")}


def fact(**fields: Any) -> Fact:
    return Fact(1, "site", "m", "track", "Seen", NOW, NOW, **fields)


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        ({"user_id": "bob", "anonymous_id": "other"}, "itself"),
        ({"user_id": "ann"}, None),
        ({"user_id": "bob", "identifiers": (("email", "ann@mail.example"),)}, None),
        ({"anonymous_id": "browser"}, None),
        ({"anonymous_id": "browser", "user_id": "bob"}, "without browser"),
        ({"anonymous_id": "browser", "identifiers": (("phone", "01000000000"),)}, "without browser"),
        ({"anonymous_id": "browser", "user_id": "ann"}, None),
        ({"user_id": "bob", "previous_id": "browser"}, None),
        ({"customer_id": 7}, "itself"),
    ],
)
def test_what_becomes_of_a_fact(fields: dict[str, Any], becomes: str | None) -> None:
    told = fact(**fields)
    left = rules.without(told, BURIED)
    if becomes is None:
        assert left is None
    elif becomes == "itself":
        assert left is told
    else:
        assert left and left.anonymous_id == "" and left.user_id == told.user_id


def test_a_tombstone_tells_identifiers_apart_and_names_nobody() -> None:
    stones = {rules.tombstone(secret, kind, value) for secret in (b"a", b"b") for kind in ("email", "userId")
              for value in ("x@y.zz", "other")}  # fmt: skip
    assert len(stones) == 8
    assert rules.tombstone(b"a", "email", "X@Y.zz") == rules.tombstone(b"a", "email", "x@y.zz")
    assert rules.tombstone(b"a", "userId", "Ann") != rules.tombstone(b"a", "userId", "ann")


def test_spellings_are_found_at_any_depth() -> None:
    body = {"a": [{"b": "Ann@Mail.Example "}, "010-2345-6789", "+82 10 2345 6789"], "02-2345-6789": 1, "c": "12345"}
    found = rules.spellings([body], {"ann@mail.example"}, {"01023456789"})
    assert found == {"Ann@Mail.Example", "010-2345-6789", "+82 10 2345 6789", "02-2345-6789"}


def test_short_texts_and_small_numbers_are_not_searched_for() -> None:
    assert rules.names_of(["a@b.c", "12345678", ""]) is None
    names = rules.names_of(["ann@mail.example", "821023456789"])
    assert names
    told = {"n": 821023456789, "m": 18210234567890, "t": True, "s": ["x ANN@mail.example y"], "ann@mail.example": None}
    assert rules.blotted(told, names) == {
        "n": None, "m": 18210234567890, "t": True, "s": ["x [erased] y"], "[erased]": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message_id", "may"),
    [
        ("video-ann@mail.example", True),
        ("order:01023456789", True),
        ("ajs-next-1732417234123-4f6e5c2a", True),
        ("7d7e2a3c-9f6b-4c2d-8e1a-12345678901a", False),
        ("m12", False),
    ],
)
def test_which_message_ids_may_name_somebody(message_id: str, may: bool) -> None:
    assert rules.may_name(message_id) is may
