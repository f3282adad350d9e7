"""/u/TOKEN: a button for all advertising and one for the letter's topic, or one POST from a mail program (RFC 8058)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import get_language

from dangol.base.models import Shop
from dangol.deliver import preferences
from dangol.deliver import steps as deliver
from dangol.profile import topics
from dangol.profile.models import Topic
from dangol.web.letters.choosing import proof_of
from dangol.web.letters.reader import speaking_to
from dangol.web.page import Asked, show

ROUTE = "u"
ONE_CLICK = "One-Click"
TOPIC = "topic"  # what the button of who wants no more of the message's topic says


@dataclass(frozen=True, slots=True)
class UnsubscribePage:
    """The buttons, or which was pressed."""

    done: str  # all, topic, or empty
    topic: str  # what the message's topic is called; empty where it has none
    preferences: str  # token of the page where everything can be chosen


def unsubscribe(request: Asked, token: str) -> HttpResponse:
    """Looking changes nothing: mail scanners follow links. A POST unsubscribes, however often it comes.

    One click in a mail program is meant for everything on the channel, whatever topic the message is about.
    """
    delivery = preferences.delivery_of(ROUTE, token)
    topic, done = preferences.topic_of(delivery), ""
    if request.method == "POST":
        one_click = request.POST.get("List-Unsubscribe") == ONE_CLICK
        done = "topic" if topic and request.POST.get("do") == TOPIC and not one_click else "all"
        proof = proof_of(request, "one-click" if one_click else "unsubscribe")
        if done == "topic" and topic:
            topics.say(delivery.customer_id, {topic.key: False}, {**proof, "delivery": delivery.pk}, request.now)
        else:
            deliver.unsubscribe(delivery.pk, request.now, proof)
        if one_click:
            return HttpResponse(b"", content_type="text/plain")
    with speaking_to(delivery):
        page = UnsubscribePage(done, _called(topic), preferences.link(delivery.pk))
        return show(request, "letters/unsubscribe.html", page)


def _called(topic: Topic | None) -> str:
    return topics.called(topic, get_language() or "en", Shop.objects.get().locale) if topic else ""
