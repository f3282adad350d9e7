"""Forgetting a person: their words go; the score stays in the average, of nobody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from dangol.survey.models import Answer


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Empty these customers' answers."""
    return {"answers kept as a score": Answer.objects.filter(customer_id__in=customer_ids).update(answer="")}


def drop_words(until: datetime, most: int) -> int:
    """Empty the words of answers from before `until`; the scores stay."""
    old = Answer.objects.filter(at__lt=until).exclude(answer="").values_list("pk", flat=True)[:most]
    return Answer.objects.filter(pk__in=list(old)).update(answer="")
