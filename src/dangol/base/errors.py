"""What can go wrong, drawn as a tree.

DangolError
├── Invalid          input that breaks a rule: carries faults, each naming place, found and allowed
├── NotFound         nothing under that name
├── Conflict         the thing is not in a state that allows this
├── Unavailable      storage is full, locked or closing: try again later
└── Misconfigured    a setting is wrong; says which and how to mend it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input."""

    path: str  # JSON Pointer from the root of the input
    found: str  # what stands there
    allowed: str  # what may stand there

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.path or '/'}: found {self.found}; allowed: {self.allowed}"


class DangolError(Exception):
    """Something Dangol refuses or cannot do."""


class Invalid(DangolError):
    """The input breaks a rule."""

    def __init__(self, faults: Sequence[Fault] | str) -> None:
        self.faults = [Fault("", faults, "")] if isinstance(faults, str) else list(faults)
        super().__init__(faults if isinstance(faults, str) else "; ".join(map(str, self.faults)))


class NotFound(DangolError):
    """Nothing is stored under that name."""


class Conflict(DangolError):
    """The thing is not in a state that allows this."""


class Unavailable(DangolError):
    """The store cannot take this now; nothing was changed."""


class Misconfigured(DangolError):
    """A setting is wrong."""
