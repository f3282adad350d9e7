"""Conversations over the API: what customers wrote, what staff answered, and answering from one's own help desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema
from pydantic import Field

from dangol.converse import reads, talking
from dangol.converse.models import Conversation
from dangol.converse.reads import Said
from dangol.web import guard
from dangol.web.api.lists import Page, Paging, at_number, page
from dangol.web.api.parameters import ConversationId, Text

router = Router(tags=["satisfaction"])


class Wanted(Paging):
    """Which conversations."""

    state: Literal["open", "closed"] = Field(
        "open", description="open: whoever was heard of longest ago first; closed: the newest first"
    )


class ConversationShown(Schema):
    id: str
    customer: str
    channel: str = Field(description="the one that the customer used last, on which an answer leaves")
    subject: str
    state: str = Field(description="open or closed")
    waiting: bool = Field(description="whether the customer had the last word")
    taken_by: str = Field(description="who of the staff looks after it; empty: nobody yet")
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None


class SaidShown(Schema):
    by: str = Field(description="customer or staff")
    who: str = Field(description="the address it came from, or who of the staff said it")
    channel: str
    subject: str
    text: str
    files: list[str] = Field(description="names of what was attached; the files themselves are not kept")
    at: datetime
    delivery: str | None = Field(description="of an answer: its delivery, whose state says what became of it")
    state: str | None


class ThreadShown(ConversationShown):
    said: list[SaidShown] = Field(description="the oldest first, up to the newest 500")


class Answered(Schema):
    text: Text = Field(min_length=1, max_length=talking.LONGEST)
    who: Text = Field("API", max_length=200, description="who answers, as the thread shows it")
    close: bool = Field(False, description="nothing more is to be said, until the customer writes again")


class By(Schema):
    who: Text = Field("API", max_length=200, description="who closes it")


BY_NOBODY = By(who="API")


@router.get("", response=Page[ConversationShown])
def conversations(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Conversations in a state."""
    rows = reads.threads_after(wanted.state, wanted.instant(), wanted.limit + 1)
    return page(rows, wanted, _shown, lambda row: at_number(row.last_at, row.pk))


@router.get("/{conversation_id}", response=ThreadShown)
def conversation(request: HttpRequest, conversation_id: ConversationId) -> dict[str, Any]:
    """One conversation with all that was said."""
    return _thread(talking.get(conversation_id))


@router.post("/{conversation_id}/answer", response=ThreadShown)
def answer(request: HttpRequest, conversation_id: ConversationId, told: Body[Answered]) -> dict[str, Any]:
    """Say something to the customer, on the channel they used last. The gate decides whether it leaves."""
    talking.answer(conversation_id, told.text, told.who, guard.CLOCK.now())
    if told.close:
        talking.close(conversation_id, told.who, guard.CLOCK.now())
    return _thread(talking.get(conversation_id))


@router.post("/{conversation_id}/close", response=ConversationShown)
def close(request: HttpRequest, conversation_id: ConversationId, told: Body[By] = BY_NOBODY) -> dict[str, Any]:
    """Close it, until the customer writes again."""
    return _shown(talking.close(conversation_id, told.who, guard.CLOCK.now()))


def _thread(row: Conversation) -> dict[str, Any]:
    return {**_shown(row), "said": [_said(one) for one in reads.said_with(row.customer_id)]}


def _shown(row: Conversation) -> dict[str, Any]:
    return {
        "id": str(row.pk), "customer": str(row.customer_id), "channel": row.channel, "subject": row.subject,
        "state": row.state, "waiting": row.waiting, "taken_by": row.taken_by, "opened_at": row.opened_at,
        "last_at": row.last_at, "closed_at": row.closed_at,
    }  # fmt: skip


def _said(one: Said) -> dict[str, Any]:
    said, sent = one.utterance, one.delivery
    return {
        "by": said.by, "who": said.who, "channel": said.channel, "subject": said.subject, "text": said.text,
        "files": said.files, "at": said.at, "delivery": str(sent.pk) if sent else None,
        "state": sent.state if sent else None,
    }  # fmt: skip
