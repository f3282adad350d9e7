"""Liquid, with limits: templates are written by staff, the values in them come from anybody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Undefined
from liquid.builtin.expressions import FilteredExpression, Path, logical
from liquid.builtin.expressions.primitive import Blank
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError, LoopIterationLimitError
from liquid.extra import WithTag
from liquid.stringify import to_liquid_string
from liquid.undefined import UNDEFINED

from dangol.campaign.templates import addressing, bounds, filters

LOOPS = 10_000  # passes through all loops of one template together …
READ = 50_000_000  # … and those passes times the characters of the template
LONGEST_NAME = 100  # characters of a missing value's name that are noted


class TemplateFault(Exception):
    """A template could not be rendered for one customer."""


_MISSING: ContextVar[dict[str, None] | None] = ContextVar("missing", default=None)  # in the order they were noted


_equal = logical._eq


def _equal_with_blank(left: object, right: object) -> bool:
    """As in Shopify nothing is blank: `{% if customer.city != blank %}` must not hold where there is no city."""
    if isinstance(right, Blank) and (left is None or isinstance(left, Undefined)):
        return True
    return bool(_equal(left, right))


logical._eq = _equal_with_blank  # the library takes nothing for not blank, and has no setting for it


class Missing(Undefined):
    """A value that is not there: empty where it is printed, and noted."""

    __slots__ = ()

    def __str__(self) -> str:
        noted = _MISSING.get()
        if noted is not None:
            noted[(self.hint or self.name).removesuffix(" is undefined").strip("'")[:LONGEST_NAME]] = None
        return ""


class Printed(OutputNode):
    """{{ }}: where it prints nothing its value was missing, be it not there or empty. An empty `default` is meant."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        noted = _MISSING.get()
        before = 0 if noted is None else len(noted)
        text = to_liquid_string(self.expression.evaluate(context), context.autoescape)
        if noted is not None and not text and (name := self._asked()):
            while len(noted) > before:  # the whole name instead of the part of it that is not there
                noted.popitem()
            noted[name] = None
        return buffer.write(text)

    def _asked(self) -> str:
        """The variable that is printed; empty where there is none, or where nothing may stand for it."""
        told = self.expression
        if not isinstance(told, FilteredExpression) or not isinstance(told.left, Path):
            return ""
        name = str(told.left)
        meant = name.startswith("dangol.") or any(one.name == "default" for one in told.filters or ())
        return "" if meant else name[:LONGEST_NAME]


class Printing(Output):
    """What stands between {{ and }}."""

    node_class = Printed


@contextmanager
def missing() -> Iterator[Collection[str]]:
    """The names of values that were printed and missing or empty, while this lasts."""
    noted: dict[str, None] = {}
    before = _MISSING.set(noted)
    try:
        yield noted
    finally:
        _MISSING.reset(before)


class Metered(RenderContext):
    """Counts the passes through loops of the whole template, not only of those that stand in one another."""

    def get(self, path: list[Any], *, token: Any, default: object = UNDEFINED) -> object:
        """The short way for names in plain objects, which is nearly always; the library's for everything else."""
        try:
            found = self.scope[path[0]]
            for name in path[1:]:
                if type(found) is not dict:
                    return super().get(path, token=token, default=default)
                found = found[name]
        except (KeyError, TypeError):
            return super().get(path, token=token, default=default)
        return found

    def raise_for_loop_limit(self, length: int = 1) -> None:
        used = self.tag_namespace.get("passes", 0) + length
        self.tag_namespace["passes"] = used
        if used > getattr(self.template, "most_passes", LOOPS):
            raise LoopIterationLimitError("the loops go round too often", token=None)
        super().raise_for_loop_limit(length)


class Template(BoundTemplate):
    """A template that knows how often its loops may go round."""

    context_class = Metered
    most_passes = LOOPS


class Bounded(Environment):
    """No template runs for long, grows without end or reads a file."""

    template_class = Template
    loop_iteration_limit = LOOPS
    output_stream_limit = 512 * 1024
    local_namespace_limit = 256 * 1024
    context_depth_limit = 20
    block_nesting_limit = 50

    def from_string(self, source: str, *args: Any, **kwargs: Any) -> BoundTemplate:
        made = super().from_string(source, *args, **kwargs)
        if isinstance(made, Template):
            made.most_passes = max(min(LOOPS, READ // max(len(source), 1)), 200)
        return made


def environment(*, autoescape: bool) -> Bounded:
    """The tags and filters of a template; one for HTML, one for text."""
    made = Bounded(autoescape=autoescape, undefined=Missing)
    for tag in ("include", "render"):
        del made.tags[tag]  # partials are put in before a template is compiled
    del made.filters["safe"]  # what a customer typed never becomes markup
    made.filters.update(filters.OURS)
    for name, found in made.filters.items():
        made.filters[name] = bounds.bounded(found)
    made.add_tag(Printing)
    made.add_tag(WithTag)  # what a partial was given
    for tag in addressing.TAGS:
        made.add_tag(tag)
    return made


MARKUP = environment(autoescape=True)
PLAIN = environment(autoescape=False)  # subjects and preheaders are text; who prints them escapes them


def render_markup(source: str, variables: Mapping[str, Any]) -> str:
    """The template with its values escaped for HTML. Raises TemplateFault."""
    return render(markup_of, source, variables)


def render_plain(source: str, variables: Mapping[str, Any]) -> str:
    """The template with its values as they are. Raises TemplateFault."""
    return render(plain_of, source, variables)


def render(parsed: Callable[[str], BoundTemplate], source: str, variables: Mapping[str, Any]) -> str:
    """A template, parsed for HTML or for text, with its values. Raises TemplateFault."""
    try:
        return str(parsed(source).render(**variables))
    except (LiquidError, RecursionError, ArithmeticError, ValueError, TypeError) as error:
        raise TemplateFault(first_line(error)) from error


@lru_cache(maxsize=256)
def markup_of(source: str) -> BoundTemplate:
    """Parsed for HTML. Raises LiquidError."""
    return MARKUP.from_string(source)


@lru_cache(maxsize=512)
def plain_of(source: str) -> BoundTemplate:
    """Parsed for text. Raises LiquidError."""
    return PLAIN.from_string(source)


def first_line(error: BaseException) -> str:
    """What a fault says, on one line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
