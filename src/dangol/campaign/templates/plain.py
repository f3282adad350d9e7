"""The text of an HTML message for readers that show no HTML. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from dangol.campaign.templates.markup import LINK, SAID, safe_url, wrapped
from dangol.campaign.templates.tokens import STEERS, carry

BREAKS = frozenset({"br", "tr", "li", "dt", "dd"})
BLOCKS = frozenset(
    "address article blockquote div dl footer form h1 h2 h3 h4 h5 h6 header hr ol p pre section table ul".split()  # noqa: SIM905
)
SILENT = frozenset({"head", "style", "script", "title", "template"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
URL = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)
_BLANKS, _EMPTY_LINES = re.compile(r"[ \t\xa0]+"), re.compile(r"\n{3,}")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def text_of(page: str) -> str:
    """What an HTML message says, links with their addresses behind them."""
    return tidy(_read(_Reader(), page))


def template_of(page: str) -> str:
    """What a page whose Liquid is carried as words says, links wrapped in the Liquid that makes them safe."""
    return tidy(_read(_TemplateReader(), page))


def counted(source: str) -> str:
    """A text that was written by hand, with its fixed addresses wrapped in the Liquid that counts them."""
    carried = carry(source)
    text = STEERS.sub(r"\1", carried.text)
    return carried.restored(URL.sub(lambda found: wrapped(LINK, found[0]), text))


def _read(reader: _Reader, page: str) -> str:
    reader.feed(page)
    reader.close()
    return "".join(reader.out)


def tidy(text: str) -> str:
    """The text without blanks around its lines and with at most one empty line between two."""
    lines = [line.strip() for line in _BLANKS.sub(" ", text).split("\n")]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._hidden: list[str] = []  # open elements from the outermost one that is not shown
        self._links: list[tuple[str, int]] = []  # address, and where its text begins in `out`

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if self._hidden or tag in SILENT or _HIDDEN.search(told.get("style") or ""):
            if tag not in VOID:
                self._hidden.append(tag)
            return
        if tag in BLOCKS:
            self.out.append("\n\n")
        elif tag in BREAKS:
            self.out.append("\n- " if tag == "li" else "\n")
        elif tag in {"td", "th"}:
            self.out.append(" ")
        elif tag == "img" and (told.get("alt") or "").strip():
            self.out.append(str(told["alt"]))
        elif tag == "a":
            self._links.append((told.get("href") or "", len(self.out)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
        elif tag in BLOCKS:
            self.out.append("\n\n")
        elif tag == "a" and self._links:
            self._close_link()

    def _close_link(self) -> None:
        address, start = self._links.pop()
        shown = "".join(self.out[start:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if address and address != "#" and bare != shown:
            self.out.append(self.behind(bare, shown))

    def behind(self, address: str, shown: str) -> str:
        """How an address is said after the words that lead to it."""
        return f" ({address})" if shown else address

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.out.append(re.sub(r"\s+", " ", data))


class _TemplateReader(_Reader):
    def behind(self, address: str, shown: str) -> str:
        return wrapped(SAID, safe_url(address))

    def handle_comment(self, data: str) -> None:
        if not self._hidden and STEERS.fullmatch(f"<!--{data}-->"):
            self.out.append(data)
