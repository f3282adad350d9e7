"""What a person wrote back to one of our letters: their own words, without the letter that they quote. Pure."""

from __future__ import annotations

import email
import html
import re
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

LONGEST = 20_000  # characters that are kept
MOST_PARTS = 100
MOST_FILES = 20
# The line above a quoted letter, as mail programs write it in English and in Korean.
_WROTE = re.compile(
    r"^(?:"
    r"[ \t]*on\b(?:(?!^[ \t>]*on\b)[^\n]|\n(?!\n)){0,400}?\bwrote[ \t]*:"
    r"|[ \t]*\d{4}\s*[년.\-/](?:[^\n]|\n(?!\n)){0,300}?작성[ \t]*:"
    r")[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# Behind these lines nothing is new.
_CUT = re.compile(
    r"^(?:"
    r"[ \t]*-{2,}[ \t]*(?:original message|원본 메일|원본 메시지|forwarded message|전달된 메시지)\b.*"
    r"|[ \t]*_{20,}[ \t]*"
    r"|[ \t]*\*?(?:from|보낸 사람|보낸사람)[ \t]*:[^\n]+\n(?:[ \t]*[^\n:]{1,20}:[^\n]*\n)+"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE = re.compile(
    r"^(?:-- ?|__ ?)$|^(?:sent from (?:my|samsung)\b.{0,60}|나의 iPhone에서 보냄|.{0,20}에서 보냄)$", re.I | re.M
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^>]{0,200}>", re.I)
_HIDDEN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>", re.I | re.S)
_QUOTED_HTML = re.compile(r"<blockquote\b|<div[^>]{0,200}class=\"?gmail_quote|<div[^>]{0,200}id=\"?divRplyFwdMsg", re.I)
_TAG = re.compile(r"<[^>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody wrote back."""

    sender: str  # the address it came from, in lower case
    subject: str
    text: str  # their own words; empty where there are none
    message_id: str  # as their mail program calls it; empty where it does not
    files: tuple[str, ...] = ()  # the names of what was attached; the files themselves stay in the mailbox


def read(data: bytes) -> Reply | None:
    """A mail as somebody's reply; None where a machine wrote it, or it cannot be read."""
    try:
        mail = email.message_from_bytes(data)
    except (MessageError, ValueError, LookupError):
        return None
    sender = parseaddr(_header(mail, "From"))[1].lower()
    if not sender or _by_a_machine(mail, sender):
        return None
    return Reply(sender, _header(mail, "Subject")[:300], own_words(_text(mail)), _id(mail), _files(mail))


def _by_a_machine(mail: Message, sender: str) -> bool:
    """By RFC 3834 and what mail servers do: reports, absences and lists are nobody's words."""
    answered = str(mail.get("Auto-Submitted", "no")).strip().lower()
    sent_by = re.match(r"(?:mailer-daemon|post[_-]?master|no-?reply)@", sender)
    listed = str(mail.get("Precedence", "")).strip().lower() in {"bulk", "list", "junk", "auto_reply", "vacation"}
    absent = any(name in mail for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response"))
    report = mail.get_content_type() == "multipart/report"
    return not answered.startswith("no") or bool(sent_by) or listed or absent or report


def own_words(text: str) -> str:
    """What was written anew: up to the quoted letter or the signature; lines that are quoted in between stay out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if above := _WROTE.search(text):
        behind = text[above.end() :]
        answers_between = re.search(r"^[ \t]*>", behind, re.MULTILINE) is not None
        text = text[: above.start()] + (behind if answers_between else "")
    for end in (_CUT, _SIGNATURE):
        found = end.search(text)
        if found and text[: found.start()].strip():
            text = text[: found.start()]
    lines = [line.rstrip() for line in text.split("\n") if not line.lstrip().startswith(">")]
    words = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return re.sub(r"\n\s*-{3,}$", "", words).strip()[:LONGEST]


def _text(mail: Message) -> str:
    """The plain text, or what the HTML says where there is none."""
    parts = [part for part, _ in zip(mail.walk(), range(MOST_PARTS), strict=False) if not part.get_filename()]
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and (text := _decoded(part)).strip():
                return text if kind == "text/plain" else _of_html(text)
    return ""


def _of_html(page: str) -> str:
    quoted = _QUOTED_HTML.search(page)
    page = page[: quoted.start()] if quoted else page
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub("", page)))).replace("\xa0", " ")


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data[: 4 * LONGEST].decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return data[: 4 * LONGEST].decode("utf-8", "replace")


def _header(mail: Message, name: str) -> str:
    told = str(mail.get(name, ""))
    with suppress(MessageError, ValueError, LookupError):
        told = str(make_header(decode_header(told)))
    return " ".join(told.split())


def _id(mail: Message) -> str:
    return str(mail.get("Message-ID", "")).strip().strip("<>")[:300]


def _files(mail: Message) -> tuple[str, ...]:
    named = (part.get_filename() for part in mail.walk())
    return tuple(name[:200] for name in named if name)[:MOST_FILES]
