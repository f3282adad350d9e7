"""The segments that campaigns stand on."""

from __future__ import annotations

from dangol.campaign import referring
from dangol.campaign.models import Campaign


def standing_on(key: str) -> list[str]:
    """The campaigns under way that speak of a segment, as they are called in a refusal: "campaign welcome"."""
    rows = Campaign.objects.filter(state__in=("active", "draining", "paused")).order_by("key")
    return [f"campaign {row.key}" for row in rows if key in referring.segments_of(row.definition)]
