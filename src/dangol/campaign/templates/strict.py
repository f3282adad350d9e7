"""What is wrong with a source, each thing with its line: asked before a campaign may run. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from liquid.exceptions import LiquidError
from liquid.static_analysis import TemplateAnalysis

from dangol.campaign.templates import addresses, compiling, engine, objects
from dangol.campaign.templates.engine import TemplateFault

LONGEST = 200_000  # characters of a source
ELEMENTS = frozenset(
    "mj-head mj-title mj-preview mj-style mj-attributes mj-all mj-class mj-font mj-breakpoint mj-html-attributes"  # noqa: SIM905
    " mj-selector mj-html-attribute mj-body mj-wrapper mj-section mj-group mj-column mj-hero mj-text mj-button mj-image"
    " mj-divider mj-spacer mj-table mj-raw mj-social mj-social-element mj-navbar mj-navbar-link mj-accordion"
    " mj-accordion-element mj-accordion-title mj-accordion-text mj-carousel mj-carousel-image".split()
)
READABLE = "a Liquid template that can be read"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong."""

    line: int  # from 1; 0 where it is about the whole
    found: str
    allowed: str

    def said(self) -> str:
        """What was found, and where."""
        return f"line {self.line}: {self.found}" if self.line else self.found


def trouble(source: str) -> str:
    """Why a text of one line cannot be read, the first thing only; empty when it can."""
    found = _liquid(source)
    return found[0].found if found else ""


def troubles(source: str, form: str = "", language: str = "en") -> list[Trouble]:
    """Everything that is wrong with a source; `form` is html, mjml or nothing for plain text."""
    if len(source) > LONGEST:
        return [Trouble(0, f"{len(source)} characters", f"at most {LONGEST}")]
    found = _liquid(source)
    if form:
        found += [Trouble(_line(source, at), told, addresses.ALLOWED) for at, told in addresses.broken_in(source)]
    if form == compiling.MJML:
        found += _elements(source)
    return sorted(found, key=lambda one: one.line) or (_compiled(source, form, language) if form else [])


def troubles_apart(source: str) -> list[Trouble]:
    """What is wrong with a partial wherever it is used, or with what holds one: partials are put in later, so `render`
    is no unknown tag here, and variables may come from there.
    """
    whole = re.sub(r"\{%-?\s*(?:render|include)\b.*?%\}", "", source)
    told = [one for one in _liquid(whole) if not one.found.startswith("unknown variable")]
    return told + [Trouble(_line(source, at), said, addresses.ALLOWED) for at, said in addresses.broken_in(source)]


def _elements(source: str) -> list[Trouble]:
    return [
        Trouble(_line(source, found.start()), f"<{found[1]}>", "an element of MJML; partials instead of mj-include")
        for found in re.finditer(r"<(mj-[a-z-]+)", source, re.IGNORECASE)
        if found[1].lower() not in ELEMENTS
    ]


def _compiled(source: str, form: str, language: str) -> list[Trouble]:
    try:
        made = compiling.compiled(source, form, language)
    except TemplateFault as error:
        return [Trouble(_line_said(str(error), source), str(error), f"{form.upper()} that can be read")]
    if made.footer_hidden:
        told = f"a style that hides the end of the message: {made.footer_hidden}"
        return [Trouble(0, told, "a message whose footer (sender, unsubscribing) a reader sees")]
    return []


def _line_said(told: str, source: str) -> int:
    """The line of a piece of Liquid that a fault quotes."""
    quoted = re.match(r"(\{[{%].*?[}%]\})", told)
    at = source.find(quoted[1]) if quoted else -1
    return _line(source, at) if at >= 0 else 0


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, max(index, 0)) + 1


# --- Liquid ---------------------------------------------------------------------------------------------------------


def _liquid(source: str) -> list[Trouble]:
    try:
        told = engine.plain_of(source).analyze()
    except LiquidError as error:
        at = error.token.start_index if error.token is not None and error.token.start_index >= 0 else len(source)
        return [Trouble(_line(source, at), str(error.message)[:200], READABLE)]
    except RecursionError:
        return [Trouble(0, "tags inside tags inside tags", READABLE)]
    return [*_filters(source, told), *_variables(source, told)]


def speaks_of_coupons(source: str) -> bool:
    """Whether a text has `coupon` filled in. One that cannot be read is another fault."""
    if "coupon" not in source:
        return False
    try:
        return "coupon" in engine.plain_of(source).analyze().globals
    except (LiquidError, RecursionError):
        return False


def _filters(source: str, told: TemplateAnalysis) -> list[Trouble]:
    known = "one of " + ", ".join(sorted(engine.PLAIN.filters))
    return [
        Trouble(_line(source, span.index), f"unknown filter {name!r}", known)
        for name, spans in told.filters.items()
        if name not in engine.PLAIN.filters
        for span in spans
    ]


def _variables(source: str, told: TemplateAnalysis) -> list[Trouble]:
    found = []
    for variables in told.globals.values():
        for variable in variables:
            path = tuple(variable.segments)
            unknown = objects.unknown(path)
            if unknown:
                line = _line(source, variable.span.index)
                found.append(Trouble(line, f"unknown variable {unknown}", objects.allowed(path)))
    return found
