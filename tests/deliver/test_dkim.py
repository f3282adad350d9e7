"""DKIM: signatures that another implementation verifies, and that every tampering breaks."""

from __future__ import annotations

from pathlib import Path

import dkim as verifier
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dangol.base.errors import Misconfigured
from dangol.deliver import dkim
from tests.deliver.test_headers import letter


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> dkim.Signer:
    folder = tmp_path_factory.mktemp("shop")
    dkim.make_key(folder)
    found = dkim.load(folder, "dangol")
    assert found
    return found


def verified(signer: dkim.Signer, mail: bytes, names: list[bytes] | None = None) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes:
        if names is not None:
            names.append(name)
        return dkim.record(signer).encode()

    return bool(verifier.verify(mail, dnsfunc=dns))


def test_a_signed_letter_is_verified_under_the_record_we_show(signer: dkim.Signer) -> None:
    one, names = letter(), []
    mail = signer.signed(one.as_bytes(), "shop.example", one.at)
    assert verified(signer, mail, names)
    assert names == [b"dangol._domainkey.shop.example."]
    assert all(len(line) <= 78 for line in mail.partition(b"\r\nDate:")[0].split(b"\r\n"))


TAMPERS = {
    "another From": (b"From:", b"From: <evil@example.net>\r\nFrom:"),
    "another Subject": (b"Subject:", b"Subject: win\r\nSubject:"),
    "another To": (b"To:", b"To: <evil@example.net>\r\nTo:"),
    "another unsubscribe link": (
        b"List-Unsubscribe:",
        b"List-Unsubscribe: <https://evil.example>\r\nList-Unsubscribe:",
    ),
    "one-click taken away": (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
    "one-click altered": (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two"),
    "another body": (b"\r\n\r\n--=_", b"\r\n\r\nEvil\r\n--=_"),
    "something behind": (b"x--\r\n", b"x--\r\nEvil\r\n"),
}


@pytest.mark.parametrize("tamper", TAMPERS)
def test_a_letter_that_was_altered_on_the_way_is_not(signer: dkim.Signer, tamper: str) -> None:
    one = letter()
    mail = signer.signed(one.as_bytes(), "shop.example", one.at)
    before, after = TAMPERS[tamper]
    assert before in mail
    place = 0 if mail.count(before) == 1 else mail.index(b"\r\n\r\n")
    altered = mail[:place] + mail[place:].replace(before, after, 1)
    assert altered != mail
    assert not verified(signer, altered)


@settings(max_examples=50, deadline=None)
@given(subject=st.text(max_size=200), text=st.text(max_size=400), name=st.text(max_size=60))
def test_whatever_stands_in_a_letter_it_is_verified(signer: dkim.Signer, subject: str, text: str, name: str) -> None:
    one = letter(subject=subject, text=text, sender_name=name)
    assert verified(signer, signer.signed(one.as_bytes(), "shop.example", one.at))


def test_blanks_and_empty_lines_that_mail_servers_change_do_not_break_it(signer: dkim.Signer) -> None:
    one = letter()
    mail = signer.signed(one.as_bytes(), "shop.example", one.at)
    head, body = mail.split(b"\r\n\r\n", 1)
    assert verified(signer, head.replace(b"Subject: ", b"SUBJECT:\t  ") + b"\r\n\r\n" + body + b"\r\n\r\n")


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = dkim.make_key(tmp_path)
    first = path.read_bytes()
    assert dkim.make_key(tmp_path).read_bytes() == first
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("selector", "content", "told"),
    [
        ("UPPER case", None, "dkim_selector"),
        ("dangol", None, "dangol dkim"),
        ("dangol", b"no key", "PEM"),
    ],
)
def test_what_cannot_sign_is_refused_by_name(tmp_path: Path, selector: str, content: bytes | None, told: str) -> None:
    if content is not None:
        (tmp_path / dkim.KEY_FILE).write_bytes(content)
    with pytest.raises(Misconfigured, match=told):
        dkim.load(tmp_path, selector)
    assert dkim.load(tmp_path, "") is None
