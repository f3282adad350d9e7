"""What a control of the form is: a key of the rule, the kind of value it takes, and where suggestions come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Words = Mapping[str, Any]  # a word of the language → what people read, translated when it is shown


@dataclass(frozen=True, slots=True)
class Control:
    """One part of a leaf. Without a key it stands for several keys: a comparison, a measure, a window."""

    key: str
    kind: str  # text, choice, choices, flag, span, number, scalar, judged, quantity, conditions, comparison, …
    label: Any = ""
    options: Words = field(default_factory=dict)  # of a choice
    source: str = ""  # of suggestions: events, traits, segments …
    words: str = ""  # of a comparison: which set of comparisons
    start: Any = None  # what stands there at first; None: the key is left out
    optional: bool = True  # may be left out
    default: Any = None  # what leaving it out means

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"key": self.key, "kind": self.kind, "label": str(self.label)}
        if self.options:
            told["options"] = said(self.options)
        for name in ("source", "words", "start", "default"):
            if getattr(self, name) not in ("", None):
                told[name] = getattr(self, name)
        told["optional"] = self.optional
        return told


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of the language as a form."""

    label: Any
    family: str  # which heading it stands under where a condition is chosen
    subject: Control
    controls: tuple[Control, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "label": str(self.label),
            "family": self.family,
            "subject": self.subject.as_json(),
            "controls": [control.as_json() for control in self.controls],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: what people read, and the kind of value that stands to its right."""

    label: Any
    operand: str
    family: str

    def as_json(self) -> dict[str, str]:
        return {"label": str(self.label), "operand": self.operand, "family": self.family}


def said(words: Words) -> dict[str, str]:
    """The words in the page's language, now."""
    return {word: str(label) for word, label in words.items()}
