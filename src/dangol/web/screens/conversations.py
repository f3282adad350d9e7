"""Conversations: what customers write, in one thread for each; staff read, answer, take and close it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from dangol.base.errors import Invalid
from dangol.converse import reads, talking
from dangol.converse.models import Conversation, Utterance
from dangol.converse.reads import Said
from dangol.profile import reads as profile
from dangol.web.page import Asked, go, show

SHOWN = ("open", "mine", "closed")


@dataclass(frozen=True, slots=True)
class ConversationsPage:
    """Threads of one kind."""

    shown: str
    threads: list[Conversation]
    last: dict[int, Utterance]  # customer → what was said last
    names: dict[int, str]
    now: datetime
    kinds: tuple[str, ...] = SHOWN


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One thread."""

    thread: Conversation
    name: str
    said: list[Said]
    draft: str
    fault: str
    now: datetime
    longest: int = talking.LONGEST


def conversations(request: Asked) -> HttpResponse:
    shown = request.GET.get("shown", "open")
    shown = shown if shown in SHOWN else "open"
    who = request.user.get_username() if shown == "mine" else ""
    threads = reads.threads("closed" if shown == "closed" else "open", who)
    names = profile.names({one.customer_id for one in threads})
    page = ConversationsPage(shown, threads, reads.last_words(threads), names, request.now)
    return show(request, "conversations.html", page)


def conversation(request: Asked, pk: int) -> HttpResponse:
    return _thread(request, pk)


def _thread(request: Asked, pk: int, draft: str = "", fault: str = "") -> HttpResponse:
    thread = talking.get(pk)
    name = profile.names({thread.customer_id}).get(thread.customer_id, "")
    page = ConversationPage(thread, name, reads.said_with(thread.customer_id), draft, fault, request.now)
    return show(request, "conversation.html", page, status=422 if fault else 200)


def answer(request: Asked, pk: int) -> HttpResponse:
    text = request.POST.get("text", "")
    try:
        talking.answer(pk, text, request.user.get_username(), request.now)
    except Invalid:
        return _thread(request, pk, text, _("Write something first."))
    if request.POST.get("close"):
        talking.close(pk, request.user.get_username(), request.now)
    return go("conversation", pk)


def take(request: Asked, pk: int) -> HttpResponse:
    """Say that one looks after a conversation, or that one no longer does."""
    who = request.user.get_username()
    if request.POST.get("back"):
        talking.put_back(pk, who)
    elif (thread := talking.take(pk, who)).taken_by != who:
        messages.info(request, _("%(name)s was faster.") % {"name": thread.taken_by})
    return go("conversation", pk)


def close(request: Asked, pk: int) -> HttpResponse:
    talking.close(pk, request.user.get_username(), request.now)
    return go("conversations")
