"""Settings: flag before environment before file before default, and a wrong value is named."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dangol.base.errors import Misconfigured
from dangol.base.settings import load, read_secret


def test_the_nearer_word_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dangol.toml").write_text('batch_size = 7\nlog_level = "DEBUG"\nsecure_cookies = true\n')
    monkeypatch.setenv("DANGOL_LOG_LEVEL", "ERROR")
    found = load(data=str(tmp_path), max_batch_events=None)
    assert (found.batch_size, found.log_level, found.secure_cookies, found.max_batch_events) == (7, "ERROR", True, 2500)
    assert load(data=str(tmp_path), batch_size=9).batch_size == 9


@pytest.mark.parametrize(
    ("text", "words"),
    [("batchsize = 1", "unknown setting 'batchsize'"), ('batch_size = "many"', "batch_size"), ("= 1", "dangol.toml")],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "dangol.toml").write_text(text)
    with pytest.raises(Misconfigured, match=words):
        load(data=str(tmp_path))


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    secret = read_secret(tmp_path)
    read_secret.cache_clear()
    assert read_secret(tmp_path) == secret
    assert len(secret) == 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
