"""Goes through a compiled page tag by tag: addresses are wrapped, what could run in a reader's browser goes. Pure."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from dangol.campaign.templates.tokens import WORD

SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms", "kakaolink"})
COUNTED = ("http://", "https://")
ADDRESSES = frozenset({"href", "src", "action", "background", "formaction", "poster", "data", "xlink:href"})
LINK, PLACE, SAID = "dangol_link", "dangol_place", "dangol_said"  # see addressing.py
DROPPED = frozenset({"script", "iframe", "object", "embed", "applet", "base"})
_IN_COMMENT = re.compile(r"(\s(?:href|src)\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_IGNORED = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff]")  # browsers read a scheme through these


def safe_url(url: str) -> str:
    """The address, or "#" where following it would run something."""
    bare = _IGNORED.sub("", url)
    scheme = _SCHEME.match(bare)
    if scheme and scheme[1].lower() not in SCHEMES:
        return "#"
    return url.strip()


def rewrite(page: str) -> str:
    """The page with every fixed address made safe, the others and all links wrapped in Liquid that does it when their
    values are known, and everything that runs left out.
    """
    rewriter = _Rewriter()
    rewriter.feed(page)
    rewriter.close()
    return "".join(rewriter.out)


def wrapped(tag: str, address: str) -> str:
    """The Liquid that puts one of our tags around an address."""
    return f"{{% {tag} %}}{address}{{% end{tag} %}}"


class _Rewriter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
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
            return f' {name}="{_address(tag, name, safe_url(value))}"'
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
        self._keep(f"<!--{_IN_COMMENT.sub(_safe_in_comment, data)}-->")  # Outlook reads conditions in comments

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self._keep(f"<![{data}]>")


def _address(tag: str, name: str, url: str) -> str:
    counted = tag in {"a", "area"} and name == "href"
    if WORD.search(url):
        return wrapped(LINK if counted else PLACE, html.escape(url))
    return wrapped(LINK, html.escape(url)) if counted and url.lower().startswith(COUNTED) else html.escape(url)


def _safe_in_comment(found: re.Match[str]) -> str:
    url = safe_url(html.unescape(found[2][1:-1]))
    return f'{found[1]}"{wrapped(PLACE, html.escape(url)) if WORD.search(url) else html.escape(url)}"'
