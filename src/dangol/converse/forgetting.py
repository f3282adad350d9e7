"""Forgetting a person: what staff had to do for them goes, and what was said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from dangol.converse.models import Conversation, Task, Utterance


def forget(customer_ids: Collection[int]) -> dict[str, int]:
    """Delete these customers' tasks and conversations."""
    said = Utterance.objects.filter(customer_id__in=customer_ids).delete()[0]
    Conversation.objects.filter(customer_id__in=customer_ids).delete()
    return {"tasks": Task.objects.filter(customer_id__in=customer_ids).delete()[0], "utterances": said}


def drop_done(until: datetime, most: int) -> int:
    """Delete tasks that were done before `until`, and what was said in conversations that were closed before it."""
    old = Task.objects.filter(state="done", done_at__lt=until).values_list("pk", flat=True)[:most]
    done = Task.objects.filter(pk__in=list(old)).delete()[0]
    over = Conversation.objects.filter(state="closed", closed_at__lt=until).values_list("pk", flat=True)[: most - done]
    gone = list(over)
    Conversation.objects.filter(pk__in=gone).delete()
    return done + len(gone)
