"""How long a text is where Korean carriers count: in bytes of CP949, a syllable two, a Latin letter one. Pure."""

from __future__ import annotations

from dangol.base.errors import Fault, Invalid

SMS_BYTES, LMS_BYTES, SUBJECT_BYTES = 90, 2_000, 40
LIKE = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u200b": "", "\ufeff": "", "–": "-", "—": "-", "•": "·"})
SMS, LMS = "sms", "lms"


def plain(text: str) -> str:
    """A text as carriers take it: without control characters, with what has a twin in CP949 as that twin."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(LIKE)
    return "".join(letter for letter in lines if letter == "\n" or letter.isprintable()).strip()


def size(text: str, at: str) -> int:
    """Bytes in CP949. Raises Invalid naming the first character that it does not have, such as an emoji."""
    try:
        return len(text.encode("cp949"))
    except UnicodeEncodeError as error:
        found = text[error.start]
        raise Invalid([Fault(at, f"{found!r}", "characters that Korean carriers take (CP949); no emoji")]) from error


def form(text: str, subject: str) -> str:
    """Which kind of message carries this text: `sms`, or `lms` where it is longer or has a subject. Raises Invalid."""
    length, title = size(text, "/text"), size(subject, "/subject")
    if length > LMS_BYTES:
        raise Invalid([Fault("/text", f"{length} bytes", f"at most {LMS_BYTES:,} bytes in CP949")])
    if title > SUBJECT_BYTES:
        raise Invalid([Fault("/subject", f"{title} bytes", f"at most {SUBJECT_BYTES} bytes in CP949")])
    return LMS if title or length > SMS_BYTES else SMS
