"""A letter: one e-mail to one customer, and the exact bytes that leave. Pure."""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from email.utils import format_datetime

from dangol.deliver import headers
from dangol.deliver.headers import CRLF
from dangol.deliver.messages import Message, Shown

REQUIRED = ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type")
FOREIGN = bytes(range(0x7F, 0x100))
LIST = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Precedence")
ALLOWED = dict.fromkeys((*REQUIRED, *LIST, "Auto-Submitted", "X-Auto-Response-Suppress"), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter(Message):
    """Everything that is in an e-mail, before it is written down."""

    sender: str
    sender_name: str
    subject: str
    text: str
    html: str
    message_id: str  # without the angle brackets; the same for every attempt of one delivery
    marketing: bool
    unsubscribe_url: str = ""
    list_id: str = ""  # the campaign, for the reader's filters
    feedback_id: str = ""  # for the mailbox provider's complaint reports

    @property
    def form(self) -> str:
        return "email"

    def check(self) -> None:
        self._checked_block()  # whatever the text is, it can be encoded

    def shown(self) -> Shown:
        return Shown(self.subject, self.text, self.html, self.headers())

    def headers(self) -> dict[str, str]:
        """The headers by name, for people to look at. Raises UnsafeHeader, as when the letter leaves."""
        block = self._checked_block()
        unfolded = block.replace(CRLF + " ", " ").split(CRLF)
        return {name: value for name, _, value in (line.partition(": ") for line in unfolded) if name}

    def _checked_block(self) -> str:
        block = self._block()
        headers.check(block, ALLOWED, (*REQUIRED, *LIST) if self.marketing else REQUIRED)
        return block

    def _block(self) -> str:
        lines = [
            headers.exact("Date", format_datetime(self.at)),
            headers.mailbox("From", self.sender_name, self.sender),
            headers.mailbox("To", "", self.to),
            headers.text("Subject", self.subject),
            headers.exact("Message-ID", f"<{self.message_id}>"),
            *(self._list_headers() if self.marketing else []),
            headers.exact("Auto-Submitted", "auto-generated"),
            headers.exact("X-Auto-Response-Suppress", "OOF, AutoReply"),
            headers.exact("MIME-Version", "1.0"),
            headers.exact("Content-Type", f'multipart/alternative; boundary="{self._boundary}"'),
        ]
        return "".join(lines)

    def _list_headers(self) -> list[str]:
        return [
            headers.exact("List-Unsubscribe", f"<{self.unsubscribe_url}>"),
            headers.exact("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            headers.exact("List-Id", f"<{self.list_id}>"),
            headers.exact("Feedback-ID", self.feedback_id),
            headers.exact("Precedence", "bulk"),
        ]

    @property
    def _boundary(self) -> str:
        return "=_" + self.message_id.partition("@")[0]  # "=_" occurs in neither of the two encodings below

    def as_bytes(self) -> bytes:
        """The letter as it goes over the wire, but for dot-stuffing. Raises UnsafeHeader."""
        block = self._checked_block()
        parts = [_part("plain", self.text), _part("html", self.html)]
        body = "".join(f"--{self._boundary}{CRLF}{part}" for part in parts) + f"--{self._boundary}--{CRLF}"
        return (block + CRLF + body).encode("ascii")


def _part(subtype: str, content: str) -> str:
    data = content.encode("utf-8", "replace")
    encoding, encoded = _transfer(data)
    return (
        f"Content-Type: text/{subtype}; charset=utf-8{CRLF}Content-Transfer-Encoding: {encoding}{CRLF}{CRLF}"
        f"{encoded}{CRLF}"
    )


def _transfer(data: bytes) -> tuple[str, str]:
    """Quoted-printable where most of it is ASCII, base64 otherwise: lines stay short either way."""
    foreign = len(data) - len(data.translate(None, FOREIGN))
    if foreign * 6 > len(data):
        return "base64", base64.encodebytes(data).decode("ascii").replace("\n", CRLF)
    unix = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return "quoted-printable", quopri.encodestring(unix).decode("ascii").replace("\n", CRLF)
