"""No value becomes a second header, and what machines must read stays readable."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dangol.deliver import headers
from dangol.deliver.headers import UnsafeHeader
from dangol.deliver.letter import LIST, REQUIRED, Letter

NAMES = sorted([*REQUIRED, *LIST, "Auto-Submitted", "X-Auto-Response-Suppress"])
EVIL = "=?utf-8?q?x=0ABcc=3A_evil=40x?="
VECTORS = [
    EVIL,
    "(광고) " + EVIL,
    "(광고) =?utf-8?b?eApCY2M6IGVAeA==?=",
    "a\r\nBcc: x",
    "a\nBcc: x",
    "a\rBcc: x",
    "a\x00b",
    "a\u2028Bcc: x",
    "a\u2029Bcc: x",
    "a\x85Bcc: x",
    "a\x0bBcc: x",
    "\ud800 half a character",
    "(광고) 안녕하세요 " * 40,
    "word " * 300,
    "w" * 1200,
    " " * 1200 + "x",
    "",
    "👨‍👩‍👧‍👦" * 60,
    "\r\n\r\n<h1>body</h1>",
]


def letter(**changes: object) -> Letter:
    given = {
        "to": "minji@example.com",
        "sender": "hello@shop.example",
        "sender_name": "단골 가게",
        "subject": "Hello",
        "text": "Hello\n",
        "html": "<p>Hello</p>",
        "message_id": "12.abc_-x@shop.example",
        "at": datetime(2026, 11, 24, 3, tzinfo=UTC),
        "marketing": True,
        "unsubscribe_url": "https://shop.example/u/0123456789012345678901",
        "list_id": "welcome.shop.example",
        "feedback_id": "welcome:shop-example:marketing:dangol",
    }
    return Letter(**(given | changes))


def parsed(data: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


@pytest.mark.parametrize("value", VECTORS)
def test_a_subject_and_a_name_stay_what_they_are(value: str) -> None:
    data = letter(subject=value, sender_name=value).as_bytes()
    message = parsed(data)
    assert sorted(message.keys()) == NAMES
    assert "evil@x" not in [address.addr_spec for address in message["From"].addresses]
    block = data.split(b"\r\n\r\n")[0]
    assert max(len(line) for line in block.split(b"\r\n")) <= 998
    for word in block.replace(b"\r\n", b" ").split():
        assert not word.startswith(b"=?") or len(word) <= 75


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_is_read_back_as_it_was(subject: str, name: str) -> None:
    message = parsed(letter(subject=subject, sender_name=name).as_bytes())
    assert sorted(message.keys()) == NAMES
    assert str(message["Subject"]).split() == headers.clean(subject).split()
    assert [address.addr_spec for address in message["From"].addresses] == ["hello@shop.example"]


def test_lines_with_encoded_words_are_short() -> None:
    block = headers.text("Subject", "(광고) 안녕하세요 " * 20)
    assert max(len(line) for line in block.split("\r\n")) <= 76


def test_one_click_unsubscription_is_on_one_line_and_short() -> None:
    data = letter().as_bytes()
    lines = data.decode().split("\r\n")
    assert "List-Unsubscribe: <https://shop.example/u/0123456789012345678901>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_transactional_mail_has_no_list_headers() -> None:
    message = parsed(letter(marketing=False).as_bytes())
    assert not set(message.keys()) & set(LIST)


@pytest.mark.parametrize(
    "to",
    ["a@b.co>\r\nRCPT TO:<evil@x.co", "a@b.co, c@d.co", '"a"@b.co', "a b@c.co", "민지@b.co", "a@b.co\r\nBcc: x@y.co"],
)
def test_a_recipient_that_is_not_one_address_is_refused(to: str) -> None:
    with pytest.raises(UnsafeHeader):
        letter(to=to).as_bytes()


@pytest.mark.parametrize("field", ["message_id", "unsubscribe_url", "list_id", "feedback_id"])
@pytest.mark.parametrize("value", ["x\r\nBcc: evil@x.co", "x\ny", "광고", "x" * 1000])
def test_identifiers_hold_no_surprise(field: str, value: str) -> None:
    with pytest.raises(UnsafeHeader):
        letter(**{field: value}).as_bytes()


@pytest.mark.parametrize(
    "block",
    [
        "Subject: a\r\nBcc: x\r\n",
        "Subject: a\r\nSubject: b\r\n",
        "Subject: a\nb\r\n",
        "Subject: a\r\n\r\nbody\r\n",
        "Subject: " + "a" * 990 + "\r\n",
        "Subject: 광고\r\n",
        "Subject: a",
        " folded: first\r\n",
        "Subject a\r\n",
        "To: x\r\n",
    ],
)
def test_what_was_written_is_checked_again(block: str) -> None:
    with pytest.raises(UnsafeHeader):
        headers.check(block, {"Subject": 1, "To": 1}, ["Subject"])


@pytest.mark.parametrize("text", ["\n.\n", ".\r\n..\r\n", "From x\n", "a" * 5000, "안녕\n.\n", "tab\t \nend ", ""])
def test_bodies_come_back_byte_for_byte_with_short_lines(text: str) -> None:
    data = letter(text=text, html=f"<pre>{text}</pre>").as_bytes()
    parts = list(parsed(data).iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert parts[0].get_payload(decode=True).decode().replace("\r\n", "\n").rstrip("\n") == text.replace(
        "\r\n", "\n"
    ).rstrip("\n")
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_the_headers_people_see_are_those_that_leave() -> None:
    shown = letter(subject="(광고) 안녕하세요 " * 10).headers()
    assert sorted(shown) == NAMES
    assert shown["Message-ID"] == "<12.abc_-x@shop.example>"
