"""Short signed links: ours only, for one route only, short enough for a header line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dangol.base.links import sign, unsign

SECRET = b"s" * 32
numbers = st.lists(st.integers(min_value=0, max_value=2**63 - 1), min_size=1, max_size=4)


@given(numbers)
def test_what_was_signed_comes_back(values: list[int]) -> None:
    assert unsign(SECRET, "u", sign(SECRET, "u", *values)) == tuple(values)


@given(numbers, st.integers(min_value=0), st.text(alphabet="abcXYZ019-_", min_size=1, max_size=1))
def test_an_altered_token_is_void(values: list[int], place: int, letter: str) -> None:
    token = sign(SECRET, "u", *values)
    place %= len(token)
    altered = token[:place] + letter + token[place + 1 :]
    assert unsign(SECRET, "u", altered) in {None, tuple(values)}
    if unsign(SECRET, "u", altered) is not None:  # base64's last letter may carry unused bits
        assert altered == token or place == len(token) - 1


def test_a_token_of_another_route_or_shop_is_void() -> None:
    token = sign(SECRET, "u", 7)
    assert unsign(SECRET, "c", token) is None
    assert unsign(b"t" * 32, "u", token) is None


@given(st.text(max_size=60))
def test_garbage_is_void_and_never_an_error(text: str) -> None:
    assert unsign(SECRET, "u", text) is None


def test_an_unsubscribe_link_fits_one_header_line() -> None:
    assert len("https://crm.a-rather-long-shop.example/u/" + sign(SECRET, "u", 2**40)) <= 74
