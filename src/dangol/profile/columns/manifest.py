"""What the copy consists of, and whether there is anything to do for it: cheap to ask, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from django.conf import settings

from dangol.collect import steps as collect
from dangol.profile.columns import FOLDER
from dangol.profile.models import Copy, Stale

HOME = "home"
ALL = 2**62  # behind the last customer
ENOUGH = 20_000  # new facts that are worth a file …
SELDOM = timedelta(minutes=10)  # … or how old the copy may get if there is any
STALE_AT_MOST = 2_000  # customers who are read from the rows instead
SHARE = 4  # deltas hold at most the fourth part of what the bases hold
CHECK_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One file, and what is in it."""

    file: str
    low: int  # positions behind this one …
    high: int  # … up to this one
    first: int  # customers from this one …
    last: int  # … up to this one, both in
    rows: int
    bytes: int
    digest: str

    @property
    def base(self) -> bool:
        return self.low == 0

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        return self.low, self.high, self.first, self.last

    @property
    def firsts(self) -> str:
        """The file of its customers."""
        return firsts_of(self.file)


def read(text: str) -> list[Part]:
    return msgspec.json.decode(text, type=list[Part])


def written(parts: Sequence[Part]) -> str:
    return msgspec.json.encode([asdict(part) for part in parts]).decode()


def firsts_of(file: str) -> str:
    return file.replace(".parquet", ".first.parquet")


def size(folder: Path, file: str) -> int:
    """Of both files. Raises OSError where one is missing."""
    return sum((folder / one).stat().st_size for one in (file, firsts_of(file)))


def whole(folder: Path, part: Part) -> bool:
    """Whether both files are there in their length; their bytes are looked at once a day."""
    try:
        return size(folder, part.file) == part.bytes
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Due:
    """What there is to do."""

    build: bool = False
    append: bool = False
    merge: bool = False
    purge: bool = False
    check: bool = False

    def any(self) -> bool:
        return self.build or self.append or self.merge or self.purge or self.check


def folder() -> Path:
    return Path(settings.DANGOL.folder) / FOLDER


def current() -> Copy | None:
    """The copy that is valid in this folder."""
    copy = Copy.objects.first()
    return copy if copy is not None and copy.home == home() else None


def home() -> str:
    """The name of this folder's copy; empty where there never was one."""
    try:
        return (folder() / HOME).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def due(now: datetime) -> Due:
    """What there is to do now; cheap."""
    copy, position = current(), collect.position()
    if copy is None or copy.watermark > position:
        return Due(build=position > 0)
    found = read(copy.parts)
    if not all(whole(folder(), part) for part in found):
        return Due(build=True)
    behind = position - copy.watermark
    return Due(
        append=behind >= ENOUGH or (behind > 0 and now - copy.made_at >= SELDOM),
        merge=top_heavy(found) or Stale.objects.count() > STALE_AT_MOST,
        purge=Stale.objects.filter(purge=True).exists(),
        check=now - (copy.checked_at or copy.made_at) >= CHECK_EVERY,
    )


def top_heavy(found: Sequence[Part]) -> bool:
    deltas = sum(part.rows for part in found if not part.base)
    return deltas > max(sum(part.rows for part in found if part.base) // SHARE, ENOUGH)
