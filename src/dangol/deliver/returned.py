"""What a mail that came back says about the message it is about: bounced, put off, complained of, or nothing. Pure.

Reports by RFC 3464 (delivery status) and RFC 5965 (feedback, "ARF") are read as such; what else mail servers write is
read by its words. An address is only called gone (hard) where the report says so plainly: a wrong guess there would
silence a customer for good, one the other way costs one more letter.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Literal

Kind = Literal["bounced", "delayed", "delivered", "complained", "automatic", "other"]
Reason = Literal["", "address", "full", "policy", "content", "mailbox", "network"]

MOST_TEXT = 20_000  # characters of a text that are looked at: what is said stands at its beginning
MOST_PARTS = 200
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.#:/-])([45]\d\d)(?=[\s\-#:]|$)")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]+@[^\s<>\"'(),;:\[\]]+\.[^\s<>\"'(),;:\[\]]+")
# Where the report ends and the message that came back begins.
_COPY = re.compile(
    r"^(?:[-* ]*(?:below this line|original message|this is a copy|included is a copy|below is a copy|unsent message"
    r"|non-delivered information|returned message|the header of the original|message header)\b.*"
    r"|received: .*|return-path: .*)$",
    re.IGNORECASE | re.MULTILINE,
)
_FULL = re.compile(
    r"(?:mail ?box|mail ?folder|inbox|disk|account|user'?s? mail\w*)\W+(?:\w+\W+){0,4}?(?:full|exceed)|over ?quota"
    r"|quota exceeded|exceeded (?:\w+ ){0,3}(?:quota|limit)|exceeded the local limit|not enough (?:disk )?space"
    r"|no space left|message.{0,20}too (?:big|large)|size limit|용량\W?초과|メールボックスが一杯",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"spam|\bube\b|\bubl\b|virus|blacklist|block ?list|\bblocked\b|\bbanned\b|\blisted (?:at|in|on|by)\b(?! domino)"
    r"|policy|polic(?:ies|y reasons)|access denied|permission denied|relay(?:ing)? (?:denied|not)|unauthenticated"
    r"|smtp auth|dmarc|\bspf\b|\bdkim\b|sender (?:address )?(?:rejected|denied|refused)|not allowed|not accepted"
    r"|content rejected|frequency limited|too many|rate limit|greylist|graylist|try again later"
    r"|reputation|rejected-by-the-domain-filter",
    re.IGNORECASE,
)
_RESTING = re.compile(r"frozen|disabled|suspend|deactivat|inactive|expired account|휴면", re.IGNORECASE)
_NETWORK = re.compile(r"hop count|mail loop|too many hops|connection (?:timed out|refused)|timeout", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"(?:user|recipient|mailbox|account|address|no mailbox)\W+(?:\S+\W+){0,4}?(?:unknown|not found|does ?n[o']t exist"
    r"|not exist|invalid|rejected|not recogni[sz]ed|no longer)|(?:unknown|no such|invalid|bad) (?:\w+ )?(?:user|"
    r"recipient|mailbox|address|account)|no mailbox|user unknown|not a valid|doesn't have a|destinataire invalide"
    r"|존재하지 않|없는 (?:사용자|계정)",
    re.IGNORECASE,
)
_NO_HOST = re.compile(
    r"host (?:or domain name )?(?:not found|unknown)|domain (?:\S+ )?not found|no mx|no such domain", re.I
)
# The words of servers that keep the directory themselves: what they do not list is not there.
_DIRECTORY = re.compile(
    r"not listed in (?:domino|public name)|^unknown recipient|recipient name is not recognized|no valid recipients"
    r"|^unknown user: ",
    re.IGNORECASE | re.MULTILINE,
)
_GONE = ("5.1.", "5.4.4", "5.2.1")  # RFC 3463: bad mailbox or system address, unroutable, mailbox disabled
_SAYS_NOTHING = ("5.0.0", "5.2.0")  # "other": carriers answer so to what their filters refuse, in the words of others


@dataclass(frozen=True, slots=True)
class Report:
    """What one returned mail says of one recipient."""

    kind: Kind
    recipient: str = ""  # as the report names it; often another than the one we wrote to
    status: str = ""  # RFC 3463, "5.1.1"
    reply: str = ""  # of SMTP, "550"
    reason: Reason = ""
    hard: bool = False  # the address is not there and will not be
    said: str = ""  # the server's own words, in one line

    @property
    def status_class(self) -> str:
        """ "5" for good, "4" for now, "" for a mail that is no bounce."""
        code = self.status or self.reply
        return code[:1] if code else {"bounced": "5", "delayed": "4"}.get(self.kind, "")


def read(data: bytes) -> list[Report]:
    """What a mail says, one report for each recipient it speaks of; a mail about nothing of ours is one of "other"."""
    try:
        mail = email.message_from_bytes(data)
    except (MessageError, ValueError, LookupError):
        return [Report("other")]
    parts = _parts(mail)
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            return [_complaint(part)]
    if _is_complaint(mail):
        return [Report("complained")]
    words = _words(parts)
    reports = [_of_block(block, words) for block in _blocks(parts, words)]
    if reports:
        return reports
    if _is_returned(mail, words):
        return [_of_words(words)]
    return [Report("automatic" if _is_automatic(mail) else "other")]


def tokens(data: bytes) -> Iterator[str]:
    """Every mailbox a mail was delivered to and every message id it speaks of: where our own marks may stand."""
    text = data[:200_000].decode("latin-1")
    for found in re.finditer(
        r"(?im)^(?:delivered-to|x-original-to|envelope-to|to|message-id|in-reply-to|references"
        r"|original-mail-from|x-failed-recipients):[ \t]*((?:.*)(?:\r?\n[ \t].*)*)",
        text,
    ):
        yield from re.findall(r"[^\s<>,;\"']+@[^\s<>,;\"']+", found[1])


def _parts(mail: Message) -> list[Message]:
    found = []
    for part in mail.walk():
        found.append(part)
        if len(found) >= MOST_PARTS:
            break
    return found


# --- complaints and automatic answers ---------------------------------------------------------------------------------


def _complaint(part: Message) -> Report:
    inner = part.get_payload()
    fields = inner[0] if isinstance(inner, list) and inner else email.message_from_string(str(inner or ""))
    recipient = _address(str(fields.get("Original-Rcpt-To", "")))  # type: ignore[union-attr]
    kind = str(fields.get("Feedback-Type", "abuse")).strip().lower()  # type: ignore[union-attr]
    if kind in {"not-spam", "auth-failure", "dmarc"}:
        return Report("other", recipient)
    return Report("complained", recipient, said=kind)


def _is_complaint(mail: Message) -> bool:
    told = (
        mail.get_content_type() == "multipart/report" and "feedback" in str(mail.get_param("report-type", "")).lower()
    )
    return told or "complaint about message from" in _subject(mail)


def _is_automatic(mail: Message) -> bool:
    said = str(mail.get("Auto-Submitted", "")).lower()
    return said.startswith("auto-replied") or "vacation" in str(mail.get("Precedence", "")).lower()


def _is_returned(mail: Message, words: str) -> bool:
    """Whether a mail without a formal report is one of a mail server's all the same."""
    sender = f"{mail.get('From', '')} {mail.get('Return-Path', '')}".lower()
    subject = _subject(mail)
    daemon = "<>" in sender or re.search(r"mailer-daemon|post[_-]?master|mail delivery|mdaemon", sender) is not None
    about = re.search(r"deliver|return|undeliver|failure|failed|bounce|error|rejected|반송|エラー", subject) is not None
    said = any(one.search(words) for one in (_UNKNOWN, _FULL, _POLICY, _DIRECTORY, _NETWORK, _STATUS))
    return (daemon and (about or said)) or (about and said)


# --- bounces ----------------------------------------------------------------------------------------------------------


def _blocks(parts: list[Message], words: str) -> Iterator[dict[str, str]]:
    """The blocks of all delivery-status parts that are about one recipient; also those written into plain text."""
    found = False
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        inner = part.get_payload()
        blocks = inner if isinstance(inner, list) else [email.message_from_string(str(inner or ""))]
        for block in blocks:
            fields = {name.lower(): " ".join(str(value).split()) for name, value in block.items()}  # type: ignore[union-attr]
            if {"status", "diagnostic-code", "action"} & fields.keys():
                found = True
                yield fields
    if (
        not found
        and re.search(r"(?im)^action: *\w", words)
        and re.search(r"(?im)^(?:status|diagnostic-code): *\S", words)
    ):
        names = ("action", "status", "diagnostic-code", "final-recipient", "original-recipient")
        yield {n: m[1].strip() for n in names if (m := re.search(rf"(?im)^{n}: *(.+)$", words))}


def _of_block(fields: dict[str, str], words: str) -> Report:
    action = fields.get("action", "failed").split()[0].lower() if fields.get("action", "").strip() else "failed"
    said = fields.get("diagnostic-code", "")
    recipient = _address(fields.get("original-recipient", "") or fields.get("final-recipient", ""))
    status = _status(said, fields.get("status", ""))
    reply = _first(_REPLY, said)
    if action in {"delivered", "relayed", "expanded"}:
        return Report("delivered", recipient, status, reply, said=said)
    if action == "delayed" or status.startswith("4.") or (not status and reply.startswith("4")):
        return Report("delayed", recipient, status, reply, _reason(said + "\n" + words, status), said=said)
    local = said.lower().startswith("x-unix")  # a program at the other side failed: that says nothing of the address
    reason = "mailbox" if local else _reason(f"{said}\n{words}", status)
    hard = not local and reason == "address" and _gone(status, f"{said}\n{words}", formal=True)
    return Report("bounced", recipient, status, reply, reason, hard, said)


def _of_words(words: str) -> Report:
    status, reply = _status(words, ""), _first(_REPLY, words)
    recipient = _address(words)
    reason = _reason(words, status)
    said = " ".join(words.split())[:300]
    if status.startswith("4.") or (not status and reply.startswith("4")):
        return Report("delayed", recipient, status, reply, reason, said=said)
    hard = reason == "address" and _gone(status, words, formal=False)
    return Report("bounced", recipient, status, reply, reason, hard, said)


def _status(said: str, header: str) -> str:
    """The most telling of the codes: the words of the last server say more than what a relay made of them."""
    codes: list[str] = [code for code in _STATUS.findall(said) + _STATUS.findall(header) if code[0] in "45"]
    telling = [code for code in codes if not code.endswith(".0.0")]
    policy = [code for code in telling if code.startswith("5.7.")]
    return next(iter(policy or telling or codes), "")


def _reason(text: str, status: str) -> Reason:
    if _FULL.search(text) or status.startswith(("5.2.2", "4.2.2", "5.3.4")):
        return "full"
    if status.startswith(("5.7.", "4.7.")):
        return "policy"
    if _RESTING.search(text):
        return "mailbox"
    if _NETWORK.search(text) or status.startswith(("5.4.6", "4.4.")):
        return "network"
    if _POLICY.search(text):
        return "policy"
    if status.startswith("5.6."):
        return "content"
    if status.startswith(_GONE) or _UNKNOWN.search(text) or _NO_HOST.search(text) or _DIRECTORY.search(text):
        return "address"
    return ""


def _gone(status: str, text: str, *, formal: bool) -> bool:
    """Whether the report says that the address is not there, and not only in words that filters use as well."""
    if _DIRECTORY.search(text):
        return True
    if status.startswith(_SAYS_NOTHING):
        return False
    if status.startswith(_GONE):
        return True
    return bool(_UNKNOWN.search(text)) and (bool(status) or formal)


# --- words ------------------------------------------------------------------------------------------------------------


def _words(parts: list[Message]) -> str:
    """The text that the server wrote, up to the copy of the message."""
    for part in parts:
        if part.get_content_type() in {"text/plain", "text/html"} and not part.is_multipart():
            text = _decoded(part)
            if part.get_content_type() == "text/html":
                text = re.sub(r"<[^>]{0,2000}>", " ", text)
            if text.strip():
                return _before_copy(text)
    broken = (part.preamble or part.get_payload() for part in parts)  # a boundary that is none, as some servers write
    return _before_copy(next((text for text in broken if isinstance(text, str) and text.strip()), ""))


def _before_copy(text: str) -> str:
    text = text[:MOST_TEXT].replace("\r\n", "\n")
    for found in _COPY.finditer(text):
        if text[: found.start()].strip():
            return text[: found.start()] if len(text[: found.start()].split()) > 3 else text
    return text


def _subject(mail: Message) -> str:
    try:
        return str(make_header(decode_header(str(mail.get("Subject", ""))))).lower()
    except (MessageError, ValueError, LookupError):
        return str(mail.get("Subject", "")).lower()


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data[:MOST_TEXT].decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return data[:MOST_TEXT].decode("latin-1")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _address(text: str) -> str:
    found = _ADDRESS.search(text)
    return found[0].removeprefix("mailto:").lower() if found else ""
