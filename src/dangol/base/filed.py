"""One thing of the files that a shop keeps, and how it stands to what the shop holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dangol.base.errors import Fault

ENDINGS = {".yaml", ".yml", ".json"}
Standing = Literal["new", "same", "changed", "drift", "refused"]


@dataclass(frozen=True, slots=True)
class Filed:
    """One thing of the files: how it stands to the shop's, and what is wrong with it."""

    path: Path
    key: str
    standing: Standing
    shape: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


def paths(folder: Path) -> list[Path]:
    """The files of a folder, by name; none where there is no folder."""
    return sorted(path for path in folder.glob("*") if path.suffix in ENDINGS) if folder.is_dir() else []
