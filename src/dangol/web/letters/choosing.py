"""/p/TOKEN: what the customer wants to hear from the shop, on which channels and how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dangol.base.errors import Invalid
from dangol.base.models import Shop
from dangol.deliver import preferences
from dangol.deliver.preferences import Choice, Preferences
from dangol.profile import topics
from dangol.profile.models import Topic
from dangol.survey import asking
from dangol.web.client import agent_of, ip_of
from dangol.web.letters.reader import speaking_to
from dangol.web.page import Asked, show

NOTHING = "nothing"  # what the button of who wants no advertising at all says
ASKED: Mapping[str, Any] = {  # beside the box of a channel for which the shop has no wording of its own
    "email": gettext_lazy("News and offers by e-mail"),
    "sms": gettext_lazy("News and offers by text message"),
    "kakao": gettext_lazy("News and offers by KakaoTalk"),
    "webpush": gettext_lazy("News and offers as notifications of the browser"),
}


@dataclass(frozen=True, slots=True)
class Box:
    """One check box."""

    group: str  # channel, topic
    key: str
    label: str
    more: str
    on: bool


@dataclass(frozen=True, slots=True)
class PreferencesPage:
    """Everything that can be chosen, as it stands."""

    channels: list[Box]
    topics: list[Box]
    fewer: bool
    any: bool  # whether the shop may write with news at all
    saved: bool
    question: asking.Asked | None  # the one thing that would help most to know
    unclear: str  # an answer that could not be taken


def choose(request: Asked, token: str) -> HttpResponse:
    """Looking changes nothing: mail scanners follow links."""
    delivery = preferences.delivery_of(preferences.ROUTE, token)
    stands = preferences.standing(delivery, request.now)
    with speaking_to(delivery):
        if request.method == "POST":
            stands = preferences.choose(delivery, _chosen(request, stands), request.now)
        unclear = _take_answer(request, delivery.customer_id)
        asked = asking.next_question(delivery.customer_id)
        if asked and asked.trait == request.POST.get("trait") and not unclear:
            asked = None  # told just now; the loop has it in a moment
        return show(request, "letters/preferences.html", _page(request, stands, asked, unclear))


def _chosen(request: Asked, stands: Preferences) -> Choice:
    """A box that is not ticked is only a no where it was there to be ticked."""
    proof = proof_of(request, "preferences")
    if request.POST.get("do") == NOTHING:
        return preferences.nothing_more(stands, proof)
    told = {group: _ticked(request, group) for group in ("channel", "topic")}
    often = request.POST.get("often")
    wordings = {channel: _asked(channel) for channel in told["channel"]}
    return Choice(told["channel"], told["topic"], None if often is None else often == "fewer", wordings, proof)


def _ticked(request: Asked, group: str) -> dict[str, bool]:
    ticked = set(request.POST.getlist(group))
    return {key: key in ticked for key in request.POST.getlist(f"{group}.shown")}


def proof_of(request: HttpRequest, form: str) -> dict[str, str]:
    """How somebody said what they said."""
    return {"form": form, "ip": ip_of(request), "user_agent": agent_of(request)}


def _asked(channel: str) -> str:
    return preferences.wording(channel, (get_language() or "en")[:2]) or str(ASKED.get(channel, ""))


def _page(request: Asked, stands: Preferences, asked: asking.Asked | None, unclear: str) -> PreferencesPage:
    said = [_box("channel", key, (str(ASKED[key]), _more(key)), stands.channels) for key in stands.channels]
    rows = {row.key: row for row in topics.everything()}
    about = [_box("topic", key, _words(rows[key]), stands.topics) for key in stands.topics if key in rows]
    return PreferencesPage(said, about, stands.fewer, stands.any, request.method == "POST", asked, unclear)


def _more(channel: str) -> str:
    own = preferences.wording(channel, (get_language() or "en")[:2])
    return own or _("You may change this at any time.")


def _words(row: Topic) -> tuple[str, str]:
    languages = (get_language() or "en", Shop.objects.get().locale)
    return topics.called(row, *languages), topics.described(row, *languages)


def _box(group: str, key: str, words: Iterable[str], on: Mapping[str, bool]) -> Box:
    label, more = words
    return Box(group, key, label, more, on[key])


def _take_answer(request: Asked, customer_id: int) -> str:
    """Keep an answer to the question; the text that could not be taken, or nothing."""
    trait, text = request.POST.get("trait", ""), request.POST.get("told", "")
    wanted = asking.next_question(customer_id)
    if not (wanted and wanted.trait == trait):
        return ""  # only what was asked is taken
    try:
        asking.answer(customer_id, trait, text, "web", request.now)
    except Invalid:
        return text[:100]
    return ""
