"""What people look at in tasks and conversations. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from dangol.converse.models import Conversation, Task, Utterance
from dangol.converse.talking import CAMPAIGN
from dangol.deliver.models import Delivery

Place = tuple[datetime, int]  # time and id of the last one seen


def newest_done(limit: int = 20) -> list[Task]:
    """What was done last."""
    return list(Task.objects.filter(state="done").order_by("-done_at", "-pk")[:limit])


def open_after(place: Place | None, limit: int) -> list[Task]:
    """What is to do, the oldest first, behind a place."""
    rows = Task.objects.filter(state="open").order_by("opened_at", "pk")
    if place:
        at, pk = place
        rows = rows.filter(Q(opened_at__gt=at) | Q(opened_at=at, pk__gt=pk))
    return list(rows[:limit])


def done_before(place: Place | None, limit: int) -> list[Task]:
    """What was done, the newest first, behind a place."""
    rows = Task.objects.filter(state="done").order_by("-done_at", "-pk")
    if place:
        at, pk = place
        rows = rows.filter(Q(done_at__lt=at) | Q(done_at=at, pk__lt=pk))
    return list(rows[:limit])


# --- conversations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said, and what became of it where staff said it."""

    utterance: Utterance
    delivery: Delivery | None


def threads(state: str, who: str = "", limit: int = 100) -> list[Conversation]:
    """Conversations in a state: whoever waits for an answer first, and of those who waits longest; closed ones the
    newest first. With `who` only theirs.
    """
    rows = Conversation.objects.filter(state=state)
    rows = rows.filter(taken_by=who) if who else rows
    order = ("-waiting", "last_at", "pk") if state == "open" else ("-last_at", "-pk")
    return list(rows.order_by(*order)[:limit])


def threads_after(state: str, place: Place | None, limit: int) -> list[Conversation]:
    """Conversations in a state, behind a place: open ones by who was heard of longest ago, closed ones the newest
    first.
    """
    rows = Conversation.objects.filter(state=state)
    if state == "open":
        rows = rows.order_by("last_at", "pk")
        behind = place and (Q(last_at__gt=place[0]) | Q(last_at=place[0], pk__gt=place[1]))
    else:
        rows = rows.order_by("-last_at", "-pk")
        behind = place and (Q(last_at__lt=place[0]) | Q(last_at=place[0], pk__lt=place[1]))
    return list((rows.filter(behind) if behind else rows)[:limit])


def last_words(conversations: Collection[Conversation]) -> dict[int, Utterance]:
    """What was said last to or by each customer, by customer."""
    customers = [one.customer_id for one in conversations]
    rows = Utterance.objects.filter(customer_id__in=customers).order_by("at", "pk")
    return {one.customer_id: one for one in rows}


def count_waiting() -> int:
    """Conversations in which the customer had the last word."""
    return Conversation.objects.filter(state="open", waiting=True).count()


def thread_of(customer_id: int) -> Conversation | None:
    """The customer's conversation that was used last."""
    return Conversation.objects.filter(customer_id=customer_id).order_by("-last_at", "-pk").first()


def said_with(customer_id: int, limit: int = 500) -> list[Said]:
    """All that was said with a customer, the oldest first, up to the newest so many."""
    newest = list(Utterance.objects.filter(customer_id=customer_id).order_by("-at", "-pk")[:limit])
    keys = [one.key for one in newest if one.by == "staff"]
    sent = {one.trigger: one for one in Delivery.objects.filter(campaign=CAMPAIGN, trigger__in=keys)}
    return [Said(one, sent.get(one.key)) for one in reversed(newest)]
