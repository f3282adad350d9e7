"""Shapes in files: YAML 1.2 or JSON, one or more to a file, as they are over the API."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from dangol.base.errors import Invalid


class _PlainConstructor(SafeConstructor):
    """YAML 1.2's core schema, which knows no dates: 2026-05-01 is a text, as it is in JSON."""


_PlainConstructor.add_constructor("tag:yaml.org,2002:timestamp", _PlainConstructor.construct_yaml_str)


def read_text(text: str) -> list[Any]:
    """The shapes in a text of one or more YAML documents; JSON is YAML. Raises Invalid."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainConstructor
    try:
        return [shape for shape in yaml.load_all(StringIO(text)) if shape is not None]
    except (YAMLError, ValueError, RecursionError) as error:
        raise Invalid(f"not YAML: {' '.join(str(error).split())}") from error


def read_files(paths: list[Path]) -> Iterator[tuple[Path, Any]]:
    """Every shape in some files. Raises Invalid for a file that is no YAML."""
    for path in paths:
        for shape in read_text(path.read_text("utf-8")):
            yield path, shape
