"""Whether a template hides the footer that the law asks for: a sample goes through the template's styles. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

START, END = "<!--dangol-footer-->", "<!--/dangol-footer-->"
SAMPLE = f'{START}<div class="dangol-footer"><p>.</p><p><a href="https://dangol.invalid/">.</a></p></div>{END}'
PLACE = "{{ dangol.footer }}"
ELEMENTS = 4  # of the sample
_WORKS = re.compile(
    r"(?:^|;)\s*(display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?(?:\.0\d*)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*[0-4](?:\.\d+)?(?:px|pt|%)?\s*(?:;|!|$)|font\s*:[^;]*\b[0-4](?:\.\d+)?px"
    r"|(?:max-)?height\s*:\s*[0-9](?:px)?\s*(?:;|!|$)|(?:max-)?width\s*:\s*[0-9](?:px)?\s*(?:;|!|$)"
    r"|color\s*:\s*transparent|clip(?:-path)?\s*:|text-indent\s*:\s*-|(?:left|top|margin-left|margin-top)\s*:\s*-\d{3,}"
    r"|mso-hide\s*:\s*all)",
    re.IGNORECASE,
)
_WIDE = re.compile(r"dangol-footer|(?:^|[\s>])(?:\*|body|html|div|p|a)$", re.IGNORECASE)
_LAST_SHOWN = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


def why(page: str) -> str:
    """The style that hides the sample in a page whose styles are inlined; empty where a reader sees it."""
    told = _on_screens(page)
    if told:
        return told
    reader = _Reader()
    reader.feed(page)
    reader.close()
    if reader.found or reader.seen >= ELEMENTS:
        return reader.found
    return "the end of the page is inside a comment, or an element that shows nothing"


def _on_screens(page: str) -> str:
    """A rule for some screens that hides the footer, or every paragraph or link: those are not inlined."""
    for style in re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL | re.IGNORECASE):
        for media, rules in re.findall(r"@media([^{]*)\{((?:[^{}]*\{[^{}]*\})*)", style):
            for selectors, body in re.findall(r"([^{}]*)\{([^{}]*)\}", rules if "print" not in media else ""):
                hides = _WORKS.search(body)
                if hides and any(_WIDE.search(one.strip()) for one in selectors.split(",")):
                    return hides[1].strip(" ;!")
    return ""


def without_sample(page: str) -> str:
    """The page with the real footer's place instead of the sample."""
    start, end = page.find(START), page.find(END)
    if start < 0 or end < start:
        return page
    return page[:start] + PLACE + page[end + len(END) :]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found, self.seen = "", 0
        self._open: list[tuple[str, str]] = []  # elements around, each with what hides it
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        hides = _WORKS.search(told.get("style") or "")
        why = hides[1].strip(" ;!") if hides else ("hidden" if "hidden" in told else "")
        if tag not in _LAST_SHOWN:
            self._open.append((tag, why or ("template" if tag in {"template", "noscript", "select"} else "")))
        if self._inside:
            self.seen += 1
            self.found = self.found or next((why for _, why in self._open if why), "")

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_comment(self, data: str) -> None:
        self._inside = (self._inside or data == START[4:-3]) and data != END[4:-3]
