"""Secrets at rest: opened by their shop, for their purpose, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.base.crypto import PREVIOUS, Vault, vault
from dangol.base.errors import Misconfigured
from dangol.base.settings import read_secret

ONE, OTHER = b"1" * 32, b"2" * 32


@given(st.text(max_size=200).filter(lambda text: text.isascii() or text.encode("utf-8", "ignore").decode() == text))
def test_what_was_sealed_comes_back_and_is_not_readable_meanwhile(text: str) -> None:
    sealed = Vault(ONE).seal(text, "shop:1")
    assert Vault(ONE).unseal(sealed, "shop:1") == text
    assert len(text) < 6 or text not in sealed


def test_the_same_secret_is_never_sealed_the_same_way() -> None:
    assert len({Vault(ONE).seal("shpss_secret", "shop:1") for _ in range(50)}) == 50


def test_another_shop_another_purpose_or_another_byte_opens_nothing() -> None:
    sealed = Vault(ONE).seal("shpss_secret", "shop:1")
    for opened in (
        lambda: Vault(OTHER).unseal(sealed, "shop:1"),
        lambda: Vault(ONE).unseal(sealed, "shop:2"),
        lambda: Vault(ONE).unseal(sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:], "shop:1"),
        lambda: Vault(ONE).unseal(sealed[:9], "shop:1"),
        lambda: Vault(ONE).unseal("shpss_secret", "shop:1"),
    ):
        with pytest.raises(Misconfigured):
            opened()
    assert Vault(ONE).unseal("", "shop:1") == ""


def test_a_shop_changes_its_secret_and_keeps_what_it_had(tmp_path: Path) -> None:
    before = vault(tmp_path)
    sealed = before.seal("shpss_secret", "shop:1")
    (tmp_path / "secret.key").rename(tmp_path / PREVIOUS)
    read_secret.cache_clear()
    now = vault(tmp_path)
    assert now.is_stale(sealed)
    assert now.unseal(sealed, "shop:1") == "shpss_secret"
    anew = now.seal(now.unseal(sealed, "shop:1"), "shop:1")
    (tmp_path / PREVIOUS).unlink()
    assert not vault(tmp_path).is_stale(anew)
    assert vault(tmp_path).unseal(anew, "shop:1") == "shpss_secret"
    with pytest.raises(Misconfigured, match=PREVIOUS):
        vault(tmp_path).unseal(sealed, "shop:1")
