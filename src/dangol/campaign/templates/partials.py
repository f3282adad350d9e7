"""Puts partials in: `{% render 'name', a: b %}` becomes the partial's source, before a template is compiled. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

DEEPEST = 8  # partials within partials
LONGEST = 400_000  # characters of a template with its partials in it
NAME = re.compile(r"[a-z0-9-]{1,64}")
_RENDER = re.compile(
    r"\{%-?\s*(?:render|include)\s+(?P<quote>[\"'])(?P<name>[^\"']*)(?P=quote)"
    r"(?:\s+(?P<how>for|with)\s+(?P<value>[\w.\[\]\"'-]+)(?:\s+as\s+(?P<as>\w+))?)?"
    r"\s*,?\s*(?P<args>[^%]*?)\s*-?%\}"
)
_COMMENT = re.compile(r"\{%-?\s*(comment|doc|raw)\b.*?\{%-?\s*end\1\s*-?%\}", re.DOTALL)


class PartialFault(Exception):
    """A partial that is not there, holds itself, or holds too many others."""


def names(source: str) -> set[str]:
    """The partials that a source asks for itself."""
    return {found["name"] for found in _RENDER.finditer(_COMMENT.sub("", source))}


def expanded(source: str, known: Mapping[str, str]) -> str:
    """The source with its partials in it. Their lines are joined, so that the template's own keep their numbers.

    Raises PartialFault.
    """
    return _expanded(source, known, ())


_FIRST = re.compile(r"<(mjml|mj-[a-z-]+)", re.IGNORECASE)
_AROUND = {  # the elements that a piece of MJML stands in, by its first element; all others stand in a column
    "mjml": (),
    "mj-head": ("mjml",),
    "mj-body": ("mjml",),
    **dict.fromkeys(("mj-style", "mj-attributes", "mj-font", "mj-title", "mj-preview"), ("mjml", "mj-head")),
    **dict.fromkeys(("mj-section", "mj-wrapper", "mj-hero"), ("mjml", "mj-body")),
    **dict.fromkeys(("mj-column", "mj-group"), ("mjml", "mj-body", "mj-section")),
}
_IN_A_COLUMN = ("mjml", "mj-body", "mj-section", "mj-column")


def alone(source: str) -> tuple[str, str]:
    """A partial as a message of its own, to be looked at: its form, html or mjml, and the source with what it needs
    around it.
    """
    first = _FIRST.search(source)
    if first is None:
        return "html", source
    around = _AROUND.get(first[1].lower(), _IN_A_COLUMN)
    return "mjml", "".join(f"<{one}>" for one in around) + source + "".join(f"</{one}>" for one in reversed(around))


def _expanded(source: str, known: Mapping[str, str], within: tuple[str, ...]) -> str:
    def put_in(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in known:
            raise PartialFault(f"no partial is called {name!r}")
        if name in within:
            raise PartialFault(f"the partial {name!r} holds itself: {' → '.join([*within, name])}")
        if len(within) >= DEEPEST:
            raise PartialFault(f"partials within partials, more than {DEEPEST} deep")
        return _scoped(found, _expanded(known[name].replace("\n", "\r"), known, (*within, name)))

    text = _RENDER.sub(put_in, source)
    if len(text) > LONGEST:
        raise PartialFault(f"with its partials it has more than {LONGEST} characters")
    return text


def _scoped(found: re.Match[str], content: str) -> str:
    """The partial's content with the names it was given."""
    given = found["args"].strip()
    name, value = found["as"] or found["name"].replace("-", "_"), found["value"]
    if found["how"] == "with":
        given = f"{name}: {value}" + (f", {given}" if given else "")
    if given:
        content = f"{{% with {given} %}}{content}{{% endwith %}}"
    return f"{{% for {name} in {value} %}}{content}{{% endfor %}}" if found["how"] == "for" else content
