"""What people look at in sources and imports. Reads only."""

from __future__ import annotations

from dangol.collect.models import Import, Source


def sources() -> list[Source]:
    """Everything that may send facts, the oldest first."""
    return list(Source.objects.order_by("pk").prefetch_related("keys"))


def write_key() -> str:
    """The newest key of the first source that is switched on and has one; empty where there is none."""
    return next((source.write_key for source in sources() if source.enabled and source.write_key), "")


def imports(limit: int = 10) -> list[Import]:
    """The newest imports."""
    return list(Import.objects.order_by("-pk")[:limit])
