"""Kept templates as they stand, taken from one shop into an empty one: for rehearsals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dangol.campaign.templates.models import Template, TemplateVersion

NAMES = ("key", "name", "partial", "version")


def everything() -> list[dict[str, Any]]:
    """Every template with every version that there is, for a campaign may name any of them."""
    kept: dict[int, list[dict[str, Any]]] = {}
    for row in TemplateVersion.objects.order_by("template_id", "number"):
        kept.setdefault(row.template_id, []).append({"number": row.number, "shape": row.shape, "ready": row.ready})
    rows = Template.objects.order_by("key")
    return [{name: getattr(row, name) for name in NAMES} | {"versions": kept.get(row.pk, [])} for row in rows]


def bring(told: Sequence[dict[str, Any]], now: datetime) -> None:
    """Write them into a shop that has none."""
    for one in told:
        row = Template.objects.create(**{name: one[name] for name in NAMES}, created_at=now, changed_at=now)
        TemplateVersion.objects.bulk_create(
            TemplateVersion(template=row, at=now, **version) for version in one["versions"]
        )
