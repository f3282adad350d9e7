"""Liquid, with limits: templates are written by staff, the values in them come from anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError


class Bounded(Environment):
    """No template runs for long, grows without end or reads a file."""

    loop_iteration_limit = 10_000
    output_stream_limit = 512 * 1024
    local_namespace_limit = 256 * 1024
    context_depth_limit = 20
    block_nesting_limit = 50


def _environment(*, autoescape: bool) -> Bounded:
    environment = Bounded(autoescape=autoescape)
    for tag in ("include", "render"):
        del environment.tags[tag]  # there are no other templates to read
    del environment.filters["safe"]  # what a customer typed never becomes markup
    return environment


MARKUP = _environment(autoescape=True)
PLAIN = _environment(autoescape=False)  # subjects and preheaders are text; who prints them escapes them


class TemplateFault(Exception):
    """A template could not be rendered for one customer."""


def trouble(source: str) -> str:
    """Why a template cannot be read; empty when it can."""
    try:
        unknown = sorted(set(PLAIN.from_string(source).analyze().filters) - set(PLAIN.filters))
    except (LiquidError, RecursionError) as error:
        return _first_line(error)
    return f"unknown filter {unknown[0]!r}" if unknown else ""


def render_markup(source: str, variables: Mapping[str, Any]) -> str:
    """The template with its values escaped for HTML. Raises TemplateFault."""
    return _render(_markup, source, variables)


def render_plain(source: str, variables: Mapping[str, Any]) -> str:
    """The template with its values as they are. Raises TemplateFault."""
    return _render(_plain, source, variables)


def _render(compiled: Callable[[str], BoundTemplate], source: str, variables: Mapping[str, Any]) -> str:
    try:
        return compiled(source).render(**variables)
    except (LiquidError, RecursionError, ArithmeticError, ValueError, TypeError) as error:
        raise TemplateFault(_first_line(error)) from error


@lru_cache(maxsize=256)
def _markup(source: str) -> BoundTemplate:
    return MARKUP.from_string(source)


@lru_cache(maxsize=256)
def _plain(source: str) -> BoundTemplate:
    return PLAIN.from_string(source)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
