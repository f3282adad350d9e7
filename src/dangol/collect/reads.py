"""What people look at in sources and imports. Reads only."""

from __future__ import annotations

from dangol.collect.models import Import, Source


def sources() -> list[Source]:
    """Everything that may send facts, the oldest first."""
    return list(Source.objects.order_by("pk"))


def write_key() -> str:
    """The key of the first source that is switched on; empty where there is none."""
    return Source.objects.filter(enabled=True).order_by("pk").values_list("write_key", flat=True).first() or ""


def imports(limit: int = 10) -> list[Import]:
    """The newest imports."""
    return list(Import.objects.order_by("-pk")[:limit])
