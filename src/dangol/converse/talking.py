"""Conversations: what customers write becomes one thread for each of them; staff read, answer and close it.

In: facts that hold a customer's words; what staff answer. Out: messages for the ledger, facts about the conversation.
Promise: what was said stands in the thread once; an answer passes the gate like any other message.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from dangol.base.errors import Fault, Invalid, NotFound
from dangol.base.parts import parts
from dangol.campaign.definition import TRANSACTIONAL
from dangol.campaign.rules import Send
from dangol.collect.facts import Fact
from dangol.collect.steps import emit
from dangol.converse.models import Conversation, Utterance
from dangol.deliver import steps as deliver
from dangol.identity.rules import Moves

OPEN, CLOSED = "open", "closed"
CUSTOMER, STAFF = "customer", "staff"
CAMPAIGN, STEP = "conversation", "answer"  # what answers are called in the ledger
RECEIVED, ANSWERED = "Message Received", "Survey Answered"  # facts that hold a customer's words, and in which property
WORDS = {RECEIVED: "text", ANSWERED: "answer"}
BY = ("email", "sms")  # channels by which staff can answer
LONGEST = 20_000
BODY = (
    "<div style=\"max-width:560px;margin:0 auto;padding:16px;font:15px/1.6 -apple-system,'Segoe UI',"
    "'Apple SD Gothic Neo','Noto Sans KR',sans-serif;color:#1d2430;word-break:keep-all\">"
    "{% for line in event.lines %}{{ line }}<br>{% endfor %}</div>"
)
FORMS: dict[str, dict[str, str]] = {
    "email": {"subject": "{{ event.subject }}", "html": BODY},
    "sms": {"text": "{{ event.text }}"},
}


def hear(facts: Sequence[Fact], customer_ids: Sequence[int], now: datetime) -> None:
    """Put what customers said into their threads. What was imported is history and opens none."""
    for fact, customer in zip(facts, customer_ids, strict=True):
        if fact.name not in WORDS or not customer or fact.imported:
            continue
        text, files = str(fact.properties.get(WORDS[fact.name]) or "").strip(), fact.properties.get("files")
        if text or files:
            _heard(customer, fact, text[:LONGEST], files if isinstance(files, list) else [], now)


def _heard(customer: int, fact: Fact, text: str, files: Sequence[Any], now: datetime) -> None:
    channel = "survey" if fact.name == ANSWERED else str(fact.properties.get("channel") or "form")[:16]
    subject = str(fact.properties.get("subject") or "")[:300]
    thread = _thread(customer, channel, now)
    said, new = Utterance.objects.get_or_create(
        key=f"{fact.source}:{fact.message_id}"[:200],
        defaults={
            "conversation": thread, "customer_id": customer, "home": customer, "by": CUSTOMER,
            "who": str(fact.properties.get("from") or "")[:254], "channel": channel,
            "subject": subject, "text": text, "files": [str(name)[:200] for name in files], "at": fact.at,
        },
    )  # fmt: skip
    if not new:
        return
    opens = thread.state == CLOSED or not thread.utterances.exclude(pk=said.pk).exists()
    if opens:
        thread.state, thread.opened_at, thread.closed_at, thread.taken_by = OPEN, now, None, ""
        emit("Conversation Opened", customer, _told(thread, channel), message_id=f"opened:{said.key}"[:200], at=now)
    thread.waiting, thread.last_at, thread.subject = True, max(thread.last_at, fact.at), subject or thread.subject
    thread.channel = channel if channel in BY else thread.channel
    thread.save()


def _thread(customer: int, channel: str, now: datetime) -> Conversation:
    """The customer's thread; of two that a merge brought together the one that was used last."""
    found = Conversation.objects.filter(customer_id=customer).order_by("-last_at", "-pk").first()
    return found or Conversation.objects.create(
        customer_id=customer, home=customer, channel=channel if channel in BY else "email", opened_at=now, last_at=now
    )


def _told(thread: Conversation, channel: str, **more: str) -> dict[str, Any]:
    return {"conversation": str(thread.pk), "channel": channel, **more}


def _locked(number: int) -> Conversation:
    found = Conversation.objects.select_for_update().filter(pk=number).first()
    if found is None:
        raise NotFound(f"there is no conversation {number}")
    return found


def answer(number: int, text: str, who: str, now: datetime) -> Utterance:
    """Say something to the customer, on the channel that they used last. The gate decides whether it leaves; what
    became of it stands in the ledger. Raises NotFound, and Invalid where nothing is said.
    """
    text = text.strip().replace("\r\n", "\n")
    if not 1 <= len(text) <= LONGEST:
        raise Invalid([Fault("/text", f"{len(text)} characters", f"1 to {LONGEST}")])
    with transaction.atomic():
        thread = _locked(number)
        customer, channel = thread.customer_id, thread.channel
        said = Utterance.objects.create(
            conversation=thread, customer_id=customer, home=customer, key=f"answer:{secrets.token_hex(12)}", by=STAFF,
            who=who, channel=channel, subject=_re(thread.subject), text=text, at=now,
        )  # fmt: skip
        deliver.plan([_send(said, channel)], now)
        if thread.state == CLOSED:
            thread.state, thread.opened_at, thread.closed_at = OPEN, now, None
            emit("Conversation Opened", customer, _told(thread, channel), message_id=f"opened:{said.key}", at=now)
        thread.waiting, thread.last_at, thread.taken_by = False, now, thread.taken_by or who
        thread.save()
        told = _told(thread, channel, by=who)
        emit("Conversation Replied", customer, told, message_id=f"replied:{said.key}", at=now)
    return said


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}".strip()[:300]


def _send(said: Utterance, channel: str) -> Send:
    told = {"text": said.text, "lines": said.text.split("\n"), "subject": said.subject}
    return Send(
        campaign=CAMPAIGN, step=STEP, customer_id=said.customer_id, trigger=said.key, channel=channel,
        message_class=TRANSACTIONAL, context={"event": {"name": "Conversation Replied", "properties": told}},
        message={"templates": dict.fromkeys(("en", "ko"), FORMS[channel]), "tracking": False},
    )  # fmt: skip


def take(number: int, who: str) -> Conversation:
    """Say that somebody looks after a conversation; whoever said so first does, until they put it back."""
    Conversation.objects.filter(pk=number, taken_by="").update(taken_by=who)
    return get(number)


def put_back(number: int, who: str) -> Conversation:
    """Leave a conversation that one took to the others. Raises NotFound."""
    Conversation.objects.filter(pk=number, taken_by=who).update(taken_by="")
    return get(number)


def close(number: int, who: str, now: datetime) -> Conversation:
    """Nothing more is to be said, until the customer writes again. Closing twice changes nothing. Raises NotFound."""
    with transaction.atomic():
        thread = _locked(number)
        if thread.state == OPEN:
            thread.state, thread.waiting, thread.closed_at = CLOSED, False, now
            thread.save()
            told = _told(thread, thread.channel, by=who)
            last = thread.utterances.order_by("pk").last()
            name = f"closed:{thread.pk}:{last.pk if last else 0}"
            emit("Conversation Closed", thread.customer_id, told, message_id=name, at=now)
    return thread


def get(number: int) -> Conversation:
    """One conversation. Raises NotFound."""
    found = Conversation.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"there is no conversation {number}")
    return found


def rehome(moves: Moves) -> None:
    """Give conversations to the customers that their homes lead to now."""
    for (before, after), (_, homes) in moves.pairs().items():
        for part in parts(homes):
            for kept in (Conversation, Utterance):
                kept.objects.filter(customer_id=before, home__in=part).update(customer_id=after)
