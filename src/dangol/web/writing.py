"""Rules and definitions as text: YAML out, YAML or JSON in, and the line that each fault stands on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import SafeRepresenter

from dangol.base.documents import read_text
from dangol.base.errors import Fault, Invalid

UNUSUAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")  # YAML folds some of these when they stand bare


class _Representer(SafeRepresenter):
    """Texts with unusual characters are written with escapes, so that they read back the same."""


def _text(representer: SafeRepresenter, text: str) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style='"' if UNUSUAL.search(text) else None)


_Representer.add_representer(str, _text)


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault with the line of the text that it stands on."""

    line: int | None  # from 1; empty where the text itself cannot be read
    path: str
    found: str
    allowed: str


def as_yaml(shape: Mapping[str, Any]) -> str:
    """A shape as YAML 1.2, in the order in which it was written."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    yaml.width = 100
    out = StringIO()
    yaml.dump(_plain(shape), out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def read_one(text: str) -> Any:
    """The one shape in a text. Raises Invalid."""
    shapes = read_text(text)
    if len(shapes) != 1:
        raise Invalid([Fault("", f"{len(shapes)} documents", "one")])
    return shapes[0]


def placed(text: str, faults: Sequence[Fault]) -> list[Placed]:
    """Each fault with its line, in the order of the text."""
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        return [Placed(line, fault.path, fault.found, fault.allowed) for fault in faults]
    found = [Placed(_line(tree, fault.path), fault.path, fault.found, fault.allowed) for fault in faults]
    return sorted(found, key=lambda one: one.line or 0)


def _line(tree: Any, path: str) -> int:
    """The line of the deepest part of a JSON Pointer that is there."""
    line = 0
    for step in path.split("/")[1:]:
        word: Any = step.replace("~1", "/").replace("~0", "~")
        if isinstance(tree, list) and word.isdecimal():
            word = int(word)
        try:
            place = tree.lc  # ruamel's lists and mappings remember where they stood
            line = (place.item(word) if isinstance(word, int) else place.key(word))[0]
            tree = tree[word]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line + 1


def has_comments(text: str) -> bool:
    """Whether comments stand in a YAML text that can be read: a # between what its scanner takes for something."""
    end = 0
    for token in YAML(typ="safe", pure=True).scan(text):
        if "#" in text[end : token.start_mark.index]:
            return True
        end = max(end, token.end_mark.index)
    return "#" in text[end:]
