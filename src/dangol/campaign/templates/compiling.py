"""From a source to what is rendered per customer: MJML and styles are dealt with once, before any value is put in.

source → Liquid becomes words → MJML to HTML → styles inlined → addresses wrapped, what would run left out → the text
part read from it → Liquid back in place. Per customer only Liquid runs.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache

import css_inline
import mrml
from liquid.exceptions import LiquidError

from dangol.campaign.templates import engine, hiding, markup, plain, tokens
from dangol.campaign.templates.engine import TemplateFault

HTML, MJML = "html", "mjml"
PAGE = (
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{{{ dangol.subject }}}}</title></head>'
    '<body style="margin:0;padding:24px;font-family:sans-serif;line-height:1.6">{body}</body></html>'
)
PREHEADER = "{{ dangol.preheader }}"
FOOTER, PIXEL = "{{ dangol.footer }}", "{{ dangol.pixel }}"
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True, remove_inlined_selectors=True)
_EMPTY = re.compile(r"<style[^>]*>\s*</style>")
_LANGUAGE = re.compile(r'(<html\b[^>]*?\blang=")[^"]*(")', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template as it is rendered: Liquid in HTML, and Liquid in text."""

    html: str
    text: str  # empty where a text part cannot be told before the values are in: it is read from the HTML then
    footer_hidden: str  # what would keep readers from seeing who writes and how to refuse; empty: nothing


@lru_cache(maxsize=256)
def compiled(source: str, form: str, language: str) -> Compiled:
    """Compile a source without partials in it. Raises TemplateFault, saying what cannot be read."""
    carried = tokens.carry(_paged(_with_places(source, form), form, language))
    page = _inlined(_html(carried.text) if form == MJML else carried.text)
    lost = carried.lost(page)
    if lost:
        raise TemplateFault(f"{lost[:80]} stands where it cannot stay: put it around whole elements")
    hidden = hiding.why(page)
    page = hiding.without_sample(page)
    told = carried.restored(plain.template_of(page))
    page = _LANGUAGE.sub(rf"\g<1>{language}\g<2>", carried.restored(markup.rewrite(page)), count=1)
    return Compiled(page, told if _readable(told) else "", hidden)


@lru_cache(maxsize=64)
def compiled_text(source: str) -> str:
    """A text part that was written by hand, its addresses counted like those of the HTML."""
    return plain.counted(source)


def _readable(text: str) -> bool:
    try:
        engine.plain_of(text)
    except LiquidError:
        return False
    return True


def _with_places(source: str, form: str) -> str:
    """The source with the footer at its end, and the preheader at its beginning, where it has a body of its own."""
    if form == MJML:
        source = _before_end(source, "</mj-body", f"<mj-raw>{hiding.SAMPLE}{PIXEL}</mj-raw>")
        return _after_start(source, "<mj-body", f"<mj-raw>{PREHEADER}</mj-raw>")
    if "<html" not in source.lower():
        return source
    return _after_start(_before_end(source, "</body", hiding.SAMPLE + PIXEL), "<body", PREHEADER)


def _paged(source: str, form: str, language: str) -> str:
    if form == MJML or "<html" in source.lower():
        return source
    return PAGE.format(language=html.escape(language), body=PREHEADER + source + hiding.SAMPLE + PIXEL)


def _after_start(page: str, tag: str, addition: str) -> str:
    start = page.lower().find(tag)
    end = page.find(">", start) + 1 if start >= 0 else 0
    return page[:end] + addition + page[end:]


def _before_end(page: str, tag: str, addition: str) -> str:
    at = page.lower().rfind(tag)
    return page + addition if at < 0 else page[:at] + addition + page[at:]


def _html(text: str) -> str:
    try:
        made = mrml.to_html(text, None, mrml.RenderOptions(fonts={}))  # a font's host would learn who reads
    except OSError as error:
        raise TemplateFault(f"MJML: {engine.first_line(error)}") from error
    return str(made.content)


def _inlined(text: str) -> str:
    try:
        return _EMPTY.sub("", str(_INLINER.inline(text)))
    except css_inline.InlineError as error:
        raise TemplateFault(f"styles: {engine.first_line(error)}") from error
