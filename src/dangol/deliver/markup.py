"""Goes through rendered HTML tag by tag: links become countable, what could run in a reader's browser goes. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms", "kakaolink"})
COUNTED = ("http://", "https://")
ADDRESSES = frozenset({"href", "src", "action", "background", "formaction", "poster", "data", "xlink:href"})
DROPPED = frozenset({"script", "iframe", "object", "embed", "applet", "base"})
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_IGNORED = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff]")  # browsers read a scheme through these


def safe_url(url: str) -> str:
    """The address, or "#" where following it would run something."""
    bare = _IGNORED.sub("", url)
    scheme = _SCHEME.match(bare)
    if scheme and scheme[1].lower() not in SCHEMES:
        return "#"
    return url.strip()


def rewrite(markup: str, link: Callable[[str], str]) -> str:
    """The HTML with every address made safe, every link passed through `link`, and everything that runs left out."""
    rewriter = _Rewriter(link)
    rewriter.feed(markup)
    rewriter.close()
    return "".join(rewriter.out)


class _Rewriter(HTMLParser):
    def __init__(self, link: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self._link = link
        self._dropping = ""  # the element whose content is being left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, " /")

    def _open(self, tag: str, attrs: list[tuple[str, str | None]], end: str) -> None:
        if self._dropping:
            return
        if tag in DROPPED:
            self._dropping = tag if tag not in {"embed", "base"} and not end else ""
            return
        kept = [self._attribute(tag, name, value) for name, value in attrs if not name.startswith("on")]
        self.out.append(f"<{tag}{''.join(kept)}{end}>")

    def _attribute(self, tag: str, name: str, value: str | None) -> str:
        if value is None:
            return f" {name}"
        if name in ADDRESSES:
            value = safe_url(value)
            if tag in {"a", "area"} and name == "href" and value.lower().startswith(COUNTED):
                value = self._link(value)
        return f' {name}="{html.escape(value)}"'

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._dropping = "" if tag == self._dropping else self._dropping
        elif tag not in DROPPED:
            self.out.append(f"</{tag}>")

    def _keep(self, text: str) -> None:
        if not self._dropping:
            self.out.append(text)

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._keep(f"<!--{data}-->")  # Outlook reads conditions in comments

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self._keep(f"<![{data}]>")
