"""Forgetting a person: their runs end and stay as an arm and a time, so that harvests hold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import TextField, Value
from django.db.models.functions import Cast, Concat

from dangol.campaign import rules
from dangol.campaign.models import Campaign, Exposure, Run


def goals() -> set[str]:
    """The facts by which campaigns are measured."""
    parsed = [rules.parse(definition) for definition in Campaign.objects.values_list("definition", flat=True)]
    return {one.goal.fact for one in parsed if one.goal and one.goal.fact}


def forget(customer_ids: Collection[int], now: datetime) -> dict[str, int]:
    """End these customers' runs, and take out what started them."""
    runs = Run.every.filter(customer_id__in=customer_ids)
    runs.filter(state="active").update(state="left", ended_at=now, due_at=None)
    unnamed = Concat(Value("erased:"), Cast("id", TextField()))
    Exposure.objects.filter(customer_id__in=customer_ids).update(trigger=unnamed)
    return {"runs kept as an arm and a time": runs.update(context={}, about="", trigger=unnamed)}
