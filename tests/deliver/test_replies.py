"""Of a reply only what its writer said anew is kept; what machines write is nobody's words."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from dangol.deliver import replies

KOREAN = (
    "컵이 깨져서 왔어요.\n\n2026년 11월 24일 (화) 오후 3:00, 단골 가게 <hello@shop.example>님이 작성:\n\n> 안녕하세요\n"
)
OUTLOOK = "색이 달라요.\n\n보낸 사람: 단골 가게\n보낸 날짜: 2026년 11월 24일\n받는 사람: Ann\n제목: 주문\n\n안녕하세요"


def mail(text: str, *, html: str = "", **headers: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = "Ann Kim <Ann@Example.com>", "hello@shop.example"
    made["Subject"], made["Message-ID"] = "Re: 주문이 도착했습니다", "<r1@mail.example>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    if text:
        made.set_content(text)
    if html and text:
        made.add_alternative(html, subtype="html")
    elif html:
        made.set_content(html, subtype="html")
    return made.as_bytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thank you!\n\nOn Tue, 24 Nov 2026 at 15:00, Shop <hello@shop.example> wrote:\n> Hi\n", "Thank you!"),
        ("Thanks\n\nOn Tue, 24 Nov 2026 at 15:00, Shop\n<hello@shop.example> wrote:\n\nHi there", "Thanks"),
        ("On it goes\n\n-----Original Message-----\nFrom: Shop\n\nHi", "On it goes"),
        ("Yes\n\n-- \nAnn Kim\nSeoul", "Yes"),
        ("Yes\n\nSent from my iPhone", "Yes"),
        ("On Tue, Shop <hello@shop.example> wrote:\n> Red or blue?\nBlue.\n> Size?\nM", "Blue.\nM"),
        (KOREAN, "컵이 깨져서 왔어요."),
        (OUTLOOK, "색이 달라요."),
        ("안녕하세요\n\n나의 iPhone에서 보냄", "안녕하세요"),
    ],
)
def test_the_quoted_letter_stays_out(text: str, said: str) -> None:
    found = replies.read(mail(text))
    assert found
    assert found.text == said


def test_what_a_mail_says_of_itself() -> None:
    found = replies.read(mail("Hi"))
    assert found == replies.Reply("ann@example.com", "Re: 주문이 도착했습니다", "Hi", "r1@mail.example")


def test_a_letter_of_html_alone_is_read_without_its_tags() -> None:
    page = '<style>p{}</style><p>It&nbsp;broke.<br>Sorry</p><div class="gmail_quote"><p>Hi Ann</p></div>'
    found = replies.read(mail("", html=page))
    assert found
    assert found.text == "It broke.\nSorry"


def test_files_are_named_and_stay_where_they_are() -> None:
    made = EmailMessage()
    made["From"] = "ann@example.com"
    made.set_content("Look")
    made.add_attachment(b"x" * 99, maintype="image", subtype="png", filename="컵.png")
    found = replies.read(made.as_bytes())
    assert found
    assert (found.text, found.files) == ("Look", ("컵.png",))


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}],
)
def test_machines_say_nothing(headers: dict[str, str]) -> None:
    assert replies.read(mail("I am away", **headers)) is None


def test_nobody_and_no_mail_at_all_say_nothing() -> None:
    assert replies.read(b"\xff\xfe not a mail") is None
    assert replies.read(b"From: MAILER-DAEMON@mx.example\n\nfailed") is None


def test_replies_of_many_mail_programs(test_data: Path) -> None:
    """Fixtures of email_reply_parser: each loses its quote and keeps its words."""
    kept = {
        "email_1_3.txt": "Having the function would be great.",
        "email_1_8.txt": "I will reply under this one",
        "email_2_1.txt": "Outlook with a reply",
        "email_2_2.txt": "Outlook with a reply directly above line",
        "email_BlackBerry.txt": "Here is another email",
        "email_sig_delimiter_in_middle_of_line.txt": "kthxbai",
        "greedy_on.txt": "On your remote host you can run:",
        "pathological.txt": "get back to a computer.",
    }
    for name, words in kept.items():
        told = replies.own_words((test_data / "replies" / name).read_text("utf-8"))
        assert words in told, name
        assert not any(line.startswith(">") for line in told.split("\n")), name
        assert "wrote:" not in told.replace("I wrote:", ""), name
