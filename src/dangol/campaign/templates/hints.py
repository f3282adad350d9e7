"""What makes a message work worse, though it may be sent: size, signs of spam, what some readers miss. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

CLIPPED = 102 * 1024  # bytes of HTML; a big mailbox provider cuts what is longer
LONG_SUBJECT = 60  # characters; telephones show about forty
MANY_LINKS = 20
LITTLE_TEXT = 80  # characters of text beside images


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to look at."""

    code: str
    found: str = ""


def of(subject: str, preheader: str, page: str, text: str) -> list[Hint]:
    """All hints about a rendered message; `text` without the footer would be too short if it said little."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [*_subject(subject, preheader), *_page(page, text, reader)]


def _subject(subject: str, preheader: str) -> list[Hint]:
    bare = subject.removeprefix("(광고)").strip()
    letters = [sign for sign in bare if sign.isalpha() and sign.upper() != sign.lower()]
    found = []
    if not bare:
        found.append(Hint("subject_empty"))
    if len(letters) >= 6 and all(sign.isupper() for sign in letters):
        found.append(Hint("subject_capitals", bare))
    if re.search(r"[!?！？]{2,}|[$€₩￦]{2,}|\.{4,}", bare):
        found.append(Hint("subject_signs", bare))
    if re.match(r"(re|fwd?|aw|답장|회신|전달)\s*:", bare, re.IGNORECASE):
        found.append(Hint("subject_reply", bare))
    if len(bare) > LONG_SUBJECT:
        found.append(Hint("subject_long", str(len(bare))))
    return found if preheader else [*found, Hint("preheader_missing")]


def _page(page: str, text: str, reader: _Reader) -> list[Hint]:
    size, found = len(page.encode()), []
    if size > CLIPPED:
        found.append(Hint("clipped", str(size // 1024)))
    if reader.without_alt:
        found.append(Hint("alt_missing", str(reader.without_alt)))
    said = len("".join(text.split()))
    if not said:
        found.append(Hint("text_missing"))
    if reader.images and len("".join("".join(reader.words).split())) < LITTLE_TEXT:
        found.append(Hint("image_only"))
    if reader.links > MANY_LINKS:
        found.append(Hint("links_many", str(reader.links)))
    if reader.plain_http:
        found.append(Hint("links_http", str(reader.plain_http)))
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.images = self.without_alt = self.links = self.plain_http = 0
        self.words: list[str] = []
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in {"style", "title", "script"}:
            self._silent = tag
        if tag == "img" and told.get("width") != "1":
            self.images += 1
            self.without_alt += "alt" not in told
        if tag == "a" and told.get("href"):
            self.links += 1
            self.plain_http += str(told["href"]).startswith("http://")

    def handle_endtag(self, tag: str) -> None:
        self._silent = "" if tag == self._silent else self._silent

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)
