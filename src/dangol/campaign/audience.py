"""The segments and topics that campaigns stand on."""

from __future__ import annotations

from dangol.campaign import referring
from dangol.campaign.book import plan_of
from dangol.campaign.models import Campaign
from dangol.campaign.steps import keys_of
from dangol.segment.referring import What
from dangol.segment.rules import is_hidden


def standing_on(what: What, key: str) -> list[str]:
    """The campaigns under way that speak of a segment or topic, or keep a rule as a segment that nobody else knows, as
    they are called in a refusal: "campaign welcome".
    """
    rows = Campaign.objects.filter(state__in=("active", "draining", "paused")).order_by("key")
    return [f"campaign {row.key}" for row in rows if key in _named_in(row, what, hidden=is_hidden(key))]


def _named_in(row: Campaign, what: What, *, hidden: bool) -> set[str]:
    return keys_of(plan_of(row.definition).definition) if hidden else referring.named_in(row.definition, what)
