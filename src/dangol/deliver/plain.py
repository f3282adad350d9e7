"""The text of an HTML message for readers that show no HTML. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BREAKS = frozenset({"br", "tr", "li", "dt", "dd"})
BLOCKS = frozenset(
    "address article blockquote div dl footer form h1 h2 h3 h4 h5 h6 header hr ol p pre section table ul".split()  # noqa: SIM905
)
SILENT = frozenset({"head", "style", "script", "title", "template"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def text_of(markup: str) -> str:
    """What an HTML message says, links with their addresses behind them."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.out).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


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
            self.out.append(f" ({bare})" if shown else bare)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.out.append(re.sub(r"\s+", " ", data))
